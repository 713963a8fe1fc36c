"""A believable half year in the demo clinic, made by the same services that the pages call.

Nothing is written past the rules: histories are answered, faces assessed and signed, plans
suggested, chosen, signed and booked, visits kept, each on its own day. The day is moved by
replacing Django's clock while a deed is done, so that every stamp tells the day of the story.
"""

import datetime as dt
from contextlib import ExitStack, contextmanager
from random import Random
from unittest.mock import patch

from django.utils import timezone

from clinic.catalogue.models import Clinic
from clinic.scheduling import offers
from clinic.scheduling import services as booking
from clinic.scheduling.demo import faces, house
from clinic.scheduling.errors import SchedulingError
from clinic.scheduling.models import Appointment, Change, State, VisitKind
from patients import services as records
from patients.questions import questions
from planner import services as planning
from planner.errors import PlannerError

HOW_MANY = 80
FIRST_DAY = 150
"""Days before today on which the story begins."""


STAMPS = (Appointment._meta.get_field("booked_at"), Change._meta.get_field("at"))
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
        return self.counts

    def at(self, day: dt.date, hour: int) -> dt.datetime:
        return dt.datetime.combine(day, dt.time(hour), self.zone)

    # --- one patient ------------------------------------------------------------------------

    def _patient(self, number: int, person: faces.Person):
        doctor = self.random.choice(self.doctors)
        came = self._weekday(self.today - dt.timedelta(days=self.random.randrange(2, FIRST_DAY)))
        with clock(self.at(came, 9)):
            patient = self._register(person)
            self._answer(patient, came, doctor)
        self.counts["patients"] += 1
        if number % 10 == 9:
            start = self.today + dt.timedelta(days=self.random.randrange(0, 12))
            self._consultation(patient, start, booked=self.today)
            return
        self._consultation(patient, came, booked=came - dt.timedelta(days=3))
        self._earlier_then_now(number, patient, came, doctor)

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
            allergies=self.random.choice(("None known", "None known", "Penicillin", "Latex")),
        )

    def _answer(self, patient, day: dt.date, doctor):
        """Everybody answers everything; a few have something to tell."""
        answers = dict.fromkeys(questions(), False) | SCORES | self._something(patient, day)
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

    def _earlier_then_now(self, number, patient, came, doctor):
        face = faces.face(self.random)
        if number % 3 == 0:
            earlier = self._weekday(came - dt.timedelta(days=self.random.randrange(120, 300)))
            self._assess(patient, earlier, doctor, face, more=3)
        signed = number % 12 != 7
        assessment = self._assess(patient, came, doctor, face, signed=signed)
        if not signed or not face.groups:
            return
        with clock(self.at(came, 12)):
            suggestion = planning.suggest_for(assessment=assessment, by=doctor)
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

    def _taste(self, suggestion) -> str:
        return self.random.choice(suggestion.result["proposals"][:3])["strategy"]

    def _sign_and_book(self, number, plan, came, doctor):
        try:
            planning.approve(plan=plan, by=doctor)
        except PlannerError:
            return  # the history holds it up: it stays proposed, as it would
        if number % 8 == 1:
            return  # approved and not booked yet: work for the front desk
        with clock(self.at(came, 16)):
            try:
                offer = offers.offers_for(plan)[0]
                booking.book_plan(
                    plan=plan, choices=offer.choices, by=self.desk, key=f"demo-{plan.pk}"
                )
            except (SchedulingError, IndexError):
                return
        self.counts["booked"] += 1

    def _assess(self, patient, day, doctor, face, *, more=0, signed=True):
        with clock(self.at(day, 11)):
            draft = records.start_assessment(patient=patient, by=doctor, on=day)
            for group in face.groups:
                records.log_finding(assessment=draft, by=doctor, **_fields(group, more))
            for spots in face.spots:
                records.log_mark(assessment=draft, by=doctor, **vars(spots))
            records.update_assessment(
                assessment=draft,
                by=doctor,
                obvious_at_50cm=len(face.groups) > 3,
                easily_covered=len(face.groups) <= 2,
                flattens_on_stretch=face.story == "rolling",
            )
            self.counts["assessments"] += 1
            return records.sign_assessment(assessment=draft, by=doctor) if signed else draft

    def _consultation(self, patient, day, *, booked):
        """The first consultation on `day`, or as soon after it as there is room."""
        with clock(self.at(booked, 8)):
            found = offers.openings_for_kind(
                patient, VisitKind.FIRST_CONSULTATION, minutes=60, start_from=day, limit=1
            )
            if found:
                booking.book_visit(
                    patient=patient,
                    kind=VisitKind.FIRST_CONSULTATION,
                    starts_at=found[0].starts_at,
                    resources=found[0].resources,
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

    def _weekday(self, day: dt.date) -> dt.date:
        return day - dt.timedelta(days=max(0, day.weekday() - 4))


SCORES = {"dcq": 4, "phq2": 0, "pih_care": "improving", "pregnancy_excluded": True}
"""What somebody without a worry answers where "no" would be no answer."""


def _fields(group: faces.Group, more: int) -> dict:
    """The finding's columns; `more` scars than now for an assessment before treatment."""
    fields = {name: value for name, value in vars(group).items() if value not in (None, "")}
    return fields | {"count": group.count + more}
