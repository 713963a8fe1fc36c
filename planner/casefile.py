"""A case file as the engine's values: one patient's facts in YAML (docs/cases.md).

    document = load(text)                       # CaseError if it is no case file at all
    reader = CaseReader(document, catalogue)
    case, plan = reader.case(today), reader.plan()
    reader.problems                             # use the values only when it is empty

Nothing is ignored: an unknown key, code or place and a value of the wrong shape are problems, each
with its place in the file and what would be accepted.
"""

from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal

from clinic.catalogue.terms import Phototype, Sex
from patients.casefile import KEYS, CaseError, Reader, load, shown
from planner.engine.catalogue import Catalogue, Question
from planner.engine.conditions import last_day_of_month
from planner.engine.values import (
    UNKNOWN,
    Case,
    ClinicFacts,
    GivenPlan,
    GivenSession,
    GivenStep,
    Group,
    MarkGroup,
    PastTreatment,
    PatientFacts,
    Wishes,
)

OURS = frozenset(
    {"id", "on", "patient", "answers", "unanswered", "wishes", "clinic", "plan", "previous"}
)
COMMENTS = frozenset({"assumed", "about", "expect"})
PATIENT = ("age", "born", "sex", "fitzpatrick", "weight_kg", "height_cm")
WISHES = (
    *("max_downtime_days", "budget", "max_visits"),
    *("finish_within_weeks", "finish_by", "no_needles"),
)
VISITS = ("procedure", "review", "test_spot", "test_reading", "suture_removal")
SURVEY = 'a date such as 2026-08-01, or a month such as "2026-08" (its last day counts)'

__all__ = ["CaseError", "CaseReader", "load"]


class CaseReader(Reader):
    def __init__(self, document: dict, catalogue: Catalogue, *, sides: dict, rows=frozenset()):
        super().__init__(document, regions=sides, rows=rows)
        self.catalogue = catalogue
        self.places = {f"{code}.{side}" for code, known in sides.items() for side in known}

    def case(self, today: date) -> Case:
        """The facts; `today` counts where the file names no day."""
        document = self.document
        self.only(document, OURS | KEYS | COMMENTS, "")
        self._required()
        seen = self.seen = self.facts()
        on = self.day(document, "on", "") or today
        return Case(
            id=str(document.get("id")),
            on=on,
            patient=self._patient(on),
            answers=self._answers(),
            absent=self._unanswered(),
            findings=tuple(_group(scar) for scar in seen.findings),
            marks=tuple(MarkGroup(m.place, m.type, m.count, m.band) for m in seen.marks),
            wishes=self._wishes(on),
            clinic=self._clinic(),
            previous=tuple(self._previous(on)),
        )

    def _required(self) -> None:
        name = self.document.get("id")
        if name is None:
            self.problem("id", "missing; every case has one, such as example-1")
        elif not isinstance(name, (str, int)) or isinstance(name, bool) or name == "":
            self.problem("id", f"{shown(name)} is not accepted; one word such as example-1 is")
        if self.document.get("patient") is None:
            self.problem("patient", "missing; every case has one, such as {age: 27, sex: F}")
        if self.document.get("findings") is None:
            self.problem("findings", "missing; a list is expected, [] where nothing was found")

    def plan(self) -> GivenPlan | None:
        """The plan to be checked; None where the file holds none."""
        given = self.mapping(self.document, "plan")
        if not given:
            return None
        self.only(given, ("sessions", "first_session_on", "published"), "plan")
        sessions = given.get("sessions")
        if not isinstance(sessions, list) or not sessions:
            self.problem("plan.sessions", "a list of at least one session is expected")
            return None
        read = [self._session(f"plan.sessions[{i}]", item) for i, item in enumerate(sessions)]
        return GivenPlan(
            tuple(session for session in read if session),
            self.day(given, "first_session_on", "plan"),
            bool(self.yes_no(given, "published", "plan")),
        )

    # --- shapes ---

    def day(self, holder: dict, key: str, place: str) -> date | None:
        value = holder.get(key)
        if value is None:
            return None
        found = _as_date(value)
        if found is None:
            words = f"{shown(value)} is not accepted; {SURVEY} is"
            self.problem(f"{place}.{key}" if place else key, words)
        return found

    def past(self, holder: dict, key: str, place: str, on: date) -> date | None:
        """A date that lies before the case's day."""
        found = self.day(holder, key, place)
        if found is not None and found > on:
            words = f"{found} lies after the case's day, {on}; a day before it is accepted"
            self.problem(f"{place}.{key}", words)
        return found

    def _patient(self, on: date) -> PatientFacts:
        given = self.mapping(self.document, "patient")
        self.only(given, PATIENT, "patient")
        if given.get("age") is not None and given.get("born") is not None:
            self.problem("patient.age", "give the age or the birth date, not both")
        skin = given.get("fitzpatrick")
        if isinstance(skin, int) and not isinstance(skin, bool) and 1 <= skin <= 6:
            skin = Phototype(skin).name
        names = [label for _, label in Phototype.choices()]
        chosen = self.choice({"fitzpatrick": skin}, "fitzpatrick", names, "patient")
        return PatientFacts(
            age=self.whole(given, "age", "patient", low=0, high=120, unit="years"),
            born=self.past(given, "born", "patient", on),
            sex=self.choice(given, "sex", [term.value for term in Sex], "patient") or None,
            fitzpatrick=Phototype[chosen].value if chosen else None,
            weight_kg=_float(
                self.number(given, "weight_kg", "patient", low=2, high=400, unit="kg")
            ),
            height_cm=_float(
                self.number(given, "height_cm", "patient", low=40, high=250, unit="cm")
            ),
        )

    def _unanswered(self) -> str:
        value = self.document.get("unanswered", "unknown")
        if value is False or value == "no":
            return "no"
        if value != "unknown":
            self.problem("unanswered", f"{shown(value)} is not accepted; no or unknown is")
        return "unknown"

    def _wishes(self, on: date) -> Wishes:
        given, place = self.mapping(self.document, "wishes"), "wishes"
        self.only(given, WISHES, place)
        weeks = self.whole(given, "finish_within_weeks", place, low=1, high=520, unit="weeks")
        finish = self.day(given, "finish_by", place)
        if weeks is not None and finish is not None:
            self.problem("wishes.finish_by", "give finish_by or finish_within_weeks, not both")
        budget = self.number(given, "budget", place, low=0, high=10_000_000)
        return Wishes(
            max_downtime_days=self.whole(
                given, "max_downtime_days", place, low=0, high=365, unit="days"
            ),
            budget=None if budget is None else Decimal(budget),
            max_visits=self.whole(given, "max_visits", place, low=0, high=200, unit="visits"),
            finish_by=on + timedelta(weeks=weeks) if weeks is not None else finish,
            no_needles=bool(self.yes_no(given, "no_needles", place)),
        )

    def _clinic(self) -> ClinicFacts:
        given = self.mapping(self.document, "clinic")
        self.only(given, ("lacks", "country"), "clinic")
        lacks = given.get("lacks") or []
        if not isinstance(lacks, list):
            self.problem("clinic.lacks", "a list of treatments, devices or families is expected")
            lacks = []
        known = {
            *self.catalogue.treatments,
            *self.catalogue.requirements,
            *self.catalogue.families,
        }
        for index, code in enumerate(lacks):
            if not isinstance(code, str) or code not in known:
                accepted = ", ".join(sorted(known))
                words = f"{shown(code)} is not in the catalogue; accepted: {accepted}"
                self.problem(f"clinic.lacks[{index}]", words)
        country = given.get("country")
        if country is not None and not isinstance(country, str):
            words = f"{shown(country)} is not accepted; an ISO code is, as US"
            self.problem("clinic.country", words)
            country = None
        had = tuple(code for code in lacks if isinstance(code, str) and code in known)
        return ClinicFacts(had, country or "")

    def _previous(self, on: date):
        for place, item in self.items("previous"):
            self.only(item, ("treatment", "on", "regions", "result"), place)
            code = self.choice(
                item, "treatment", sorted(self.catalogue.treatments), place, required=True
            )
            result = item.get("result")
            yield PastTreatment(
                code,
                self.past(item, "on", place, on),
                tuple(self._regions(item, "regions", place)),
                "" if result is None else str(result),
            )

    # --- answers ---

    def _answers(self) -> tuple:
        given = self.mapping(self.document, "answers")
        read = []
        for code, value in given.items():
            question = self.catalogue.questions.get(code)
            if question is None:
                known = ", ".join(sorted(self.catalogue.questions))
                self.problem(f"answers.{code}", f"not a known question; accepted: {known}")
                continue
            read.append((code, self._answer(question, value, f"answers.{code}")))
        return tuple(sorted(read, key=lambda row: row[0]))

    def _answer(self, question: Question, value, place: str):
        """A bare value for a question of one part, a mapping for several; `no` for all of it."""
        if value == "unknown":
            return UNKNOWN
        first = question.parts[0]
        if isinstance(value, dict):
            return self._parts(question, value, place)
        if value is False:
            return False
        if len(question.parts) == 1 and first.code == "":
            return self._value(first, value, place)
        if value is True and first.kind == "yes_no":
            return ((first.code, True),)
        self.problem(place, f"{shown(value)} is not accepted; {shape_of(question)} is")
        return UNKNOWN

    def _parts(self, question: Question, value: dict, place: str) -> tuple:
        known = [part.code for part in question.parts if part.code]
        if question.regional and "regions" not in known:
            known.append("regions")
        read = []
        for code, inner in value.items():
            if code not in known:
                accepted = ", ".join(known) if known else shape_of(question)
                self.problem(f"{place}.{code}", f"not a known part; accepted: {accepted}")
            elif code == "regions":
                read.append(("regions", tuple(self._regions(value, "regions", place))))
            else:
                read.append((code, self._value(question.part(code), inner, f"{place}.{code}")))
        return tuple(sorted(read, key=lambda row: row[0]))

    def _value(self, part, value, place: str):
        if value == "unknown":
            return UNKNOWN
        read = {"yes_no": _as_bool, "date": _as_date, "text": _as_text}.get(part.kind)
        if part.kind == "number":
            holder, (head, _, key) = {"": value}, place.rpartition(".")
            low = part.min if part.min is not None else 0
            high = part.max if part.max is not None else 1_000_000
            number = self.number({key: holder[""]}, key, head, low=low, high=high, unit=part.unit)
            return UNKNOWN if number is None else float(number)
        if part.kind == "choice":
            found = value if value in part.choices else None
        else:
            found = read(value) if read else None
        if found is None:
            self.problem(place, f"{shown(value)} is not accepted; {shape_of_part(part)} is")
            return UNKNOWN
        return found

    def _regions(self, holder: dict, key: str, place: str) -> list[str]:
        """Places (malar.L) or whole regions (malar), which stand for all their sides."""
        given = holder.get(key) or []
        if not isinstance(given, list):
            self.problem(f"{place}.{key}", "a list of places such as malar.L is expected")
            return []
        found = []
        for index, name in enumerate(given):
            if not isinstance(name, str):
                self.problem(f"{place}.{key}[{index}]", f"{shown(name)} is not a place")
            elif name in self.places:
                found.append(name)
            elif name in self.regions:
                found += [f"{name}.{side}" for side in self.regions[name]]
            else:
                words = f"{shown(name)} is not a place; accepted: {', '.join(sorted(self.places))}"
                self.problem(f"{place}.{key}[{index}]", words)
        twice = [name for name, times in Counter(found).items() if times > 1]
        if twice:
            self.problem(f"{place}.{key}", f"{', '.join(twice)} is given twice")
        return found

    # --- a plan ---

    def _session(self, place: str, item) -> GivenSession | None:
        if not isinstance(item, dict):
            self.problem(place, "a mapping such as {week: 0, steps: [...]} is expected")
            return None
        self.only(item, ("week", "day", "kind", "steps"), place)
        if ("week" in item) == ("day" in item):
            self.problem(place, "give the week or the day, counted from the first procedure")
        day = self.whole(item, "day", place, low=-400, high=4000, unit="days")
        week = self.number(item, "week", place, low=-52, high=520, unit="weeks")
        steps = item.get("steps") or []
        if not isinstance(steps, list):
            self.problem(f"{place}.steps", "a list of steps is expected")
            steps = []
        read = [self._step(f"{place}.steps[{i}]", step) for i, step in enumerate(steps)]
        kind = self.choice(item, "kind", VISITS, place) or "procedure"
        if kind == "procedure" and not steps:
            self.problem(f"{place}.steps", "missing; a procedure has at least one step")
        if day is None:
            day = 0 if week is None else round(7 * float(week))
        return GivenSession(day, tuple(step for step in read if step), kind)

    def _step(self, place: str, item) -> GivenStep | None:
        if not isinstance(item, dict):
            self.problem(place, "a mapping such as {treatment: subcision, regions: [malar.L]}")
            return None
        self.only(item, ("treatment", "regions", "reason"), place)
        code = self.choice(
            item, "treatment", sorted(self.catalogue.treatments), place, required=True
        )
        regions = self._regions(item, "regions", place)
        if not item.get("regions"):
            self.problem(f"{place}.regions", "missing; at least one place such as malar.L")
        reason = item.get("reason")
        return GivenStep(code, tuple(sorted(regions)), reason=str(reason or "")) if code else None


def shape_of(question: Question) -> str:
    """What an answer to a question looks like."""
    if len(question.parts) == 1 and question.parts[0].code == "":
        return shape_of_part(question.parts[0])
    parts = ", ".join(f"{part.code}: {shape_of_part(part)}" for part in question.parts)
    if question.regional and "regions" not in {part.code for part in question.parts}:
        parts += ", regions: a list of places"
    return f"no, unknown or {{{parts}}}"


def shape_of_part(part) -> str:
    if part.kind == "yes_no":
        return "yes, no or unknown"
    if part.kind == "date":
        return "a date (2026-08-01 or 2026-08) or unknown"
    if part.kind == "number":
        span = f"{_bound(part.min, 0)} to {_bound(part.max, 'any')}"
        return f"a number, {span} {part.unit}".rstrip()
    if part.kind == "choice":
        return f"one of {' / '.join(part.choices)}, or unknown"
    return "a list of places" if part.kind == "regions" else "words"


def _bound(value, other):
    return other if value is None else f"{value:g}"


def _group(scar) -> Group:
    return Group(
        place=scar.place,
        scar_type=scar.type,
        count=scar.count,
        count_band=scar.band,
        width_mm=_float(scar.width_mm),
        depth_mm=_float(scar.depth_mm),
        severity=scar.severity,
        distensible=scar.distensible,
        area_cm2=_float(scar.area_cm2),
        age_months=scar.age_months,
        secondary_type=scar.secondary_type,
    )


def _float(value) -> float | None:
    return None if value is None else float(value)


def _as_bool(value) -> bool | None:
    return value if isinstance(value, bool) else None


def _as_text(value) -> str | None:
    return value if isinstance(value, str) else None


def _as_date(value) -> date | None:
    """A date without a time of day; of a month only, its last day."""
    if isinstance(value, date):
        return None if isinstance(value, datetime) else value
    if not isinstance(value, str):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return last_day_of_month(value)
