"""Suggest protocols for case files: one JSON document a case, one a line."""

from django.core.management.base import BaseCommand, CommandError

from planner.casefile import shape_of
from planner.engine.output import as_document, to_json
from planner.engine.suggest import suggest
from planner.management.casework import Casework
from planner.management.in_words import suggestion_in_words


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser):
        parser.add_argument("files", nargs="*", metavar="CASE.yaml")
        parser.add_argument("--strategy", metavar="NAME", help="only this strategy's proposal")
        parser.add_argument("--format", choices=("json", "text"), default="json")
        parser.add_argument("--catalogue-version", type=int, metavar="N")
        parser.add_argument(
            "--questions", action="store_true", help="list the codes and shapes of answers"
        )

    def handle(self, *, files, strategy, format, catalogue_version, questions, **options):
        self.work, self.format = Casework(catalogue_version), format
        self.strategies = self._strategies(strategy)
        if questions:
            for question in self.work.questions:
                typed = self.work.catalogue.questions[question["code"]]
                self.stdout.write(f"{question['code']}: {shape_of(typed)}\n    {question['text']}")
        elif not files:
            raise CommandError("Name at least one case file, or ask for --questions.", returncode=2)
        self.work.run(self, files, self._suggest)

    def _strategies(self, name: str | None):
        if name is None:
            return None
        known = [strategy.code for strategy in self.work.catalogue.strategies]
        if name not in known:
            words = f"{name} is not a strategy; accepted: {', '.join(known)}"
            raise CommandError(words, returncode=2)
        return (name,)

    def _suggest(self, reader, case) -> str:
        reader.plan()
        if reader.problems:
            return ""
        suggestion = suggest(case, self.work.catalogue, strategies=self.strategies)
        if self.format == "text":
            return suggestion_in_words(suggestion, self.work.catalogue)
        document = as_document(suggestion)
        grade = self.work.grades(reader)
        return to_json({"id": document.pop("id"), "grade": grade, **document})
