"""Check the plans that case files carry: every rule hit by session and step, and what to expect."""

from django.core.management.base import BaseCommand

from planner.engine.check import check
from planner.engine.output import checked_document, to_json
from planner.management.casework import Casework


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser):
        parser.add_argument("files", nargs="+", metavar="CASE.yaml")
        parser.add_argument("--catalogue-version", type=int, metavar="N")

    def handle(self, *, files, catalogue_version, **options):
        self.work = Casework(catalogue_version)
        self.work.run(self, files, self._check)

    def _check(self, reader, case) -> str:
        plan = reader.plan()
        if plan is None and not reader.problems:
            reader.problem("plan", "missing; a plan such as {sessions: [...]} is to be checked")
        if reader.problems:
            return ""
        return to_json(checked_document(check(case, self.work.catalogue, plan), case.id))
