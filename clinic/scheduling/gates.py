"""What must be in order before a visit starts: what is missing, and who can mend it.

A gate is either read from the record (agreement, safety rules, photos) or noted on the visit by a
person (a GateCheck). Nothing here can be moved out of the way by booking or dragging.
"""

from dataclasses import dataclass, field

from django.urls import reverse
from django.utils import timezone

from clinic.catalogue.models import Version
from clinic.catalogue.terms import Effect
from clinic.scheduling import adverse, errors, house_checks
from clinic.scheduling.models import (
    TREATING,
    Answer,
    Appointment,
    DayCheck,
    GateCheck,
    State,
    VisitKind,
)
from clinic.scheduling.writing import in_clinic_time
from planner import bridge as planner_bridge
from planner.agreement import agreement_status
from planner.engine.check import check

CLINICIAN, ANYBODY = "A clinician", "Whoever receives the patient"

GATED = TREATING

HOLDS_UP = (Effect.BLOCK, Effect.DELAY, Effect.OVERRIDE)
"""What a safety rule can say on the day; preparations and test areas have gates of their own."""


@dataclass(frozen=True)
class Gate:
    """`words` say what is missing, or what was found; `where` is the page that mends it."""

    code: str
    label: str
    met: bool
    words: str = ""
    who: str = ""
    where: str = ""
    answers: tuple[str, ...] = ()  # what may be noted on the visit; empty: read from the record
    check: GateCheck | DayCheck | None = None

    @property
    def asks(self) -> list[tuple[str, str]]:
        return [(code, Answer(code).label) for code in self.answers]


def gates_of(appointment: Appointment, *, now=None) -> list[Gate]:
    """Every gate of a visit with its state, in the order in which a clinic goes through them."""
    if appointment.session_id is None or appointment.is_off:
        return []
    if appointment.kind == VisitKind.TEST_READING:
        return [_reading(appointment)]
    if appointment.kind not in GATED:
        return []
    visit = _Visit(appointment, now)
    return [
        *visit.adverse(),
        *visit.agreement(),
        visit.history(),
        *visit.safety(),
        visit.noted(
            "safety_asked",
            "Safety questions asked again",
            "Ask again on the day: pregnancy, medicines, cold sores, skin at the site.",
            on_the_day=True,
        ),
        visit.noted(
            "reconfirmed",
            "Consent reconfirmed",
            "The patient confirms the consent once more on the day.",
            on_the_day=True,
        ),
        *visit.preparations(),
        *visit.test_spots(),
        visit.photos(),
        *visit.house(),
    ]


def missing(appointment: Appointment, *, now=None) -> list[Gate]:
    """The gates that still keep a visit from starting."""
    return [gate for gate in gates_of(appointment, now=now) if not gate.met]


def enforce(appointment: Appointment, to: State, *, now=None) -> None:
    """Raise GatesOpen when the visit may not take this step yet."""
    gated = appointment.kind in GATED and to == State.IN_ROOM
    read = appointment.kind == VisitKind.TEST_READING and to == State.COMPLETED
    if (gated or read) and (still := missing(appointment, now=now)):
        raise errors.GatesOpen(appointment, still)


@in_clinic_time
def note(*, appointment: Appointment, gate: str, answer: str, by, words: str = "", now=None):
    """Write down what was found about one gate of a visit; the latest note counts."""
    now = now or timezone.now()
    known = {each.code: each for each in gates_of(appointment, now=now)}
    asked = known.get(gate)
    if asked is None or answer not in (*asked.answers, Answer.TAKEN_BACK):
        raise errors.CannotChange("This is not asked of this visit. Look at it as it is now.")
    if answer == Answer.WAIVED and not by.has_perm("scheduling.override_window"):
        raise errors.NotAllowed("Only a clinician may decide that this is not needed.")
    if answer == Answer.WAIVED and not words.strip():
        raise errors.CannotChange("Say why it is not needed.")
    if appointment.state in (State.COMPLETED, State.IN_ROOM) and gate != "reading":
        raise errors.CannotChange("The visit has started: what was noted before it stays.")
    return GateCheck.objects.create(
        appointment=appointment, gate=gate, answer=answer, note=words.strip(), by=by, at=now
    )


def latest_checks(appointment) -> dict[str, GateCheck]:
    rows = {row.gate: row for row in appointment.checks.select_related("by").order_by("at", "pk")}
    return {gate: row for gate, row in rows.items() if row.answer != Answer.TAKEN_BACK}


class _Visit:
    """One visit with what its gates are read from."""

    def __init__(self, appointment: Appointment, now):
        self.visit, self.session = appointment, appointment.session
        self.plan = self.session.block.plan
        self.patient, self.on = appointment.patient, appointment.day
        self.today = timezone.localtime(now or timezone.now()).date()
        self.checks = latest_checks(appointment)
        self.steps = list(self.session.steps.all())
        self.found = safety_by_session(self.plan, {self.session.pk: self.on})[self.session.pk]

    def noted(self, code, label, words, *, on_the_day=False, waive=False, decline=False, who=""):
        """A gate that a person notes on the visit."""
        found = self.checks.get(code)
        if found and on_the_day and timezone.localtime(found.at).date() != self.on:
            found = None
        answers = [Answer.DONE, Answer.NOT_IN_ORDER]
        answers += [Answer.DECLINED] if decline else []
        answers += [Answer.WAIVED] if waive else []
        met = bool(found) and found.answer != Answer.NOT_IN_ORDER
        if on_the_day and self.today < self.on:
            words, answers = f"{words} That can only be done on {errors.day(self.on)}.", []
        return Gate(
            code,
            label,
            met,
            "" if met else words,
            who or ANYBODY,
            answers=tuple(str(answer) for answer in answers),
            check=found,
        )

    def agreement(self):
        """The patient's agreement, each consent and the cooling-off, of the plan now in force."""
        status = agreement_status(self.plan, on=self.on, session=self.session)
        where = reverse("planner:agreement", args=[self.plan.pk])
        label = "Agreement and consent"
        if status.is_complete:
            return [Gate("agreement", label, True)]
        return [
            Gate(f"agreement_{place}", label, False, words, CLINICIAN, where)
            for place, words in enumerate(status.missing)
        ]

    def history(self):
        """Answers that the rules for this visit need and that nobody gave, or that have expired."""
        where = reverse("patients:history", args=[self.patient.pk])
        asked = self.found.unanswered
        words = _unanswered(asked, self.on) if asked else ""
        return Gate("history", "Medical history", not asked, words, ANYBODY, where)

    def safety(self):
        """The safety rules now in force, on what is known today, for this visit on its day."""
        where = reverse("planner:plan", args=[self.plan.pk])
        if not self.found.against:
            return [Gate("safety", "Safety rules", True)]
        return [
            Gate(f"safety_{place}", "Safety rules", False, words, CLINICIAN, where)
            for place, words in enumerate(self.found.against)
        ]

    def preparations(self):
        for one in self.plan.content.get("preparations", ()):
            if one["before_session"] == self.session.number:
                yield self.noted(
                    f"preparation_{one['treatment']}"[:80],
                    "Preparation",
                    f"{one['name']}: {one['text']} Ask whether it was done.",
                    waive=True,
                )

    def test_spots(self):
        """Test areas read before this visit; without a good reading the procedure waits."""
        if self.visit.kind != VisitKind.PROCEDURE:
            return
        readings = self.plan.sessions.filter(
            kind=VisitKind.TEST_READING, number__lt=self.session.number
        )
        for reading in readings:
            read = _last_reading(reading)
            good = read is not None and read.answer == Answer.DONE
            told = "was read as not good" if read else "is not read yet"
            gate = self.noted(
                f"test_spot_{reading.number}",
                "Test spot",
                f"The test area of {str(reading).lower()} {told}.",
                waive=True,
                who=CLINICIAN,
            )
            waived = gate.met and gate.check.answer == Answer.WAIVED
            met = good or waived
            yield Gate(
                gate.code,
                gate.label,
                met,
                "" if met else f"The test area of {str(reading).lower()} {told}.",
                CLINICIAN,
                answers=() if good else (Answer.WAIVED.value,),
                check=gate.check if waived else read,
            )

    def photos(self):
        """Baseline photos: of the plan's assessment, or taken since; unless declined."""
        since = self.plan.assessment.assessed_on
        taken = self.patient.photos.standing().filter(taken_on__gte=since).exists()
        if taken:
            return Gate("photos", "Baseline photos", True)
        gate = self.noted(
            "photos", "Baseline photos", "No photo since the plan's assessment.", decline=True
        )
        where = reverse("patients:photos", args=[self.patient.pk])
        answers = (Answer.DECLINED.value,)
        return Gate(
            gate.code, gate.label, gate.met, gate.words, CLINICIAN, where, answers, gate.check
        )

    def house(self):
        """What the house must have ready that day, confirmed once for all of its visits."""
        wanted = house_checks.needed_by(self.session)
        found = house_checks.found_on(self.on) if wanted else {}
        where = reverse("scheduling:house_checks")
        for item in wanted:
            check = found.get(item)
            met = check is not None and check.answer == Answer.DONE
            words = house_checks.ASKS[item]
            if self.today < self.on:
                words += f" That is confirmed on {errors.day(self.on)}, once for the whole day."
            words = "" if met else words
            yield Gate(item.value, item.label, met, words, CLINICIAN, where, check=check)

    def adverse(self):
        """An open adverse event holds what would treat its field."""
        for event in adverse.holding(self.visit):
            words = f"{adverse.in_words(event)}. No procedure there until a clinician closes it."
            where = event.get_absolute_url()
            yield Gate(f"adverse_{event.pk}", "Adverse event", False, words, CLINICIAN, where)


@dataclass
class Found:
    """What the rules say against a session (`against`), and what they would need to know."""

    against: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)


def safety_by_session(plan, days: dict) -> dict[object, Found]:
    """The safety rules now in force on sessions of a plan; `days` maps the key of each to its day.

    Judged on today's answers, so a new answer or a raised rule speaks here at once.
    """
    version = Version.objects.in_force()
    case = planner_bridge.case_of(plan.assessment, on=timezone.localdate())
    catalogue = planner_bridge.catalogue_of(version)
    findings = check(case, catalogue, planner_bridge.dated_plan(plan, days)).findings
    keys = list(plan.sessions.values_list("pk", flat=True))
    told = {key: Found() for key in days}
    for finding in findings:
        if finding.session is None or keys[finding.session] not in told:
            continue
        found = told[keys[finding.session]]
        if finding.kind == "unknown" and finding.hit:
            asked = [planner_bridge.names(version).question(code) for code in finding.hit.ask]
            found.unanswered += [words for words in asked if words not in found.unanswered]
        elif finding.kind == "safety" and finding.breaks and finding.effect in HOLDS_UP:
            found.against += [finding.text] if finding.text not in found.against else []
    return told


def _unanswered(asked: list[str], on) -> str:
    """How many answers are wanting, and the first few of them."""
    some, more = asked[:3], len(asked) - 3
    told = " ".join(words if words.endswith("?") else f"{words}." for words in some)
    rest = f" And {more} more." if more > 0 else ""
    return f"Without an answer that holds on {errors.day(on)}: {told}{rest}"


def _last_reading(session) -> GateCheck | None:
    rows = GateCheck.objects.filter(appointment__session=session, gate="reading")
    last = rows.select_related("by").order_by("at", "pk").last()
    return None if last is None or last.answer == Answer.TAKEN_BACK else last


def _reading(appointment) -> Gate:
    """On the visit at which a test area is read: what was seen."""
    found = latest_checks(appointment).get("reading")
    return Gate(
        "reading",
        "Test area read",
        found is not None,
        "" if found else "Note whether the test area looks good before the visit is completed.",
        CLINICIAN,
        answers=(Answer.DONE.value, Answer.NOT_IN_ORDER.value),
        check=found,
    )
