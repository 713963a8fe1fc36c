"""Deeds on the catalogue: load the files, publish a version, withdraw a treatment."""

from pathlib import Path

from django.db import transaction

from clinic.catalogue import checks, documents, drafting
from clinic.catalogue.errors import (
    CatalogueRefused,
    EditedByTheClinic,
    NoSuchTreatment,
)
from clinic.catalogue.files import DATA, Files
from clinic.catalogue.models import Treatment, Version

LOADED = "Loaded from the data files."


def load(folder: Path = DATA, *, overwrite: bool = False, step=lambda rows: rows) -> Version:
    """Put the files' rows into the tables and publish them, if they differ; all or nothing.

    Raises CatalogueRefused with file, line and reason for anything wrong, and EditedByTheClinic
    where somebody changed the tables since the last load, unless `overwrite`.
    """
    files = Files(folder)
    wrong = files.faults or [files.line_of(one) for one in checks.problems(files.document)]
    if wrong:
        raise CatalogueRefused(wrong)
    document = checks.tidy(files.document)
    with transaction.atomic():
        if not overwrite and _edited_since_loaded():
            raise EditedByTheClinic
        documents.write(document, step=step)
        return publish(by=None, words=LOADED)


def _edited_since_loaded() -> bool:
    """Whether the tables differ from the last version that nobody published, but the files did."""
    loaded = Version.objects.filter(published_by=None).order_by("-number").first()
    if loaded is None:
        return Treatment.objects.exists()
    return documents.draft() != checks.tidy(loaded.document)


@transaction.atomic
def publish(*, by, words: str = "") -> Version:
    """The draft in the tables as a new version, or the version in force if nothing differs."""
    document = documents.draft()
    if wrong := checks.problems(document):
        raise CatalogueRefused(drafting.in_words(document, problem) for problem in wrong)
    digest = documents.hash_of(document)
    newest = Version.objects.select_for_update().defer("document").order_by("-number").first()
    if newest and newest.hash == digest:
        return newest
    number = newest.number + 1 if newest else 1
    return Version.objects.create(
        number=number, document=document, hash=digest, published_by=by, words=words
    )


@transaction.atomic
def withdraw(*, code: str, by, words: str) -> Version:
    """No plan made from now on holds this treatment; what was planned keeps it."""
    changed = Treatment.objects.filter(code=code, withdrawn=False).update(withdrawn=True)
    if not changed:
        raise NoSuchTreatment(code)
    return publish(by=by, words=words)
