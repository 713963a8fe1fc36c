"""What one visit may hold of local anaesthetic, and how places are split where it is too much."""

from planner.engine.catalogue import Catalogue, Treatment
from planner.engine.conditions import Facts, Spot, holds
from planner.engine.rows import at_most
from planner.engine.values import Case

BMI_OBESE = 30


def lidocaine_mg(
    case: Case, catalogue: Catalogue, facts: Facts, adrenaline: bool = False
) -> float | None:
    """The most one visit may inject; None without a weight, for which there is no default.

    The smaller of weight and ideal weight counts in obesity. A row whose condition is unknown
    counts as if it held.
    """
    weight = _dosing_weight(case)
    if weight is None:
        return None
    spot = Spot(case.on)
    rows = [limit for limit in catalogue.limits if holds(limit.when, facts, spot) is not False]
    rows = [limit for limit in rows if limit.with_adrenaline in (None, adrenaline)]
    doses = [limit.mg_per_kg * weight for limit in rows if limit.mg_per_kg]
    caps = [limit.cap_mg for limit in rows if limit.cap_mg]
    factors = [limit.factor for limit in rows if limit.factor]
    if not doses:
        return None
    most = min(doses + caps)
    return at_most(10 * most * min(factors, default=1.0)) / 10


def _dosing_weight(case: Case) -> float | None:
    weight, height = case.patient.weight_kg, case.patient.height_cm
    if weight and height and weight / (height / 100) ** 2 >= BMI_OBESE:
        base = 45.5 if case.patient.sex == "F" else 50.0
        return min(weight, max(base + 0.91 * (height - 152.4), 30.0))
    return weight


def planned_mg(desk, row: Treatment, places) -> float:
    """Planned lidocaine of one session in these places, in milligrams."""
    share = desk.catalogue.constant(f"lidocaine_share.{row.code}", 0)
    if not share:
        return 0.0
    strength = 10 * desk.catalogue.constant("lidocaine.percent")
    return sum(desk.region(place).lidocaine_ml for place in places) * share * strength


def filler_ml(desk, row: Treatment, places) -> tuple[float, float]:
    """Planned filler of one session in these places, and the most that one visit takes."""
    if row.price_unit != "syringe":
        return 0.0, 0.0
    planned = sum(desk.region(place).filler_ml for place in places)
    return round(planned, 2), desk.catalogue.constant("filler_session.ml")


def split(desk, row: Treatment, places: list[str]) -> list[list[str]]:
    """Places in few shares, each within anaesthetic and filler; both sides of a region together."""

    def fits(share) -> bool:
        most = desk.lidocaine_mg
        ml, limit = filler_ml(desk, row, share)
        return ml <= limit and (most is None or planned_mg(desk, row, share) <= most)

    if fits(places):
        return [places]
    regions: dict = {}
    for place in places:
        regions.setdefault(place.partition(".")[0], []).append(place)
    units: list[list[str]] = []
    for region in sorted(regions):
        both = regions[region]
        units += [both] if fits(both) else [[place] for place in both]
    units.sort(key=lambda unit: (-planned_mg(desk, row, unit), unit))
    shares: list[list[str]] = []
    for unit in units:
        room = next((share for share in shares if fits([*share, *unit])), None)
        if room is None:
            shares.append(list(unit))
        else:
            room.extend(unit)
    return [sorted(share) for share in shares]
