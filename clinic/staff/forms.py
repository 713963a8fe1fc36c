"""The owner's forms about people, and each person's own."""

from allauth.account import forms as allauth_forms
from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Layout
from django import forms
from django.contrib.auth.forms import SetPasswordMixin
from django.utils.html import format_html

from clinic.staff.models import User
from clinic.staff.roles import Role

WHAT_A_ROLE_DOES = {
    Role.CLINICIAN: "Logs scars, suggests, changes and approves plans, treats.",
    Role.FRONT_DESK: "Registers patients, books and moves visits. Sees approved plans, no photos.",
    Role.CATALOGUE_ADMIN: "Keeps treatments, rules, prices, rooms and devices. Meets no patient.",
    Role.OWNER: "Invites people, sets up the clinic, reads figures and the audit trail.",
}
WHAT_A_PASSWORD_NEEDS = (
    "At least 12 characters, best some words that only you would put together. "
    "Not your name or e-mail address, not a common password, not digits alone."
)


def layout(*rows) -> FormHelper:
    """Fields in rows; the page brings the form tag and its buttons."""
    helper = FormHelper()
    helper.form_tag = False
    helper.disable_csrf = True
    helper.layout = Layout(*rows)
    return helper


def in_words(role: Role) -> str:
    return format_html("<strong>{}</strong>: {}", role.label, WHAT_A_ROLE_DOES[role])


class RolesField(forms.MultipleChoiceField):
    def __init__(self, **kwargs):
        super().__init__(
            choices=[(role.value, in_words(role)) for role in Role],
            widget=forms.CheckboxSelectMultiple,
            error_messages={"required": "Choose at least one role."},
            help_text="Somebody with two roles may do what either may.",
            **kwargs,
        )


class PersonForm(forms.ModelForm):
    """A person as the owner sees them; `revision` tells whether the form is out of date."""

    roles = RolesField()
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = User
        fields = ["name", "title", "email", "roles", "registration_number"]
        help_texts = {
            "email": "The log-in, and where the invitation goes.",
            "registration_number": "As on the professional register; printed under signatures.",
        }
        error_messages = {
            "name": {"required": "Give the name, as it is to stand under what they sign."},
            "email": {"required": "Give the e-mail address: the invitation goes there."},
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["revision"].initial = self.instance.revision
        self.helper = layout(
            Div("name", "title", css_class="pair"),
            Div("email", "registration_number", css_class="pair"),
            "roles",
            "revision",
        )

    def clean_email(self):
        return User.objects.normalize_email(self.cleaned_data["email"])

    def clean(self):
        """`revision` is no field of the person: the service compares it."""
        cleaned = super().clean()
        self.seen_revision = cleaned.pop("revision", None) or 0
        return cleaned


class ProfileForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ["name", "title", "registration_number"]
        error_messages = {"name": {"required": "Give your name; it stands under what you sign."}}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = layout(Div("name", "title", css_class="pair"), "registration_number")


class JoinForm(SetPasswordMixin, forms.Form):
    password1, password2 = SetPasswordMixin.create_password_fields("Password", "Password again")

    def __init__(self, *args, user, **kwargs):
        self.user = user
        super().__init__(*args, **kwargs)
        self.fields["password1"].help_text = WHAT_A_PASSWORD_NEEDS
        self.fields["password2"].help_text = ""
        self.helper = layout("password1", "password2")

    def clean(self):
        self.validate_passwords()
        self.validate_password_for_user(self.user)
        return super().clean()


class UnlockForm(forms.Form):
    email = forms.EmailField(required=False)
    password = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
        error_messages={"required": "Give your password."},
    )


# ---- allauth's forms, with labels above and nothing in the fields


class PlainLabels:
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
        self.helper = layout(*self.fields)


class SignInForm(PlainLabels, allauth_forms.LoginForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "E-mail"
        self.fields["login"].widget.attrs |= {"autocomplete": "username", "autofocus": True}
        self.fields["password"].help_text = ""  # the page has the link below


class ForgottenForm(PlainLabels, allauth_forms.ResetPasswordForm):
    def clean_email(self):
        """Who has not joined yet has an invitation, and no password to forget."""
        email = super().clean_email()
        self.users = [user for user in self.users if user.joined_at]
        return email


class NewPasswordLabels:
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["password1"].label = "New password"
        self.fields["password1"].help_text = WHAT_A_PASSWORD_NEEDS
        self.fields["password2"].label = "New password again"


class NewPasswordForm(PlainLabels, NewPasswordLabels, allauth_forms.ResetPasswordKeyForm):
    pass


class ChangePasswordForm(PlainLabels, NewPasswordLabels, allauth_forms.ChangePasswordForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = "Present password"
        self.fields["oldpassword"].help_text = ""
