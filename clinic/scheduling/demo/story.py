"""A believable half year in the demo clinic, made by the same services that the pages call.

Nothing is written past the rules: histories are answered, faces assessed and signed, plans
suggested, chosen, signed and booked, visits kept, each on its own day. The day is moved by
replacing Django's clock while a deed is done, so that every stamp tells the day of the story.
"""

import datetime as dt
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from random import Random
from unittest.mock import patch

from django.utils import timezone

from clinic.catalogue.models import Clinic
from clinic.scheduling import offers, openings
from clinic.scheduling import services as booking
from clinic.scheduling.demo import faces, house
from clinic.scheduling.demo import records as paper
from clinic.scheduling.errors import SchedulingError
from clinic.scheduling.models import Appointment, Change, State, VisitKind
from patients import reported
from patients import services as records
from patients.models import Improvement
from patients.questions import questions
from planner import agreement
from planner import services as planning
from planner.agreed import Agreement
from planner.documents import procedures_of
from planner.errors import PlannerError
from planner.models import ACTIVE
from planner.reviewing import CONTINUE, decide

HOW_MANY = 80
LATEX = "Latex"
FIRST_DAY = 150
"""Days before today on which the story begins."""
LONG_AGO = 215
"""Some began so much earlier that the review of their first block is due."""
THINKS_FOR = 15
"""Days that a patient takes before the first session; what prepares the skin fits into them."""
UNFINISHED_DAYS = 18
"""What still waits for somebody is not months old."""
TIMES_OF_DAY = (dt.time(9), dt.time(10, 15), dt.time(11, 30), dt.time(13, 30), dt.time(14, 45))


STAMPS = (
    Appointment._meta.get_field("booked_at"),
    Change._meta.get_field("at"),
    Agreement._meta.get_field("recorded_at"),
)
"""Fields that ask the clock by themselves, by the function that they were made with."""


@contextmanager
def clock(moment: dt.datetime):
    """Everything inside happens at `moment`."""
    with ExitStack() as stack:
        stack.enter_context(patch("django.utils.timezone.now", lambda: moment))
        for stamp in STAMPS:
            stack.enter_context(patch.object(stamp, "_get_default", lambda: moment))
        yield moment


class Story:
    """Tells the demo clinic; `progress` is called once for each patient."""

    def __init__(self, today: dt.date, progress=lambda: None):
        self.today, self.progress = today, progress
        self.random = Random(faces.SEED)
        self.told: dict = {}  # by plan: the patient's number, face and doctor
        self.counts = dict.fromkeys(("patients", "assessments", "plans", "booked", "visits"), 0)

    def tell(self) -> dict[str, int]:
        users = house.settle()
        self.zone = dt.UTC
        with timezone.override(Clinic.current().time_zone):
            self.zone = timezone.get_current_timezone()
            house.close_for_holidays(self.today)
            self.doctors = [users["doctor@demo.example"], users["doctor2@demo.example"]]
            self.desk = users["desk@demo.example"]
            for number, person in enumerate(faces.people(HOW_MANY, self.today)):
                self._patient(number, person)
                self.progress()
            self._keep_visits()
            self._review()
            self._confirm_soon()
        return self.counts

    def at(self, day: dt.date, hour: int) -> dt.datetime:
        return dt.datetime.combine(day, dt.time(hour), self.zone)

    # --- one patient ------------------------------------------------------------------------

    def _patient(self, number: int, person: faces.Person):
        doctor = self.random.choice(self.doctors)
        days = UNFINISHED_DAYS if self._is_unfinished(number) else FIRST_DAY
        ago = self.random.randrange(2, days) + (LONG_AGO if number % 8 == 0 else 0)
        came = self._weekday(self.today - dt.timedelta(days=ago))
        since = self._known_since(number, came)
        with clock(self.at(since, 9)):
            patient = self._register(person)
        with clock(self.at(came, 9)):
            self._answer(patient, came, doctor)
            paper.wish(number, patient, self.desk)
            paper.tell_the_past(number, patient, came, doctor)
        self.counts["patients"] += 1
        if number % 10 == 9:
            start = self.today + dt.timedelta(days=self.random.randrange(0, 12))
            self._consultation(number, patient, start, booked=self.today)
            return
        kind = VisitKind.FIRST_CONSULTATION if since == came else VisitKind.REVIEW
        self._consultation(number, patient, came, booked=came - dt.timedelta(days=3), kind=kind)
        self._earlier_then_now(number, patient, since, came, doctor)

    def _is_unfinished(self, number: int) -> bool:
        """A draft, or a plan that nobody has signed yet."""
        return number % 12 == 7 or number % 8 in (3, 4, 5)

    def _register(self, person: faces.Person):
        return records.register(
            by=self.desk,
            record_number=person.record_number,
            given_name=person.given_name,
            family_name=person.family_name,
            born=person.born,
            sex=person.sex,
            fitzpatrick=person.fitzpatrick,
            phone=person.phone,
            email=person.email,
            weight_kg=person.weight_kg,
            height_cm=person.height_cm,
            allergies=self.random.choice(("None known", "None known", "None known", LATEX)),
        )

    def _answer(self, patient, day: dt.date, doctor):
        """Everybody answers everything; a few have something to tell."""
        answers = dict.fromkeys(questions(), False) | SCORES | self._something(patient, day)
        if patient.allergies == LATEX:  # what the record says the history does not deny
            answers["allergy"] = {part.code: part.code == "latex" for part in _parts("allergy")}
        records.record_answers(patient=patient, answers=answers, on=day, by=doctor)

    def _something(self, patient, day: dt.date) -> dict:
        month = day.replace(day=1) - dt.timedelta(days=self.random.choice((70, 130, 260)))
        stories = [
            {"isotretinoin": {"taking": False, "last_dose": f"{month:%Y-%m}"}},
            {"herpes_history": True},
            {"keloid": {"personal": True, "hypertrophic": False, "family": False}},
            {"blood_thinners": {"anticoagulant": False, "antiplatelet": True}},
            {"pih_history": True},
            {"topical_retinoid": True},
        ]
        if patient.sex == "F":
            stories.append({"breastfeeding": True})
        return self.random.choice(stories) if self.random.random() < 0.35 else {}

    # --- assessments and plans ----------------------------------------------------------------

    def _earlier_then_now(self, number, patient, since, came, doctor):
        face = faces.face(self.random)
        if number % 3 == 0:
            self._followed_up(number, patient, since, came, doctor, face)
        signed = number % 12 != 7
        visit = 2 if number % 3 == 0 else 0
        assessment = self._assess(number, patient, came, doctor, face, visit=visit, signed=signed)
        if not signed or not face.groups:
            return
        with clock(self.at(came, 12)):
            begins = came + dt.timedelta(days=THINKS_FOR)
            suggestion = planning.suggest_for(assessment=assessment, by=doctor, on=begins)
            if not suggestion.result["proposals"] or number % 8 == 5:
                return
            plan = planning.draft_plan(
                suggestion=suggestion, strategy=self._taste(suggestion), by=doctor
            )
            self.counts["plans"] += 1
            if number % 8 == 3:
                return
            planning.propose(plan=plan, by=doctor)
            if number % 8 == 4:
                return
            self._sign_and_book(number, plan, came, doctor)
            self.told[plan.pk] = number, face, doctor

    def _known_since(self, number: int, came: dt.date) -> dt.date:
        """The day of the first visit; a third of the patients have been here before."""
        if number % 3:
            return came
        return self._weekday(came - dt.timedelta(days=self.random.randrange(200, 300)))

    def _followed_up(self, number, patient, since, came, doctor, face):
        """A baseline and, for every other one, a control between it and now."""
        self._assess(number, patient, since, doctor, face, more=6)
        if number % 6 == 0:
            between = self._weekday(came - dt.timedelta(days=self.random.randrange(70, 120)))
            self._assess(number, patient, between, doctor, face, more=3, visit=1)

    def _taste(self, suggestion) -> str:
        return self.random.choice(suggestion.result["proposals"][:3])["strategy"]

    def _sign_and_book(self, number, plan, came, doctor):
        try:
            planning.approve(plan=plan, by=doctor)
        except PlannerError:
            return  # the history holds it up: it stays proposed, as it would
        if number % 16 != 6:
            self._agree(plan, came, doctor)
        if number % 8 == 1:
            return  # approved and not booked yet: work for the front desk
        with clock(self.at(came, 16)):
            try:
                wish = offers.Wishes(from_time=TIMES_OF_DAY[number % len(TIMES_OF_DAY)])
                offer = offers.offers_for(plan, wishes=wish)[0]
                booking.book_plan(
                    plan=plan, choices=offer.choices, by=self.desk, key=f"demo-{plan.pk}"
                )
            except (SchedulingError, IndexError):
                return
        self.counts["booked"] += 1

    def _agree(self, plan, came, doctor):
        """The patient has read the quote and signs on paper; a minor would need a guardian."""
        with clock(self.at(came, 15)):
            asked = agreement.options_of(plan)[:1]
            with suppress(PlannerError):
                agreement.agree(
                    plan=plan,
                    by=doctor,
                    signed_on=came,
                    options=[one["code"] for one in asked],
                    consents=list(procedures_of(plan)),
                    patient=agreement.Signer(str(plan.patient)),
                )

    def _assess(self, number, patient, day, doctor, face, *, more=0, visit=0, signed=True):
        """What is seen on `day`, `more` scars a group than now; the baseline is visit 0."""
        with clock(self.at(day, 11)):
            draft = self._draft(patient, day, doctor)
            groups = [replace(group, count=group.count + more) for group in face.groups]
            for group in groups:
                self._log(draft, doctor, group)
            for spots in face.spots if not draft.marks.exists() else ():
                records.log_mark(assessment=draft, by=doctor, **vars(spots))
            records.update_assessment(
                assessment=draft,
                by=doctor,
                obvious_at_50cm=len(face.groups) > 3,
                easily_covered=len(face.groups) <= 2,
                flattens_on_stretch=face.story == "rolling",
            )
            if visit:
                reported.record_follow_up(assessment=draft, by=doctor, **SAID[visit])
            paper.ask(number, patient, day, doctor, visit=visit)
            if paper.has_photos(number):
                paper.photograph(number, patient, day, doctor, face, groups)
            self.counts["assessments"] += 1
            return records.sign_assessment(assessment=draft, by=doctor) if signed else draft

    def _draft(self, patient, day, doctor):
        """A new draft; after the first visit it begins with what was seen there."""
        seen_before = patient.assessments.in_force().exists()
        return records.start_assessment(patient=patient, by=doctor, on=day, copy_last=seen_before)

    def _log(self, draft, doctor, group: faces.Group):
        """Log a group, or count it anew where the draft began with it."""
        copied = draft.findings.filter(
            region=group.region, side=group.side, scar_type=group.scar_type
        ).first()
        if copied:
            records.change_finding(finding=copied, by=doctor, count=group.count)
        else:
            records.log_finding(assessment=draft, by=doctor, **_fields(group))

    def _consultation(self, number, patient, day, *, booked, kind=VisitKind.FIRST_CONSULTATION):
        """A consultation on `day`, or as soon after it as there is room."""
        with clock(self.at(booked, 8)):
            found = openings.openings_for_kind(patient, kind, minutes=60, start_from=day, limit=24)
            found = [one for one in found if one.starts_at.date() == found[0].starts_at.date()]
            if found:
                opening = found[number * 7 % len(found)]
                booking.book_visit(
                    patient=patient,
                    kind=kind,
                    starts_at=opening.starts_at,
                    resources=opening.resources,
                    by=self.desk,
                    key=f"demo-{patient.pk}",
                    minutes=60,
                )
                self.counts["visits"] += 1

    # --- the visits that have been --------------------------------------------------------------

    def _keep_visits(self):
        """Every visit before today was kept, but for one in fifteen."""
        past = Appointment.objects.standing().filter(starts_at__lt=self.at(self.today, 0))
        for count, visit in enumerate(past.order_by("starts_at"), 1):
            with clock(visit.starts_at):
                self._keep(visit, missed=count % 15 == 0)

    def _keep(self, visit, *, missed: bool):
        states = (State.NO_SHOW,) if missed else (State.ARRIVED, State.IN_ROOM, State.COMPLETED)
        for state in states:
            try:
                visit = booking.change_state(
                    appointment=visit,
                    to=state,
                    by=self.desk,
                    revision=visit.revision,
                    historic=True,
                )
            except SchedulingError:
                return

    def _review(self):
        """What was seen at the reviews that have been; every third of them is decided too."""
        held = Appointment.objects.filter(
            kind=VisitKind.REVIEW, session__isnull=False, state=State.COMPLETED
        )
        for visit in held.select_related("session__block__plan", "patient"):
            plan, day = visit.session.block.plan, visit.day
            number, face, doctor = self.told[plan.pk]
            groups = tuple(replace(each, count=max(1, each.count // 2)) for each in face.groups)
            better = replace(face, groups=groups)
            seen = self._assess(number, visit.patient, day, doctor, better, visit=2)
            if number % 3 == 0 and plan.state in ACTIVE:
                with clock(self.at(day, 17)):
                    decide(session=visit.session, assessment=seen, verdict=CONTINUE, by=doctor)

    def _confirm_soon(self):
        """Most of the coming week have said that they come."""
        soon = self.at(self.today + dt.timedelta(days=7), 0)
        coming = Appointment.objects.coming(self.at(self.today, 0)).filter(starts_at__lt=soon)
        for count, visit in enumerate(coming.order_by("starts_at")):
            if count % 3:
                booking.change_state(
                    appointment=visit, to=State.CONFIRMED, by=self.desk, revision=visit.revision
                )

    def _weekday(self, day: dt.date) -> dt.date:
        return day - dt.timedelta(days=max(0, day.weekday() - 4))


def _parts(question: str):
    return questions()[question].parts


SCORES = {"dcq": 4, "phq2": 0, "pih_care": "improving", "pregnancy_excluded": True}
"""What somebody without a worry answers where "no" would be no answer."""


SAID = {
    1: {
        "clinician_impression": Improvement.UP_TO_50,
        "patient_impression": Improvement.UP_TO_25,
        "last_session_pain": 4,
    },
    2: {
        "clinician_impression": Improvement.UP_TO_50,
        "patient_impression": Improvement.UP_TO_50,
        "last_session_pain": 3,
    },
}
"""What clinician and patient find at the first and at the second control."""


def _fields(group: faces.Group) -> dict:
    return {name: value for name, value in vars(group).items() if value not in (None, "")}
