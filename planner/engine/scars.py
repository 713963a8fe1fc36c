"""What a group of scars weighs, and which indications speak about it.

The source words of indications (`boxcar` with a depth, `atrophic_unspecified`) are matched here
with the codes that a clinician logs.
"""

from clinic.catalogue.terms import CountBand, ScarType, Severity
from planner.engine.catalogue import Catalogue, Indication, Treatment
from planner.engine.values import Group

BOXCAR = "boxcar"
ATROPHIC = (ScarType.ICE_PICK, ScarType.BOXCAR_SHALLOW, ScarType.BOXCAR_DEEP, ScarType.ROLLING)
DEEP_TYPES = (ScarType.ICE_PICK, ScarType.BOXCAR_DEEP)


def words_for(scar_type: str) -> tuple[tuple[str, str], ...]:
    """The (source word, depth) pairs that speak about a scar type, the nearest first."""
    if scar_type == ScarType.BOXCAR_SHALLOW:
        return ((BOXCAR, "shallow"), (BOXCAR, "any"))
    if scar_type in (ScarType.BOXCAR_DEEP, ScarType.BOXCAR_UNSPECIFIED):
        return ((BOXCAR, "deep"), (BOXCAR, "any"))
    if scar_type == ScarType.ICE_PICK:
        return ((scar_type, "deep"), (scar_type, "any"))
    return ((scar_type, "any"), (scar_type, "shallow"), (scar_type, "deep"))


def indication_for(treatment: Treatment, scar_type: str) -> Indication | None:
    """The row that speaks about a type; an unspecified-atrophic row only where no other does."""
    for word, depth in words_for(scar_type):
        for row in treatment.indications:
            if row.scar_type == word and row.depth == depth:
                return row
    if scar_type in ATROPHIC:
        return next(
            (r for r in treatment.indications if r.scar_type == "atrophic_unspecified"), None
        )
    return None


def is_unspecific(indication: Indication) -> bool:
    return indication.scar_type == "atrophic_unspecified"


WORTH_A_STEP = 2
"""An effectiveness under this is an adjunct's, never a reason for a step."""


def worth(treatment: Treatment, scar_type: str) -> int:
    """Its effectiveness on a scar type, 0 to 4; one less where the source did not name the type."""
    indication = indication_for(treatment, scar_type)
    if not indication:
        return 0
    return max(0, indication.effectiveness - is_unspecific(indication))


def indicated_types(treatment: Treatment, scar_types) -> frozenset:
    """Those of `scar_types` for which it does anything at all."""
    rows = {scar_type: indication_for(treatment, scar_type) for scar_type in scar_types}
    return frozenset(t for t, row in rows.items() if row and row.effectiveness > 0)


def pair_word(scar_type: str) -> str:
    """The coarser word that pairs and protocols use."""
    return BOXCAR if scar_type.startswith(BOXCAR) else scar_type


def count_of(group: Group, catalogue: Catalogue) -> tuple[float, bool]:
    """How many scars, and whether that was recorded (a band counts with its middle)."""
    if group.count is not None:
        return float(group.count), True
    band = group.count_band or ("" if _is_by_area(group) else "unknown")
    if band in [term.value for term in CountBand]:
        return catalogue.constant(f"count.{band}"), True
    return catalogue.constant("count.unknown"), False


def load_of(group: Group, catalogue: Catalogue) -> float:
    """The group's load: the planner's unit of severity, ours and without a dimension.

    Weight of type and depth times count, or times area for raised scars. Compare it within one
    face, not between patients, nor with a published grade.
    """
    weight = catalogue.constant(f"load.{_weight_code(group)}")
    if _is_by_area(group):
        area = group.area_cm2
        return weight * (catalogue.constant("area.unknown") if area is None else area)
    return weight * count_of(group, catalogue)[0]


def is_raised(scar_type: str) -> bool:
    return ScarType(scar_type).is_raised


def _is_by_area(group: Group) -> bool:
    return group.scar_type in (ScarType.HYPERTROPHIC, ScarType.KELOID)


def _weight_code(group: Group) -> str:
    if group.scar_type == ScarType.ROLLING:
        return f"rolling.{group.severity or Severity.MODERATE.value}"
    return group.scar_type
