"""A page that heard no answer asks again, with the same key; what it asks for is done once."""

from django.db import IntegrityError, transaction

from patients.models import Finding, Mark, Receipt


def once(*, assessment, key, deed):
    """Run `deed`, unless a request with this `key` did so before; the finding or mark it made.

    A deed that makes neither gives None, and so does one whose row has been removed since.
    Without a key nothing is remembered.
    """
    if key is None:
        return deed()
    if receipt := _receipt(assessment, key):
        return _row(receipt)
    try:
        with transaction.atomic():
            made = deed()
            row = made.pk if isinstance(made, Finding | Mark) else None
            Receipt.objects.create(assessment=assessment, key=key, row=row)
    except IntegrityError:
        if receipt := _receipt(assessment, key):  # the same request, at the same moment
            return _row(receipt)
        raise
    return made


def made_by(*, assessment, key) -> Finding | Mark | None:
    """The row that the request `key` made, if it is there still."""
    receipt = _receipt(assessment, key)
    return _row(receipt) if receipt else None


def _receipt(assessment, key) -> Receipt | None:
    return Receipt.objects.filter(assessment=assessment, key=key).first()


def _row(receipt) -> Finding | Mark | None:
    if receipt.row is None:
        return None
    tables = (model.objects.filter(pk=receipt.row).first() for model in (Finding, Mark))
    return next((row for row in tables if row is not None), None)
