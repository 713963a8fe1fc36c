"""What one visit may hold (anaesthetic, filler, areas), and how places are split beyond that."""

from planner.engine.catalogue import Catalogue, Treatment
from planner.engine.conditions import Facts, Spot, holds
from planner.engine.rows import at_most
from planner.engine.values import Case


def lidocaine_mg(
    case: Case, catalogue: Catalogue, facts: Facts, adrenaline: bool = False
) -> float | None:
    """The most one visit may inject; None without a weight, for which there is no default.

    The smaller of weight and ideal weight counts in obesity. A row whose condition is unknown
    counts as if it held.
    """
    weight = _dosing_weight(case, catalogue)
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


def _dosing_weight(case: Case, catalogue: Catalogue) -> float | None:
    weight, height = case.patient.weight_kg, case.patient.height_cm
    obese = catalogue.constant("ideal_weight.from_bmi")
    if weight and height and weight / (height / 100) ** 2 >= obese:
        return min(weight, _ideal_weight(case.patient.sex, height, catalogue))
    return weight


def _ideal_weight(sex: str | None, height_cm: float, catalogue: Catalogue) -> float:
    """In kilograms; the smaller of both where the sex is not recorded as one of them."""
    figure = {key: catalogue.constant(f"ideal_weight.{key}") for key in ("from_cm", "per_cm")}
    bases = {one: catalogue.constant(f"ideal_weight.base.{one}") for one in "FM"}
    base = bases.get(sex, min(bases.values()))
    ideal = base + figure["per_cm"] * (height_cm - figure["from_cm"])
    return max(ideal, catalogue.constant("ideal_weight.least_kg"))


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


def areas(catalogue: Catalogue) -> int | None:
    """The most places (a region and its side) that one visit treats; None: as many as there are."""
    return at_most(catalogue.constant("visit.areas", 0)) or None


def split(desk, row: Treatment, places: list[str]) -> list[list[str]]:
    """Places in few shares, each within what a visit holds; both sides of a region together."""
    most_areas = areas(desk.catalogue)

    def fits(share) -> bool:
        most = desk.lidocaine_mg
        ml, limit = filler_ml(desk, row, share)
        if ml > limit or (most is not None and planned_mg(desk, row, share) > most):
            return False
        return most_areas is None or len(share) <= most_areas

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
