"""Compute a plan again, its suggestion and its content as of then, and compare with the stored."""

from uuid import UUID

from django.core.management import BaseCommand, CommandError

from planner.engine.catalogue import catalogue_from
from planner.engine.suggest import PLANNER_VERSION, suggest
from planner.models import Plan
from planner.replaying import made_again, performed_since
from planner.stored import canonical, case_from_plain, digest, plain, solver_version

MOST_LINES = 60


class Command(BaseCommand):
    help = (
        "Compute a plan again: the suggestion behind it, and what was made of it, by the facts and "
        "the catalogue of then. Exit status 0 when both are the same to the byte, 1 when one "
        "differs, 2 when there is no such plan."
    )

    def add_arguments(self, parser):
        parser.add_argument("plan", help="the id in the address of the plan's page")

    def handle(self, *args, plan, **options):
        found = _plan(plan)
        suggestion = found.suggestion
        document = suggestion.catalogue_version.document
        case = case_from_plain(suggestion.case, document)
        again = plain(suggest(case, catalogue_from(document)))
        changed = self._say_versions(suggestion)
        if canonical(again) != canonical(suggestion.result):
            self._say_different("The suggestion", suggestion.result, again, changed)
        self.stdout.write(f"Identical: the suggestion, {digest(again)}")
        self._content(found, again, changed)

    def _content(self, plan, result: dict, changed: str) -> None:
        """The plan itself: as it was taken, or as a clinician's last change left it."""
        made = made_again(plan, result)
        if made.by_another_planner:
            self.stdout.write(f"Last changed by planner {made.planner_version}")
            changed = changed or "planner"
        if not made.is_same:
            if performed_since(plan):
                raise CommandError(
                    f"More was performed under {plan.revises} since this draft was taken.",
                    returncode=1,
                )
            self._say_different("The plan", made.stored, made.content, changed)
        self.stdout.write(f"Identical: the plan {made.how}, {digest(made.content)}")
        for text in made.broken:
            self.stdout.write(f"  the rules said of it then: {text}")

    def _say_different(self, what: str, stored: dict, again: dict, changed: str) -> None:
        self.stdout.write(f"Different: stored {digest(stored)}, now {digest(again)}")
        place = "result" if what == "The suggestion" else "plan"
        for line in list(differences(stored, again, place))[:MOST_LINES]:
            self.stdout.write(f"  {line}")
        if changed:
            words = f"{what} comes out differently: since then the {changed} changed."
        else:
            words = (
                f"{what} comes out differently though planner, solver and catalogue are "
                "those of then: this is a fault. Please report it with the lines above."
            )
        raise CommandError(words, returncode=1)

    def _say_versions(self, suggestion) -> str:
        """Tells planner, solver and catalogue; what changed since, in words."""
        changed = []
        stored = (suggestion.planner_version, suggestion.solver_version or "not recorded")
        for what, then, now in zip(
            ("planner", "solver"), stored, (PLANNER_VERSION, solver_version()), strict=True
        ):
            same = "the same now" if then == now else f"now {now}"
            self.stdout.write(f"{what.capitalize()}: {then}, {same}")
            if then != now:
                changed.append(what)
        version = suggestion.catalogue_version
        self.stdout.write(f"Catalogue: version {version.number}, {version.hash}")
        return " and the ".join(changed)


def _plan(text: str) -> Plan:
    plans = Plan.objects.select_related(
        "suggestion__catalogue_version", "catalogue_version", "assessment", "revises"
    )
    try:
        return plans.get(pk=UUID(text))
    except ValueError:
        raise CommandError(f"{text} is no plan's id.", returncode=2) from None
    except Plan.DoesNotExist:
        raise CommandError(f"There is no plan {text}.", returncode=2) from None


def differences(old, new, place="result"):
    """Every place where two plain values differ: "result.proposals[0].cost: 480.00, now 520.00"."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            yield from differences(old.get(key), new.get(key), f"{place}.{key}")
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            pair = [side[index] if index < len(side) else None for side in (old, new)]
            yield from differences(*pair, f"{place}[{index}]")
    elif canonical(old) != canonical(new):
        yield f"{place}: {_short(old)}, now {_short(new)}"


def _short(value) -> str:
    text = "nothing" if value is None else canonical(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
