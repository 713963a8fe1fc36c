"""Who the patient is and what was seen: the facts that everything above is derived from."""

from patients.models.answers import Answer, PreviousTreatment
from patients.models.assessments import Assessment, FollowUp, Improvement
from patients.models.findings import (
    MAX_AREA_CM2,
    MAX_COUNT,
    MAX_DEPTH_MM,
    MAX_WIDTH_MM,
    Change,
    Finding,
    Mark,
    Receipt,
)
from patients.models.pads import Pad
from patients.models.people import EARLIEST_BIRTH, Patient, Wishes
from patients.models.photos import Photo, PhotoConsent, photo_path, thumbnail_path
from patients.models.reported import ReportedTotal

__all__ = [
    "EARLIEST_BIRTH",
    "MAX_AREA_CM2",
    "MAX_COUNT",
    "MAX_DEPTH_MM",
    "MAX_WIDTH_MM",
    "Answer",
    "Assessment",
    "Change",
    "Finding",
    "FollowUp",
    "Improvement",
    "Mark",
    "Pad",
    "Patient",
    "Photo",
    "PhotoConsent",
    "PreviousTreatment",
    "Receipt",
    "ReportedTotal",
    "Wishes",
    "photo_path",
    "thumbnail_path",
]
