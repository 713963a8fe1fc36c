"""The catalogue's statements as a patient reads them: whole sentences, without codes.

Nothing is said that the catalogue does not say: codes of sources are left out, codes of
treatments become names, a reference to other treatments becomes what is said of those, and advice
for other skin types than the patient's is left away. Medical words stay and are explained.
"""

import re

from clinic.catalogue.reading import Book
from clinic.catalogue.terms import Phototype, Verification

REFERENCE = re.compile(r"^as (\w+)(?: and (\w+))?$")
SKIN = re.compile(r"\btypes? (I{1,3}|IV|VI?)(?:-(I{1,3}|IV|VI?))?\b")

GLOSSARY = {
    "ecchymosis": "a bruise",
    "erythema": "redness",
    "oedema": "swelling",
    "haematoma": "blood that gathers under the skin",
    "hyperpigmentation": "darker marks",
    "hypopigmentation": "lighter patches",
    "hypertrophic": "raised",
    "infiltration": "numbing fluid injected into the skin",
    "keloid": "a scar that grows beyond its first outline",
    "milia": "tiny white bumps",
    "necrosis": "loss of a patch of skin",
    "nodules": "small lumps",
    "Nokor": "a needle with a cutting tip",
    "occlusion": "blocking of a blood vessel",
    "petrolatum": "plain petroleum jelly",
    "PIH": "brown marks that stay after the skin has healed",
    "PRP": "platelet-rich plasma, made of your own blood",
    "re-tethering": "the scar sticking down again",
    "SPF": "sun protection factor",
    "subcutaneous": "under the skin",
    "TCA": "trichloroacetic acid",
    "telangiectasia": "fine red veins",
    "topical": "put on the skin",
    "tumescent": "with much dilute numbing fluid",
}
"""Medical words that stand in the catalogue's statements, in a patient's words."""


def statements(row: dict, kind: str, book: Book | None = None, skin: int | None = None) -> list:
    """What the catalogue says of one kind, each with whether anybody checked it.

    With the `book` of the version codes become words; with the patient's `skin` type, what is for
    other types is left away.
    """
    found = []
    for one in row.get("statements", ()):
        if one["kind"] != kind:
            continue
        others = _meant(one["text"], book)
        if others:
            found += [s for other in others for s in statements(other, kind, book, skin)]
        elif skin is None or _is_for(one["text"], skin):
            text = _without_codes(one["text"], book) if book else one["text"]
            found.append({"text": _sentence(text), "unverified": is_unverified(one)})
    return [one for number, one in enumerate(found) if one not in found[:number]]


def glossary_of(texts) -> list[tuple[str, str]]:
    """Those words of the glossary that stand in these texts."""
    said = " ".join(texts)
    return [
        (word, meaning)
        for word, meaning in GLOSSARY.items()
        if re.search(rf"\b{re.escape(word)}\b", said, re.IGNORECASE)
    ]


def is_unverified(row: dict) -> bool:
    return row["verification"] not in (Verification.V.value, Verification.P.value)


def listed(words) -> str:
    """Words in a sentence: the last one after an and."""
    words = list(words)
    return " and ".join([*([", ".join(words[:-1])] if words[1:] else []), *words[-1:]])


def _meant(text: str, book: Book | None) -> list[dict]:
    """The treatments that "as one_code and other_code" speaks of; none if it says more."""
    match = REFERENCE.match(text.strip().rstrip("."))
    if not match or book is None:
        return []
    rows = [book.row("treatments", code) for code in match.groups() if code]
    return rows if all(rows) else []


def _is_for(text: str, skin: int) -> bool:
    """Whether advice for some skin types is for this one; what names none is for all."""
    spans = [(Phototype[low], Phototype[high or low]) for low, high in SKIN.findall(text)]
    return not spans or any(low <= skin <= high for low, high in spans)


def _without_codes(text: str, book: Book) -> str:
    for code in re.findall(r"\b[a-z][a-z0-9_]*\b", text):
        treatment = book.row("treatments", code)
        if treatment and "_" in code:
            text = text.replace(code, treatment["name"])
        elif book.row("sources", code):
            text = text.replace(f"({code}: ", "(").replace(f" ({code})", "")
            text = text.replace(f": {code})", ")")
    return text


def _sentence(text: str) -> str:
    text = text.strip().rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."
