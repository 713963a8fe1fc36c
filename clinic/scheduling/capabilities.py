"""What people and devices can do, in the catalogue's words instead of its codes."""

from clinic.catalogue.kinds import RequirementKind
from clinic.catalogue.models import Family, Requirement
from clinic.catalogue.terms import Performer
from clinic.scheduling.models import ResourceKind


def capability_names(kind: str) -> dict[str, str]:
    """The name of each capability that a resource of this kind may have, in the order to list."""
    if kind == ResourceKind.PERSON:
        words = {each.value: each.label for each in Performer if each != Performer.PATIENT}
        return words | dict(Family.objects.order_by("name").values_list("code", "name"))
    if kind == ResourceKind.DEVICE:
        devices = Requirement.objects.filter(kind=RequirementKind.DEVICE)
        return dict(devices.order_by("name").values_list("code", "name"))
    return {}


def told(rows) -> None:
    """Give each row its capabilities in words: `performs` (a profession) and `skills`."""
    names = {kind: capability_names(kind) for kind in (ResourceKind.PERSON, ResourceKind.DEVICE)}
    professions = set(Performer)
    for row in rows:
        known = names.get(row.kind, {})
        row.performs = [
            known[code] for code in row.capabilities if code in professions & set(known)
        ]
        others = [code for code in row.capabilities if code not in professions]
        row.skills = sorted(known.get(code, code) for code in others)
