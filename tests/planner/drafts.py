"""A clinic with the shipped catalogue and an answered, assessed patient, made once a module."""

import datetime as dt
from contextlib import contextmanager
from unittest.mock import patch
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from clinic.catalogue import services as catalogue
from clinic.catalogue.models import Clinic
from patients import services as records
from patients.questions import questions
from planner import services
from tests.factories import make_patient, make_user

ON = dt.datetime(2026, 11, 23, 10, 0, tzinfo=ZoneInfo("Europe/London"))
ANSWERS = {"pregnancy_excluded": True, "dcq": 0, "phq2": 0, "pih_care": "improving"}
FINDINGS = [
    ("malar", "L", "rolling", 6),
    ("malar", "R", "rolling", 6),
    ("malar", "L", "ice_pick", 8),
    ("nasal_tip", "M", "ice_pick", 3),
]


@contextmanager
def at_this_time():
    with patch("django.utils.timezone.now", lambda: ON):
        yield


@contextmanager
def rolled_back():
    """What is made inside is there for every test of a module, and gone after the last."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def make_clinic():
    """The shipped catalogue, in a clinic that has every device."""
    catalogue.load()
    clinic = Clinic.current()
    clinic.lacks = []
    clinic.save()


def make_answered_patient(by, **fields):
    fields = {"fitzpatrick": 3, "weight_kg": 62, "height_cm": 168, **fields}
    patient = make_patient(by=by, **fields)
    answers = dict.fromkeys(questions(), False) | ANSWERS
    records.record_answers(patient=patient, answers=answers, on=timezone.localdate(), by=by)
    return patient


def make_assessed(patient, by, findings=FINDINGS):
    draft = records.start_assessment(patient=patient, by=by, on=timezone.localdate())
    for region, side, scar_type, count in findings:
        records.log_finding(
            assessment=draft, by=by, region=region, side=side, scar_type=scar_type, count=count
        )
    return records.sign_assessment(assessment=draft, by=by)


def make_suggested(by=None, **fields):
    by = by or make_user()
    assessment = make_assessed(make_answered_patient(by, **fields), by)
    return services.suggest_for(assessment=assessment, by=by)
