"""What a changed value may claim to rest on: no figure passes as verified that nobody verified.

A value that an editor changed was not read where the old one was. It keeps its verification only
where the editor names the source of the new value; else it stands as the clinic's own figure.
"""

from dataclasses import dataclass

from clinic.catalogue.terms import Verification

OWN = Verification.CLINIC_DEFAULT.value
CLAIMS = (Verification.V.value, Verification.P.value)
MARKS = frozenset(["gk", "conv", OWN])
"""Codes among the sources that say how a value came about and are no document."""

NAME_IT = "The value is new: say under “Read in” which source gives it, or choose “Clinic default”."
NO_DOCUMENT = "What is verified was read in a source: name that source, not only a mark."
NO_SOURCE = "Name a source; the clinic's own figure has clinic_default."
NOT_READ = "“{}” is no document among the sources. Enter its code, such as kang2009."


@dataclass(frozen=True)
class Claim:
    """The marks that stay with a value, whether they were lowered, and what is refused."""

    verification: str
    sources: list[str]
    lowered: bool = False
    errors: tuple[tuple[str, str], ...] = ()


def claim(new: dict, old: dict | None, *, same: bool, read_in: str, documents: set) -> Claim:
    """Judge the marks typed with a value; `old` is the item that was read, None for a new one.

    `same` says that the value itself was not changed, `read_in` names the source of a new value.
    """
    verification, sources = new["verification"], sorted(set(new["sources"]))
    untouched = old is not None and _marks(old) == (verification, sources)
    if read_in:
        return _named(verification, sources, read_in, documents)
    if old is not None and same:
        return Claim(verification, sources, errors=() if untouched else _sound(new, sources))
    if untouched:
        return Claim(OWN, [OWN], lowered=verification != OWN)
    fresh = set(sources) - set(old["sources"] if old else ()) - MARKS
    if verification in CLAIMS and (old is None or not fresh):
        return Claim(verification, sources, errors=(("read_in", NAME_IT),))
    return Claim(verification, sources, errors=_sound(new, sources))


def _named(verification, sources, read_in, documents) -> Claim:
    if read_in in MARKS or read_in not in documents:
        return Claim(verification, sources, errors=(("read_in", NOT_READ.format(read_in)),))
    kept = sorted({*sources, read_in} - ({OWN} if verification in CLAIMS else set()))
    return Claim(verification, kept)


def _sound(new: dict, sources: list[str]) -> tuple[tuple[str, str], ...]:
    if not sources:
        return (("sources", NO_SOURCE),)
    if new["verification"] in CLAIMS and not set(sources) - MARKS:
        return (("sources", NO_DOCUMENT),)
    return ()


def _marks(item: dict) -> tuple:
    return item["verification"], sorted(set(item["sources"]))
