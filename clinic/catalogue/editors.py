"""Where a row of the draft is edited, and where it is read."""

from django.urls import reverse

from clinic.catalogue import documents

PAGES = {
    "treatments": "catalogue:edit_treatment",
    "pairs": "catalogue:edit_pair",
    "safety_rules": "catalogue:edit_rule",
    "sources": "catalogue:edit_source",
    "packages": "catalogue:package",
}
"""Sections with a page made for the job; the others are edited in the plain tables."""

READ = {
    "pairs": "catalogue:pairs",
    "safety_rules": "catalogue:safety",
    "questions": "catalogue:questions",
    "policies": "catalogue:policies",
    "calibration": "catalogue:policies",
    "scales": "catalogue:scales",
    "instruments": "catalogue:scales",
}
"""Pages of the version in force where each row of a section has its own place."""


def read_at(section: str, code: str) -> str:
    """Where a row of the version in force is read; empty where it is on no page."""
    if section == "treatments":
        return reverse("catalogue:treatment", args=[code])
    return f"{reverse(READ[section])}#{code}" if section in READ else ""


def edited_at(section: str, code: str) -> str:
    if section in PAGES:
        return reverse(PAGES[section], args=[code])
    model = documents.TABLES[section]._meta.model_name
    return reverse(f"admin:catalogue_{model}_change", args=[code])
