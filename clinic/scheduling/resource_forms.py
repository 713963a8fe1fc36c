"""The form of a person, a room or a device."""

import re

from crispy_forms.layout import HTML, Div, Fieldset
from django import forms

from clinic.scheduling.capabilities import capability_names
from clinic.scheduling.forms import form_helper
from clinic.scheduling.models import Resource, ResourceKind
from patients.fields import DayField

REGISTRATION = ("registration_body", "registration_number", "registered_until")
CODE = re.compile(r"[\w.-]+")
SERVICE = ("serviced_on", "service_due_on")


class ResourceForm(forms.ModelForm):
    capabilities = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)
    registered_until = DayField(
        label="Registered until",
        required=False,
        help_text="The last day. Empty: the end is not recorded, and nobody is warned.",
    )
    serviced_on = DayField(label="Last serviced on", required=False)
    service_due_on = DayField(
        label="Next service due on",
        required=False,
        help_text="Nothing is booked on it after that day until a later one is recorded.",
    )
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Resource
        fields = (
            "name", "code", "site", "room_kind", "user", "capabilities", *REGISTRATION, *SERVICE,
            "active",
        )  # fmt: skip
        help_texts = {
            "code": "Short, such as laser-2: letters, digits, hyphens. It stays the same.",
            "site": "Where, if the clinic has several places.",
            "active": "Take the tick away, and nobody books it any more.",
            "registration_body": "Such as GMC or the medical chamber.",
        }
        labels = {"room_kind": "Kind of room"}

    HINTS = {
        ResourceKind.PERSON: ("Performs", "The profession, and the treatments this person may do."),
        ResourceKind.DEVICE: ("Serves as", "The devices of the catalogue that it can stand for."),
    }
    OWN = {
        ResourceKind.PERSON: ("user", *REGISTRATION, "capabilities"),
        ResourceKind.ROOM: ("room_kind",),
        ResourceKind.DEVICE: (*SERVICE, "capabilities"),
    }

    def __init__(self, *args, kind, **kwargs):
        super().__init__(*args, **kwargs)
        self.instance.kind = kind
        shown = ["name", "code", "site", *self.OWN[kind], "active", "revision"]
        for name in set(self.fields) - set(shown):
            del self.fields[name]
        if "capabilities" in self.fields:
            self._name_capabilities(kind)
        if "room_kind" in self.fields:
            self.fields["room_kind"].required = True
        self.fields["revision"].initial = self.instance.revision if self.instance.pk else None
        if self.instance.pk:
            self.fields["code"].disabled = True
            self.fields["code"].help_text = "It stays the same."
        self.helper = form_helper(*self._layout(kind))

    def _name_capabilities(self, kind):
        field = self.fields["capabilities"]
        field.label, field.help_text = self.HINTS[kind]
        field.required = kind == ResourceKind.DEVICE
        field.error_messages["required"] = "Tick at least one device that it stands for."
        names = capability_names(kind)
        kept = {code: code for code in self.instance.capabilities if code not in names}
        field.choices = [*names.items(), *kept.items()]

    def clean_code(self):
        code = self.cleaned_data["code"]
        if not self.instance.pk and not CODE.fullmatch(code):
            raise forms.ValidationError(
                "Write a code without spaces: letters, digits, hyphens, such as laser-2."
            )
        return code

    def clean(self):
        cleaned = super().clean()
        last, due = cleaned.get("serviced_on"), cleaned.get("service_due_on")
        if last and due and due <= last:
            words = "before" if due < last else "on the day of"
            self.add_error("service_due_on", f"The next service is {words} the last one.")
        return cleaned

    @staticmethod
    def _layout(kind) -> list:
        first = [Div("name", "code", "site", css_class="trio")]
        own = {
            ResourceKind.PERSON: [
                "user",
                Fieldset("Registration", Div(*REGISTRATION, css_class="trio")),
                Div("capabilities", css_class="cal-skills"),
            ],
            ResourceKind.ROOM: ["room_kind"],
            ResourceKind.DEVICE: [
                Fieldset(
                    "Service",
                    Div(*SERVICE, css_class="pair"),
                    HTML(
                        '<p class="form-text">Once it is serviced, enter the day and when the '
                        "next service is due: from then on it can be booked again.</p>"
                    ),
                ),
                Div("capabilities", css_class="cal-skills"),
            ],
        }
        return [*first, *own[kind], "active", "revision"]

    def moved_since(self, now: Resource) -> list[str]:
        """What stands on record now where it is not what was typed, in words."""
        names = [name for name in self.fields if name not in ("revision", "capabilities")]
        return [
            f"{(self.fields[name].label or name).lower()} is now “{getattr(now, name)}”"
            for name in names
            if getattr(now, name) != self.cleaned_data.get(name)
        ] + (
            ["what it can do was changed"]
            if "capabilities" in self.fields
            and sorted(now.capabilities) != sorted(self.cleaned_data.get("capabilities") or [])
            else []
        )
