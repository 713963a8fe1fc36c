"""Invented patients for the demo clinic: who they are and what is on their skin.

Nothing here is a real person. Names are trees, birds and stones; e-mail addresses end in
example.org and telephone numbers come from the range that Ofcom keeps for drama. One seed makes
the same clinic every time; only the dates move with the day on which it is made.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

SEED = 20261121

GIVEN = {
    "F": "Ada Bryony Cora Dalia Elin Fern Greta Hazel Ines Juno Kaya Linnea Mira Nadia Olive "
    "Priya Rosa Saskia Tamsin Uma Vera Willa Yara Zadie Aisha Beatriz Chiara Devika Esme Farah",
    "M": "Aldo Basil Caspar Dev Emil Finn Gideon Hugo Idris Jonas Kofi Leander Milo Nils Omar "
    "Piers Quentin Rafi Sami Tobias Umar Viktor Wren Xavier Yusuf Zeno Anselm Bruno Cyrus Dario",
}
FAMILY = [
    "Alder",
    "Ashgrove",
    "Basalt",
    "Birch",
    "Bittern",
    "Brambling",
    "Chaffinch",
    "Chalk",
    "Coral",
    "Cypress",
    "Dunlin",
    "Elder",
    "Fieldfare",
    "Flint",
    "Gannet",
    "Garnet",
    "Goldcrest",
    "Granite",
    "Hawthorn",
    "Hornbeam",
    "Jasper",
    "Juniper",
    "Kestrel",
    "Lapwing",
    "Larch",
    "Limewood",
    "Linnet",
    "Maple",
    "Marble",
    "Martin",
    "Merlin",
    "Nightjar",
    "Nuthatch",
    "Oakes",
    "Onyx",
    "Osprey",
    "Pebble",
    "Pinewood",
    "Plover",
    "Quartz",
    "Redpoll",
    "Redstart",
    "Rowan",
    "Sandstone",
    "Siskin",
    "Slate",
    "Sorrel",
    "Spruce",
    "Swift",
    "Sycamore",
    "Tamarack",
    "Teal",
    "Thorne",
    "Thrush",
    "Topaz",
    "Wagtail",
    "Walnut",
    "Waxwing",
    "Whimbrel",
    "Willow",
]

PHOTOTYPES = (1, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 5, 5, 6)


@dataclass(frozen=True)
class Person:
    record_number: str
    given_name: str
    family_name: str
    sex: str
    born: date
    fitzpatrick: int
    phone: str
    email: str
    weight_kg: int
    height_cm: int


@dataclass(frozen=True)
class Group:
    """One finding as a clinician logs it; widths in mm, area in cm2."""

    region: str
    side: str
    scar_type: str
    count: int
    width_mm: float | None = None
    severity: str = ""
    distensible: bool | None = None
    area_cm2: float | None = None
    age_months: int | None = None


@dataclass(frozen=True)
class Spots:
    """Marks of one colour in one place."""

    region: str
    side: str
    mark_type: str
    count: int


@dataclass(frozen=True)
class Face:
    story: str
    groups: tuple[Group, ...]
    spots: tuple[Spots, ...] = ()


def people(how_many: int, today: date) -> list[Person]:
    """`how_many` different invented patients, 17 to 54 years old on `today`."""
    random = Random(SEED)
    given = {sex: names.split() for sex, names in GIVEN.items()}
    chosen = [FAMILY[place % len(FAMILY)] for place in range(how_many)]
    random.shuffle(chosen)
    return [
        _person(number, family, given, random, today) for number, family in enumerate(chosen, 1)
    ]


def _person(number, family, given, random, today) -> Person:
    sex = random.choice("FFFMM")
    name = given[sex][number % len(given[sex])]
    age = 17 if number == 17 else random.choice(range(19, 55))
    return Person(
        record_number=f"D-{number:04}",
        given_name=name,
        family_name=family,
        sex=sex,
        born=today - timedelta(days=age * 365 + age // 4 + random.randrange(5, 330)),
        fitzpatrick=random.choice(PHOTOTYPES),
        phone=f"01632 960{number:03}",
        email=f"{name}.{family}{number}@example.org".lower(),
        weight_kg=random.randrange(50, 78) if sex == "F" else random.randrange(62, 96),
        height_cm=random.randrange(155, 178) if sex == "F" else random.randrange(168, 193),
    )


def face(random: Random) -> Face:
    """A believable face; mixed atrophic scarring of the cheeks is the commonest."""
    drawers = (mixed_cheeks, mixed_cheeks, mixed_cheeks, rolling, rolling, ice_pick, boxcar)
    rarer = (raised, marks_only, mild, after_chickenpox)
    return random.choice(drawers + drawers + rarer)(random)


def _both(random, region, scar_type, low, high, **fields):
    return tuple(
        Group(region, side, scar_type, random.randrange(low, high + 1), **fields) for side in "LR"
    )


def mixed_cheeks(random):
    groups = _both(
        random, "malar", "rolling", 3, 9, width_mm=5, severity="moderate", distensible=True
    )
    groups += _both(random, "lateral_cheek", "boxcar_shallow", 3, 10, width_mm=3)
    groups += _both(random, "infraorbital_medial_cheek", "ice_pick", 2, 8, width_mm=1.5)
    if random.random() < 0.5:
        groups += _both(random, "preauricular", "boxcar_deep", 1, 4, width_mm=3)
    if random.random() < 0.4:
        groups += (Group("nasal_tip", "M", "ice_pick", random.randrange(1, 5), width_mm=1),)
    return Face("mixed", groups, _some_marks(random))


def rolling(random):
    severity = random.choice(("mild", "moderate", "severe"))
    groups = _both(
        random, "lateral_cheek", "rolling", 4, 14, width_mm=6, severity=severity, distensible=True
    )
    groups += _both(random, "malar", "rolling", 2, 8, width_mm=5, severity=severity)
    if random.random() < 0.3:
        groups += _both(random, "temple", "rolling", 1, 4, width_mm=5, severity="mild")
    return Face("rolling", groups, _some_marks(random))


def ice_pick(random):
    groups = _both(random, "malar", "ice_pick", 6, 18, width_mm=1.5)
    groups += _both(random, "infraorbital_medial_cheek", "ice_pick", 2, 9, width_mm=1)
    if random.random() < 0.5:
        groups += (Group("glabella", "M", "ice_pick", random.randrange(1, 4), width_mm=1),)
    return Face("ice pick", groups)


def boxcar(random):
    groups = _both(random, "lateral_cheek", "boxcar_shallow", 5, 16, width_mm=3)
    groups += _both(random, "malar", "boxcar_deep", 2, 7, width_mm=2.5)
    groups += _both(random, "temple", "boxcar_shallow", 1, 5, width_mm=2)
    return Face("boxcar", groups, _some_marks(random))


def raised(random):
    if random.random() < 0.5:
        jaw = Group(
            "jawline_anterior", random.choice("LR"), "keloid", 1, area_cm2=2.5, age_months=30
        )
        return Face("keloid of the jaw", (jaw,))
    chin = Group("chin", "M", "hypertrophic", 2, area_cm2=1.2, age_months=10)
    papules = Group("nasal_tip", "M", "papular", random.randrange(2, 6))
    return Face("raised", (chin, papules))


def marks_only(random):
    spots = tuple(
        Spots("malar", side, random.choice(("pih", "pie")), random.randrange(5, 20))
        for side in "LR"
    )
    return Face("marks only", (), spots)


def mild(random):
    groups = _both(random, "malar", "rolling", 1, 4, width_mm=4, severity="mild", distensible=True)
    return Face("mild", groups, _some_marks(random))


def after_chickenpox(random):
    spots = (
        Group("forehead_central", "M", "boxcar_deep", random.randrange(1, 4), width_mm=3),
        Group("temple", random.choice("LR"), "boxcar_shallow", 2, width_mm=3),
    )
    return Face("after chickenpox", spots)


def _some_marks(random):
    if random.random() < 0.6:
        return ()
    kind = random.choice(("pih", "pie"))
    return tuple(Spots("lateral_cheek", side, kind, random.randrange(2, 9)) for side in "LR")
