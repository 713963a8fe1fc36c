"""Messages that a clock brings: reminders, preparation on its day, and care after a visit.

Each round asks what is due now and has not been written; nothing is planned ahead, so a visit that
moves takes its messages along.
"""

import datetime as dt
from zoneinfo import ZoneInfo

from django.db.models import Max
from django.utils import timezone

from clinic.catalogue.models import Clinic
from clinic.letters import telling, wording
from clinic.letters.kinds import TELLING, TIMED, UNTOLD, Channel, Kind, Reason, State
from clinic.letters.models import ContactChoice, Habits, Message, Told, Wording
from clinic.scheduling.models import Appointment, VisitKind
from clinic.scheduling.models import State as Visit
from planner.documents import statements, treatment_row

COMING = (Visit.SCHEDULED, Visit.CONFIRMED)
LONGEST_PREPARATION = dt.timedelta(days=200)
AFTER_CARE_WITHIN = dt.timedelta(hours=48)
ON_PAPER = "Please do as the sheet says that we gave you."


def make_due(now=None) -> int:
    """Write what is due; how many messages that made."""
    now = now or timezone.now()
    wording.settle()
    with timezone.override(ZoneInfo(Clinic.current().time_zone)):
        round_ = Round(now)
        made = [*round_.reminders(), *round_.preparations(), *round_.after_care()]
    return sum(message is not None for message in made)


class Round:
    """One look at the clock."""

    def __init__(self, now):
        self.now, self.habits = now, Habits.current()
        self.words = list(Wording.objects.filter(kind__in=TIMED, active=True))

    # --- reminders

    def reminders(self):
        for words in self._words(Kind.REMINDER):
            lead = dt.timedelta(hours=words.hours)
            visits = self._visits(words).filter(
                state__in=COMING,
                provisional=False,
                starts_at__gt=self.now,
                starts_at__lte=self.now + lead + dt.timedelta(days=1),
            )
            known = self._known_since(visits)
            for visit in visits:
                due = self.fitting(visit.starts_at - lead, visit.starts_at)
                if due <= self.now and known.get(visit.pk, due) <= due:
                    about = f"{visit.pk}:{visit.starts_at:%Y%m%dT%H%M}:{words.hours}"
                    yield self._make(words, visit, about, due=due, until=visit.starts_at)

    def _known_since(self, visits) -> dict:
        """When each visit was told last: whoever hears of it after its reminder needs none."""
        rows = Told.objects.filter(appointment__in=visits, message__kind__in=TELLING)
        rows = rows.exclude(message__reason__in=UNTOLD).values("appointment")
        latest = rows.annotate(at=Max("message__made_at"))
        return dict(latest.values_list("appointment", "at"))

    # --- preparation

    def preparations(self):
        for words in self._words(Kind.PRE_CARE):
            visits = self._visits(words).filter(
                state__in=COMING,
                session__isnull=False,
                starts_at__gt=self.now,
                starts_at__lt=self.now + LONGEST_PREPARATION,
            )
            visits = visits.exclude(session__block__plan__content__preparations=[])
            for visit in visits.select_related("session__block__plan"):
                for day, names in preparations_of(visit).items():
                    yield self._preparation(words, visit, day, names)

    def _preparation(self, words, visit, day, names):
        due = self.fitting(self._morning(day), visit.starts_at)
        if due > self.now:
            return None
        about = f"{visit.pk}:{day:%Y%m%d}"
        values = {"day": f"{day:%a %d-%b-%Y}", "care": self._care(words.channel, names)}
        late = day < timezone.localtime(self.now).date()
        return self._make(
            words, visit, about, due=due, until=visit.starts_at, values=values, late=late
        )

    def _morning(self, day: dt.date):
        return dt.datetime.combine(day, self.habits.not_before, timezone.get_current_timezone())

    # --- after a visit

    def after_care(self):
        for words in self._words(Kind.AFTER_CARE):
            pause = dt.timedelta(hours=words.hours)
            visits = self._visits(words).filter(
                state=Visit.COMPLETED,
                kind=VisitKind.PROCEDURE,
                ends_at__gt=self.now - AFTER_CARE_WITHIN,
                ends_at__lte=self.now - pause,
            )
            for visit in visits.select_related("session__block__plan"):
                due = self.fitting(visit.ends_at + pause)
                if due <= self.now:
                    care = self._care(words.channel, after(visit))
                    until = visit.ends_at + AFTER_CARE_WITHIN
                    yield self._make(
                        words, visit, f"{visit.pk}", due=due, until=until, values={"care": care}
                    )

    # --- shared

    def _words(self, kind):
        return [words for words in self.words if words.kind == kind]

    def _visits(self, words):
        """Visits of the patients who want messages by this road and have not had this one."""
        choices = ContactChoice.objects.filter(**{words.channel: True})
        return Appointment.objects.filter(patient__in=choices.values("patient")).select_related(
            "patient__contact_choice"
        )

    def _care(self, channel, texts: list[str]) -> str:
        if channel != Channel.EMAIL or not self.habits.care_by_email or not texts:
            return ON_PAPER
        return "\n".join(f"- {text}" for text in texts)

    def fitting(self, at, before=None):
        """The next moment within the hours for messages; for one too late, the evening before."""
        local = timezone.localtime(at)
        opens, closes = self.habits.not_before, self.habits.not_after
        if opens <= local.time() <= closes:
            return at
        day = local.date() + dt.timedelta(days=local.time() > closes)
        later = self._morning(day)
        if before is None or later < before:
            return later
        evening = day - dt.timedelta(days=1)
        return dt.datetime.combine(evening, closes, timezone.get_current_timezone())

    def _make(self, words, visit, about, *, due, until, values=None, late=False):
        """None where it was made before, or where the record has no address to send it to."""
        choice = visit.patient.contact_choice
        key = f"{words.kind}:{words.channel}:{about}"
        if not choice.address(words.channel) or Message.objects.filter(key=key).exists():
            return None
        start = timezone.localtime(visit.starts_at)
        fields = {"state": State.DROPPED, "reason": Reason.DAY_PASSED} if late else {}
        return telling.make(
            choice=choice,
            kind=words.kind,
            channel=words.channel,
            about=about,
            words=words,
            values={"date": f"{start:%a %d-%b-%Y}", "time": f"{start:%H:%M}", **(values or {})},
            told=[
                Told(
                    appointment=visit,
                    starts_at=visit.starts_at,
                    ends_at=visit.ends_at,
                    provisional=visit.provisional,
                    sequence=visit.sequence,
                )
            ],
            until=until,
            now=self.now,
            **fields,
        )


def preparations_of(visit) -> dict[dt.date, list[str]]:
    """The days on which preparation for this visit begins, each with what begins then.

    The plan counts its days from its first session; the visit may stand on another day than
    planned, and what prepares for it moves along.
    """
    session, begins = visit.session, {}
    for one in session.block.plan.content.get("preparations", ()):
        if one["before_session"] == session.number:
            day = visit.day - dt.timedelta(days=session.day - one["from_day"])
            text = f"{one['name']}: {one['text']}" if one.get("text") else one["name"]
            begins.setdefault(day, []).append(text)
    return begins


def after(visit) -> list[str]:
    """What the plan's catalogue says of the time after each treatment of this visit."""
    version = visit.session.block.plan.catalogue_version
    codes = dict.fromkeys(visit.session.steps.values_list("treatment", flat=True))
    rows = (treatment_row(version, code) for code in codes)
    return list(dict.fromkeys(one["text"] for row in rows for one in statements(row, "after_care")))
