"""What the commands over case files share: reading them, and going on after a faulty one."""

import sys

from django.core.management.base import CommandError
from django.utils import timezone
from tqdm import tqdm

from clinic.catalogue.models import Version
from patients import grading
from planner.casefile import CaseError, CaseReader, load
from planner.engine.catalogue import catalogue_from


class Casework:
    """The catalogue of one published version, and the case files read against it."""

    def __init__(self, number: int | None = None):
        if number is None:
            version, wanted = Version.objects.in_force(), "published version"
        else:
            version, wanted = Version.objects.filter(number=number).first(), f"version {number}"
        if version is None:
            raise CommandError(f"There is no {wanted} of the catalogue.", returncode=2)
        document = version.document
        self.catalogue = catalogue_from(document, version.hash)
        self.number = version.number
        self.scales = {row["code"]: row for row in document["scales"]}
        self.sides = {row["code"]: row["sides"] for row in document["regions"]}
        self.questions = document["questions"]

    def run(self, command, files, answer) -> None:
        """`answer` every file on a line of its own; errors go to stderr and exit with status 2."""
        bar = tqdm(files, "Cases", file=sys.stderr, disable=None if len(files) > 3 else True)
        failed = [name for name in bar if not self._one(command, name, answer)]
        if failed:
            words = f"{len(failed)} of {len(files)} case files have errors"
            raise CommandError(words, returncode=2)

    def _one(self, command, name: str, answer) -> bool:
        try:
            with open(name, encoding="utf-8") as file:
                document = load(file.read())
        except (OSError, UnicodeDecodeError) as error:
            problems = [f"not readable ({getattr(error, 'strerror', '') or error})"]
        except CaseError as error:
            problems = [error]
        else:
            reader = self.reader(document)
            result = answer(reader, reader.case(timezone.localdate()))
            problems = reader.problems
        for problem in problems:
            command.stderr.write(f"{name}: {problem}")
        if not problems:
            command.stdout.write(result)
        return not problems

    def reader(self, document: dict) -> CaseReader:
        rows = {row["code"] for row in self.scales["goodman_baron_quantitative"]["rows"]}
        return CaseReader(document, self.catalogue, sides=self.sides, rows=rows)

    def grades(self, reader: CaseReader) -> dict:
        """The published grades of the case: their values alone; `grade` shows how they came."""
        seen = reader.seen
        found = grading.grade_face(
            seen.findings, seen.marks, seen.bedside, seen.scar_s, self.scales
        )
        names = ("goodman_baron_qualitative", "goodman_baron_quantitative", "ecca")
        return {name: found[name]["value"] for name in names}
