"""The people who work in the clinic, and the log-in of each."""

import pghistory
import pgtrigger
from django.contrib.auth import get_backends
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from uuid_utils.compat import uuid7

from clinic.staff.roles import CATALOGUE_ADMIN, CLINICIAN, OWNER, Role


class UserQuerySet(models.QuerySet):
    def active(self):
        return self.filter(is_active=True)

    def invited(self):
        return self.active().filter(joined_at=None)

    def deactivated(self):
        return self.filter(is_active=False)

    def holding(self, role: Role):
        return self.filter(roles__contains=[role.value])

    def clinicians(self):
        return self.active().holding(CLINICIAN)


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):
    @classmethod
    def normalize_email(cls, email):
        return (email or "").strip().lower()

    def get_by_natural_key(self, username):
        return self.get(email=self.normalize_email(username))

    def create_user(self, email, password=None, **fields):
        """Somebody who may sign in at once; without a password, after an invitation."""
        joined = {"joined_at": timezone.now()} if password else {}
        user = self.model(email=self.normalize_email(email), **{**joined, **fields})
        user.set_password(password)
        user.full_clean(exclude=["password"])
        user.save()
        return user


class LastOwnerStays(pgtrigger.Trigger):
    """Refuses the change after which nobody could invite, deactivate or appoint anybody.

    The lock makes two owners who turn each other out at the same moment wait for one another.
    """

    name = "last_owner_stays"
    when = pgtrigger.After
    operation = pgtrigger.Update | pgtrigger.Delete
    func = """
        IF OLD.is_active AND OLD.joined_at IS NOT NULL AND 'owner' = ANY(OLD.roles) THEN
            PERFORM pg_advisory_xact_lock(hashtext('staff_last_owner_stays'));
            PERFORM 1 FROM staff_user
                WHERE is_active AND joined_at IS NOT NULL AND 'owner' = ANY(roles);
            IF NOT FOUND THEN
                RAISE EXCEPTION 'last_owner_stays: the clinic keeps one owner who can sign in'
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
        END IF;
        RETURN NULL;
    """


@pghistory.track(
    pghistory.InsertEvent(),
    pghistory.UpdateEvent(),
    pghistory.DeleteEvent(),
    exclude=["password", "last_login"],
)
class User(AbstractBaseUser):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(
        "e-mail",
        unique=True,
        error_messages={"unique": "Somebody with this e-mail address is on the list already."},
    )
    name = models.CharField(max_length=150)
    title = models.CharField(max_length=40, blank=True, help_text="As on letters: Dr, Prof., RN.")
    roles = ArrayField(models.CharField(max_length=20, choices=Role.choices), blank=True)
    registration_number = models.CharField(max_length=60, blank=True)
    is_active = models.BooleanField(default=True, editable=False)
    invited_at = models.DateTimeField(null=True, editable=False)
    invited_by = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    joined_at = models.DateTimeField(null=True, editable=False)
    deactivated_at = models.DateTimeField(null=True, editable=False)
    deactivated_by = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    revision = models.PositiveIntegerField(default=1, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name", "roles"]
    is_superuser = False  # nobody stands above the table of roles

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="user_email_in_lower_case",
                condition=Q(email=Lower(F("email"))),
                violation_error_message="An e-mail address is kept in small letters.",
            ),
            models.CheckConstraint(
                name="user_roles_are_known",
                condition=Q(roles__contained_by=Role.values),
                violation_error_message="This is not a role that the clinic knows.",
            ),
            models.CheckConstraint(
                name="user_active_with_a_role",
                condition=Q(is_active=False) | Q(roles__overlap=Role.values),
                violation_error_message="Choose at least one role.",
            ),
            models.CheckConstraint(
                name="user_deactivated_when_not_active",
                condition=Q(is_active=True, deactivated_at=None, deactivated_by=None)
                | Q(is_active=False, deactivated_at__isnull=False),
                violation_error_message="Somebody deactivated has the time when that was done.",
            ),
        ]
        triggers = [LastOwnerStays()]

    def __str__(self):
        return f"{self.title} {self.name}".strip()

    def get_absolute_url(self):
        return reverse("staff:user", args=[self.pk])

    def clean(self):
        self.email = type(self).objects.normalize_email(self.email)

    def has_perm(self, perm, obj=None) -> bool:
        return any(backend.has_perm(self, perm, obj) for backend in get_backends())

    def has_perms(self, perm_list, obj=None) -> bool:
        return all(self.has_perm(perm, obj) for perm in perm_list)

    def has_module_perms(self, app_label) -> bool:
        return any(backend.has_module_perms(self, app_label) for backend in get_backends())

    def holds(self, role: Role) -> bool:
        return role.value in self.roles

    @property
    def is_staff(self) -> bool:
        """Whether Django's admin lets this person in; what they see there is has_perm's to say."""
        return self.is_active and self.holds(CATALOGUE_ADMIN)

    @property
    def is_owner(self) -> bool:
        return self.holds(OWNER)

    @property
    def role_names(self) -> list[str]:
        return [role.label for role in Role if self.holds(role)]

    @property
    def initials(self) -> str:
        words = self.name.split()
        return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()

    def get_full_name(self):
        return str(self)

    def get_short_name(self):
        return self.name
