"""Words of messages: placeholders filled and checked, and the words that a clinic starts with."""

import string
from dataclasses import dataclass

from clinic.catalogue.models import Version
from clinic.catalogue.terms import ScarType
from clinic.letters.kinds import TELLING, Channel, Kind
from clinic.letters.models import Wording

EVERYWHERE = {
    "given_name": "the patient's given name",
    "clinic": "the clinic's name",
    "clinic_phone": "the clinic's phone number",
    "clinic_address": "the clinic's address, in one line",
}
OF_VISITS = {"visits": "days and times of the visits, with what has changed"}
OF_ONE_VISIT = {"date": "the day of the visit", "time": "the time of the visit"}
OF_CARE = {"care": "what to do, as far as the clinic writes it; else where it stands"}
OF_A_DAY = {"day": "the day on which preparation begins"}

PLACEHOLDERS = {
    **dict.fromkeys(TELLING, EVERYWHERE | OF_VISITS),
    Kind.REMINDER: EVERYWHERE | OF_ONE_VISIT,
    Kind.PRE_CARE: EVERYWHERE | OF_ONE_VISIT | OF_A_DAY | OF_CARE,
    Kind.AFTER_CARE: EVERYWHERE | OF_ONE_VISIT | OF_CARE,
}
MUST_HAVE = {**dict.fromkeys(TELLING, ("visits",)), Kind.REMINDER: ("date", "time")}

SAMPLE = {
    "given_name": "Robin",
    "visits": "Tue 12-Jan-2027 09:00–10:30\nTue 09-Feb-2027 09:00–10:30",
    "date": "Tue 12-Jan-2027",
    "time": "09:00",
    "day": "Tue 29-Dec-2026",
    "care": "Please do as the sheet says that we gave you.",
}
"""An invented patient, for the preview."""

TELLING_WORDS = ("acne", "scar", "keloid")
SEGMENTS = {"plain": (160, 153), "any": (70, 67)}  # letters in one SMS, and in each of several
PLAIN_SMS = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The letters of GSM 03.38; one other letter makes the whole SMS take more room."""


def placeholders_in(text: str) -> list[str]:
    """The names between braces; ValueError where a brace stands alone or holds more than a name."""
    found = []
    for _, name, form, conversion in string.Formatter().parse(text):
        if name is None:
            continue
        if form or conversion or not name.isidentifier():
            raise ValueError(name)
        found.append(name)
    return found


def problem_with(text: str, kind: str) -> str:
    """What is wrong with the text, in words; empty if nothing is."""
    allowed = PLACEHOLDERS[kind]
    try:
        used = placeholders_in(text)
    except ValueError:
        return "A brace stands alone. A placeholder is a name between braces, such as {clinic}."
    if unknown := [name for name in used if name not in allowed]:
        known = ", ".join(f"{{{name}}}" for name in allowed)
        return f"There is no {{{unknown[0]}}} in a message of this kind. Possible: {known}."
    if named := told_by(text):
        return (
            f"“{named}” tells what the patient is treated for, to everybody who sees the "
            "screen. Say “your appointment”."
        )
    return ""


def missing_from(text: str, kind: str) -> list[str]:
    return [name for name in MUST_HAVE.get(kind, ()) if name not in placeholders_in(text)]


def told_by(text: str) -> str:
    """The first word in the text that names a treatment or a diagnosis of the catalogue."""
    lowered = text.casefold()
    return next((word for word in _telling_words() if word.casefold() in lowered), "")


def _telling_words():
    yield from TELLING_WORDS
    yield from (kind.label for kind in ScarType)
    version = Version.objects.in_force()
    yield from (row["name"] for row in (version.document if version else {}).get("treatments", ()))


def fill(text: str, values: dict[str, str]) -> str:
    """The text with its placeholders filled; a line left empty by that is left out."""
    lines = []
    for line in text.splitlines():
        filled = line.format_map(values)
        if filled.strip() or not line.strip():
            lines.append(filled.rstrip())
    return "\n".join(lines).strip()


def of_the_clinic(clinic) -> dict[str, str]:
    return {
        "clinic": clinic.name,
        "clinic_phone": clinic.phone,
        "clinic_address": ", ".join(clinic.address.split("\n")),
    }


@dataclass(frozen=True)
class Length:
    letters: int
    parts: int


def sms_length(text: str) -> Length:
    """How many SMS a text takes."""
    one, each = SEGMENTS["plain" if set(text) <= PLAIN_SMS else "any"]
    parts = 1 if len(text) <= one else -(-len(text) // each)
    return Length(len(text), parts)


# --- the words that a clinic starts with ---------------------------------------------------------

_END = (
    "\n\nIf this does not suit you or you have a question, call us: {clinic_phone}"
    "\n\n{clinic}\n{clinic_address}"
)

START_WITH = (
    (
        Kind.CONFIRMATION,
        Channel.EMAIL,
        None,
        "Your appointments at {clinic}",
        "Dear {given_name}\n\nThank you for booking. We expect you on:\n\n{visits}\n\nThe files "
        "with this message put it into your calendar." + _END,
    ),
    (
        Kind.CONFIRMATION,
        Channel.SMS,
        None,
        "",
        "{clinic}: we expect you on\n{visits}\nQuestions: {clinic_phone}",
    ),
    (
        Kind.CHANGE,
        Channel.EMAIL,
        None,
        "Changed: your appointments at {clinic}",
        "Dear {given_name}\n\nYour appointments have changed:\n\n{visits}\n\nThe files with this "
        "message change it in your calendar." + _END,
    ),
    (
        Kind.CHANGE,
        Channel.SMS,
        None,
        "",
        "{clinic}: your appointments have changed\n{visits}\nQuestions: {clinic_phone}",
    ),
    (
        Kind.CANCELLATION,
        Channel.EMAIL,
        None,
        "Cancelled: your appointment at {clinic}",
        "Dear {given_name}\n\nThis is cancelled:\n\n{visits}\n\nThe file with this message takes "
        "it out of your calendar." + _END,
    ),
    (
        Kind.CANCELLATION,
        Channel.SMS,
        None,
        "",
        "{clinic}: cancelled\n{visits}\nQuestions: {clinic_phone}",
    ),
    (
        Kind.REMINDER,
        Channel.EMAIL,
        7 * 24,
        "Your appointment on {date}",
        "Dear {given_name}\n\nWe look forward to seeing you on {date} at {time}." + _END,
    ),
    (
        Kind.REMINDER,
        Channel.SMS,
        24,
        "",
        "{clinic}: we expect you on {date} at {time}. If you cannot come, call {clinic_phone}",
    ),
    (
        Kind.PRE_CARE,
        Channel.EMAIL,
        0,
        "Before your appointment on {date}",
        "Dear {given_name}\n\nYour appointment is on {date} at {time}. Your preparation begins on "
        "{day}.\n\n{care}" + _END,
    ),
    (
        Kind.PRE_CARE,
        Channel.SMS,
        0,
        "",
        "{clinic}: your preparation for {date} begins on {day}. {care} Questions: {clinic_phone}",
    ),
    (
        Kind.AFTER_CARE,
        Channel.EMAIL,
        2,
        "After your appointment on {date}",
        "Dear {given_name}\n\nThank you for coming.\n\n{care}\n\nIf anything worries you, call us "
        "at once: {clinic_phone}\n\n{clinic}\n{clinic_address}",
    ),
)


def settle() -> None:
    """Give a clinic that has no words yet those above."""
    if not Wording.objects.exists():
        Wording.objects.bulk_create(
            [
                Wording(kind=kind, channel=channel, hours=hours, subject=subject, text=text)
                for kind, channel, hours, subject, text in START_WITH
            ],
            ignore_conflicts=True,
        )
