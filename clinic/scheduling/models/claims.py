"""The parts of a visit and what each claims.

One exclusion constraint over the claims makes a double booking impossible, by whatever road it
comes.
"""

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Q

from clinic.scheduling.models.keeping import one_of, tracked
from clinic.scheduling.models.resources import Resource
from clinic.scheduling.models.visits import Appointment


class PartKind(models.TextChoices):
    NUMBING = "numbing", "Numbing"
    PROCEDURE = "procedure", "Procedure"
    RECOVERY = "recovery", "Recovery"
    CLEAN_UP = "clean_up", "Clean-up"


HALF_OPEN = Q(
    during__isempty=False,
    during__lower_inc=True,
    during__upper_inc=False,
    during__lower_inf=False,
    during__upper_inf=False,
)


@tracked()
class AppointmentPart(models.Model):
    appointment = models.ForeignKey(Appointment, models.CASCADE, related_name="parts")
    order = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=PartKind.choices)
    during = DateTimeRangeField()

    class Meta:
        ordering = ["appointment", "order"]
        constraints = [
            models.UniqueConstraint(fields=["appointment", "order"], name="parts_have_an_order"),
            models.CheckConstraint(name="part_is_half_open", condition=HALF_OPEN),
            models.CheckConstraint(name="part_kind_is_known", condition=one_of("kind", PartKind)),
            ExclusionConstraint(
                name="parts_of_a_visit_never_overlap",
                expressions=[
                    ("appointment", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="parts_follow_their_order",
                operation=pgtrigger.Insert | pgtrigger.Update,
                when=pgtrigger.After,
                func="""
                    IF EXISTS (
                        SELECT FROM scheduling_appointmentpart other
                        WHERE other.appointment_id = NEW.appointment_id
                          AND ((other."order" < NEW."order" AND other.during >> NEW.during)
                            OR (other."order" > NEW."order" AND other.during << NEW.during))
                    ) THEN
                        RAISE EXCEPTION 'the parts of a visit follow their order'
                            USING ERRCODE = 'check_violation',
                                  CONSTRAINT = 'parts_follow_their_order';
                    END IF;
                    RETURN NULL;
                """,
            )
        ]

    def __str__(self):
        return self.get_kind_display()

    @property
    def minutes(self) -> int:
        return int((self.during.upper - self.during.lower).total_seconds() // 60)


@tracked()
class Claim(models.Model):
    """One resource held through one part. `active` is false while the visit is called off."""

    part = models.ForeignKey(AppointmentPart, models.CASCADE, related_name="claims")
    resource = models.ForeignKey(Resource, models.PROTECT, related_name="claims")
    during = DateTimeRangeField()
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            ExclusionConstraint(
                name="resource_in_one_place_at_a_time",
                expressions=[
                    ("resource", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
                condition=Q(active=True),
                violation_error_message="Somebody or something is already booked at that time.",
            ),
            models.UniqueConstraint(
                fields=["part", "resource"], name="a_part_claims_a_resource_once"
            ),
            models.CheckConstraint(name="claim_is_half_open", condition=HALF_OPEN),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="claim_is_as_long_as_its_part",
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("during", "part_id"),
                when=pgtrigger.Before,
                func="""
                    IF NEW.during IS DISTINCT FROM (
                        SELECT part.during FROM scheduling_appointmentpart part
                        WHERE part.id = NEW.part_id
                    ) THEN
                        RAISE EXCEPTION 'a claim lasts as long as its part'
                            USING ERRCODE = 'check_violation',
                                  CONSTRAINT = 'claim_is_as_long_as_its_part';
                    END IF;
                    RETURN NEW;
                """,
            )
        ]

    def __str__(self):
        return f"{self.resource}"
