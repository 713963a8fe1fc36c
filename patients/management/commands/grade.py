"""Grade the findings of case files, or name the type of one lesion by the decision rule."""

import json
from decimal import Decimal

from django.core.management.base import BaseCommand, CommandError

from clinic.catalogue.models import Version
from clinic.catalogue.terms import Side
from patients import casefile, classifying, grading

LESION = {
    "palpable": bool,
    "raised": bool,
    "beyond_original_outline": bool,
    "distensible": bool,
    "band": bool,
    "tract": bool,
    "colour": ("brown", "dark", "red", "pink", "violet", "pale"),
    "wall": ("sharp", "sloping"),
    "base": ("pointed", "flat"),
    "region": str,
    "width_mm": Decimal,
    "depth_mm": Decimal,
}
ELSEWHERE = {"id", "on", "patient", "answers", "unanswered", "wishes", "clinic", "plan", "assumed"}


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser):
        parser.add_argument("files", nargs="+", metavar="CASE.yaml")
        parser.add_argument("--classify", action="store_true", help="the files describe one lesion")
        parser.add_argument("--catalogue-version", type=int, metavar="N")

    def handle(self, *, files, classify, catalogue_version, **options):
        self.scales, self.regions = self._catalogue(catalogue_version)
        answer = self._classify if classify else self._grade
        failed = [name for name in files if not self._one(name, answer)]
        if failed:
            raise CommandError(f"{len(failed)} of {len(files)} files have errors", returncode=2)

    def _catalogue(self, number):
        if number is None:
            version = Version.objects.in_force()
        else:
            version = Version.objects.filter(number=number).first()
        if version is None:
            raise CommandError("There is no such published catalogue version.", returncode=2)
        document = version.document
        scales = {row["code"]: row for row in document["scales"]}
        return scales, {row["code"]: row["sides"] for row in document["regions"]}

    def _one(self, name, answer) -> bool:
        """Answer one file on standard output, or say what is wrong with it; others still run."""
        try:
            with open(name, encoding="utf-8") as file:
                result, problems = answer(casefile.load(file.read()))
        except (OSError, UnicodeDecodeError) as error:
            result, problems = None, [f"not readable ({getattr(error, 'strerror', '') or error})"]
        except casefile.CaseError as error:
            result, problems = None, [error]
        for problem in problems:
            self.stderr.write(f"{name}: {problem}")
        if not problems:
            self.stdout.write(json.dumps(result, ensure_ascii=False))
        return not problems

    def _grade(self, document):
        rows = {row["code"] for row in self.scales["goodman_baron_quantitative"]["rows"]}
        reader = casefile.Reader(document, regions=self.regions, rows=rows)
        reader.only(document, casefile.KEYS | ELSEWHERE, "")
        for key in ("id", "findings"):
            if key not in document:
                reader.problem(key, "missing; every case has one")
        facts = reader.facts()
        if reader.problems:
            return None, reader.problems
        grades = grading.grade_face(
            facts.findings, facts.marks, facts.bedside, facts.scar_s, self.scales
        )
        return {"id": document["id"], **grades}, []

    def _classify(self, document):
        reader = casefile.Reader(document, regions=self.regions)
        reader.only(document, LESION.keys() | {"id"}, "")
        lesion = {key: self._read(reader, document, key, kind) for key, kind in LESION.items()}
        if reader.problems:
            return None, reader.problems
        identity = {"id": document["id"]} if "id" in document else {}
        return identity | classifying.classify(lesion, self.scales["scar_type_rule"]), []

    def _read(self, reader, document, key, kind):
        if kind is bool:
            return reader.yes_no(document, key, "")
        if kind is Decimal:
            high = 30 if key == "width_mm" else 10
            return reader.number(document, key, "", above=0, high=high, unit="mm")
        if kind is str:
            places = [
                *self.regions,
                *(f"{code}.{side.value}" for code in self.regions for side in Side),
            ]
            return reader.choice(document, key, places, "") or None
        unknown = document.get(key) == "unknown"
        return None if unknown else reader.choice(document, key, kind, "") or None
