"""Forms of the desk: waiting list, checks before a visit, money, tasks, people, kinds of visit."""

from crispy_forms.layout import Div
from django import forms

from clinic.catalogue.terms import Performer
from clinic.scheduling import holds, visit_types
from clinic.scheduling.errors import moment
from clinic.scheduling.fields import ClockField
from clinic.scheduling.forms import VisitForm, form_helper, people_choices
from clinic.scheduling.models import (
    ChargeKind,
    Resource,
    ResourceKind,
    State,
    Task,
    TaskKind,
    VisitType,
    Weekday,
)
from clinic.staff.models import User
from clinic.staff.roles import Role
from patients.fields import DayField


class WaitingForm(forms.Form):
    """What a patient said about when they would come. Everything may stay empty."""

    session = forms.ChoiceField(label="For")
    not_before = DayField(label="Not before", required=False)
    not_after = DayField(label="Not after", required=False)
    weekdays = forms.MultipleChoiceField(
        label="Weekdays",
        required=False,
        choices=Weekday.choices[:6],
        widget=forms.CheckboxSelectMultiple,
        help_text="None ticked: any day.",
    )
    from_time = ClockField(label="From", required=False)
    to_time = ClockField(label="Until", required=False)
    person = forms.ChoiceField(label="With", required=False)
    note = forms.CharField(label="Note for the desk", required=False, max_length=200)

    def __init__(self, *args, sessions=(), booked=(), **kwargs):
        """`booked` are the coming visits: each kind and session says the day that it has."""
        super().__init__(*args, **kwargs)
        self.sessions = {str(each.pk): each for each in sessions}
        days = {str(each.session_id or each.kind): each.starts_at for each in reversed(booked)}
        types = visit_types.all_types()
        kinds = [(kind.value, types[kind].get_kind_display()) for kind in VisitForm.KINDS]
        groups = [
            ("Of the plan", [(key, self._words(each)) for key, each in self.sessions.items()]),
            ("Without a plan", kinds),
        ]
        self.fields["session"].choices = [
            (group, [(key, self._with_day(words, days.get(key))) for key, words in rows])
            for group, rows in groups
            if rows
        ]
        self.fields["person"].choices = people_choices()
        self.helper = form_helper(
            "session",
            Div(
                "not_before", "not_after", "from_time", "to_time", "person", css_class="cal-wishes"
            ),
            "weekdays",
            "note",
        )

    @staticmethod
    def _with_day(words: str, starts_at) -> str:
        return f"{words}, sooner than {moment(starts_at)}" if starts_at else words

    @staticmethod
    def _words(session) -> str:
        names = ", ".join(step.name for step in session.steps.all())
        return f"{session}: {names or session.get_kind_display()}"

    def clean(self):
        cleaned = super().clean()
        for first, last, words in (
            ("not_before", "not_after", "This day comes before the first one."),
            ("from_time", "to_time", "These hours end before they start."),
        ):
            if cleaned.get(first) and cleaned.get(last) and cleaned[last] < cleaned[first]:
                self.add_error(last, words)
        return cleaned

    def said(self) -> dict:
        """The fields of an entry."""
        found = self.cleaned_data
        chosen = self.sessions.get(found["session"])
        person = found["person"]
        return {
            "session": chosen,
            "kind": "" if chosen else found["session"],
            "not_before": found["not_before"],
            "not_after": found["not_after"],
            "weekdays": sorted(int(day) for day in found["weekdays"]),
            "from_time": found["from_time"],
            "to_time": found["to_time"],
            "person": Resource.objects.get(pk=person) if person else None,
            "note": found["note"],
        }


class HoldForm(forms.Form):
    """For how long the times of an offer are kept while the patient decides."""

    minutes = forms.TypedChoiceField(
        label="Hold for",
        coerce=int,
        initial=holds.USUAL_MINUTES,
        choices=[
            (length, f"{length} minutes" if length < 60 * 2 else f"{length // 60} hours")
            for length in holds.LENGTHS
        ],
    )


class ChargeForm(forms.Form):
    kind = forms.ChoiceField(label="What", choices=ChargeKind.choices)
    amount = forms.DecimalField(label="Amount", min_value=0, max_digits=10, decimal_places=2)
    note = forms.CharField(label="Note", required=False, max_length=300)

    def __init__(self, *args, visit=None, currency="", **kwargs):
        super().__init__(*args, **kwargs)
        if visit is None or visit.state != State.NO_SHOW:
            self.fields["kind"].choices = [(ChargeKind.DEPOSIT.value, ChargeKind.DEPOSIT.label)]
        self.fields["amount"].label = f"Amount in {currency}" if currency else "Amount"
        self.helper = form_helper(Div("kind", "amount", "note", css_class="cal-wishes"))


def colleagues() -> list[tuple[str, str]]:
    """Who may own a task: who receives or treats patients."""
    people = User.objects.filter(
        is_active=True, roles__overlap=[Role.CLINICIAN.value, Role.FRONT_DESK.value]
    )
    return [("", "Whoever is at the desk"), *((str(one.pk), str(one)) for one in people)]


class TaskForm(forms.Form):
    title = forms.CharField(label="What is to be done", max_length=200)
    kind = forms.ChoiceField(label="Kind", choices=TaskKind.choices, initial=TaskKind.OTHER)
    due_on = DayField(label="Due on")
    owner = forms.ChoiceField(label="Owner", required=False)
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args, task: Task | None = None, **kwargs):
        if task:
            kwargs["initial"] = {
                "title": task.title,
                "kind": task.kind,
                "due_on": task.due_on.isoformat(),
                "owner": str(task.owner_id or ""),
                "note": task.note,
            }
        super().__init__(*args, **kwargs)
        self.fields["owner"].choices = colleagues()
        self.helper = form_helper(
            "title", Div("kind", "due_on", "owner", css_class="cal-wishes"), "note"
        )

    def given(self) -> dict:
        owner = self.cleaned_data["owner"]
        owner = User.objects.get(pk=owner) if owner else None
        return self.cleaned_data | {"owner": owner}


class PeopleForm(forms.Form):
    """Everybody and everything of a visit: more people than it needs may come along."""

    people = forms.MultipleChoiceField(
        label="People",
        widget=forms.CheckboxSelectMultiple,
        help_text="Who performs it, and whoever comes besides: assistant, chaperone, interpreter.",
    )
    room = forms.ChoiceField(label="Room")
    devices = forms.MultipleChoiceField(
        label="Devices", required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args, visit, **kwargs):
        kwargs["initial"] = {
            "people": [str(each.pk) for each in visit.people],
            "room": str(visit.room.pk) if visit.room else "",
            "devices": [str(each.pk) for each in visit.devices],
        }
        super().__init__(*args, **kwargs)
        rows = list(Resource.objects.bookable())
        for name, kind in (
            ("people", ResourceKind.PERSON),
            ("room", ResourceKind.ROOM),
            ("devices", ResourceKind.DEVICE),
        ):
            chosen = [(str(each.pk), each.where) for each in rows if each.kind == kind]
            self.fields[name].choices = chosen
        self.helper = form_helper("people", "room", "devices")

    def chosen(self) -> tuple[int, ...]:
        found = self.cleaned_data
        return tuple(int(pk) for pk in [*found["people"], found["room"], *found["devices"]])


class VisitTypeForm(forms.ModelForm):
    class Meta:
        model = VisitType
        fields = ["minutes", "seen_by", "numbing_by", "in_procedure_room", "call_after_days"]
        labels = {
            "minutes": "Usual length in minutes",
            "in_procedure_room": "Needs a procedure room",
            "call_after_days": "After-care call, days after",
        }

    minutes = forms.IntegerField(
        label="Usual length in minutes", min_value=15, max_value=480, step_size=15
    )
    seen_by = forms.MultipleChoiceField(
        label="Seen by one of",
        choices=[term for term in Performer.choices() if term[0] != Performer.PATIENT.value],
        widget=forms.CheckboxSelectMultiple,
    )
    numbing_by = forms.MultipleChoiceField(
        label="Numbing applied and watched by one of",
        required=False,
        choices=[term for term in Performer.choices() if term[0] != Performer.PATIENT.value],
        widget=forms.CheckboxSelectMultiple,
        help_text="None: the patient waits alone, and nobody is booked for it.",
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        shown = ["minutes", "seen_by", "in_procedure_room", "call_after_days"]
        if self.instance.kind == "procedure":  # who performs it, and how long, its plan says
            shown = ["numbing_by", "call_after_days"]
        for name in set(self.fields) - set(shown):
            del self.fields[name]
        self.helper = form_helper(*shown)


class GateForm(forms.Form):
    """One note on one gate."""

    gate = forms.CharField(max_length=80)
    answer = forms.CharField(max_length=12)
    words = forms.CharField(required=False, max_length=300)
