"""Facts that are never deleted, only withdrawn."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from patients.models.keeping import REFUSE
from patients.models.people import Patient


class WithdrawnQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(patient__in=Patient.objects.visible_to(user))

    def standing(self):
        """Without what was withdrawn."""
        return self.filter(withdrawn_at=None)


class Withdrawable(models.Model):
    """Is never deleted: what is no longer meant is withdrawn, by somebody and for a reason."""

    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        editable=False,
    )
    withdrawn_reason = models.CharField(max_length=300, blank=True, editable=False)

    objects = WithdrawnQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def is_withdrawn(self) -> bool:
        return self.withdrawn_at is not None


def withdrawn_with_who_when_and_why(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        name=f"{name}_withdrawn_with_who_when_and_why",
        condition=Q(withdrawn_at=None, withdrawn_by=None, withdrawn_reason="")
        | (Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False) & ~Q(withdrawn_reason="")),
        violation_error_message="Say why.",
    )


def only_withdrawn(kept: tuple[str, ...], words: str) -> list[pgtrigger.Trigger]:
    """Refuses a deletion, a change of any column in `kept`, and taking a withdrawal back."""
    touched = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in kept)
    refuse = REFUSE.format(name="only_withdrawn", words=words)
    return [
        pgtrigger.Trigger(
            name="only_withdrawn",
            when=pgtrigger.Before,
            operation=pgtrigger.Update | pgtrigger.Delete,
            func=f"""
                IF TG_OP = 'DELETE' OR OLD.withdrawn_at IS NOT NULL OR {touched} THEN
                    {refuse}
                END IF;
                RETURN NEW;
            """,
        )
    ]
