"""What people type about impact: a look at a touched plan, and the time of the ledger."""

from django import forms
from django.utils import timezone

from clinic.impact import ledger
from clinic.impact.models import Choice


class LookForm(forms.Form):
    choice = forms.ChoiceField(
        label="What becomes of it", choices=Choice.choices, widget=forms.RadioSelect
    )
    words = forms.CharField(
        label="In your words",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="It is kept with your name and the time, and is never changed.",
        error_messages={"required": "Say in a few words what you saw."},
    )


class LedgerForm(forms.Form):
    WHICH = (
        (ledger.BOTH, "Signed plans and drafts"),
        (ledger.SIGNED, "Signed plans"),
        (ledger.OPEN, "Drafts"),
    )
    since = forms.DateField(label="From", required=False, widget=forms.DateInput(
        attrs={"type": "date"}, format="%Y-%m-%d"))  # fmt: skip
    until = forms.DateField(label="To", required=False, widget=forms.DateInput(
        attrs={"type": "date"}, format="%Y-%m-%d"))  # fmt: skip
    which = forms.ChoiceField(label="Which plans", choices=WHICH, required=False)

    def clean(self):
        given = super().clean()
        since, until = given.get("since"), given.get("until")
        if since and until and until < since:
            self.add_error("until", f"The last day is before the first, {since:%d-%b-%Y}.")
        if since and since > timezone.localdate():
            self.add_error("since", "That day is still to come: no plan is that new.")
        return given

    def asked(self) -> dict:
        """What of it is usable; a faulty date is told beside its field and left out."""
        given = self.cleaned_data if self.is_bound and self.is_valid() else {}
        return {
            "since": given.get("since"),
            "until": given.get("until"),
            "which": given.get("which") or ledger.BOTH,
        }
