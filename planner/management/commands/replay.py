"""Compute a plan's suggestion again, as of then, and compare it with what was stored."""

from uuid import UUID

from django.core.management import BaseCommand, CommandError

from planner.engine.catalogue import catalogue_from
from planner.engine.suggest import PLANNER_VERSION, suggest
from planner.models import Plan
from planner.stored import canonical, case_from_plain, digest, plain, solver_version

MOST_LINES = 60


class Command(BaseCommand):
    help = (
        "Compute the suggestion behind a plan again, from the stored facts and the catalogue of "
        "then. Exit status 0 when the result is the same to the byte, 1 when it differs, 2 when "
        "there is no such plan."
    )

    def add_arguments(self, parser):
        parser.add_argument("plan", help="the id in the address of the plan's page")

    def handle(self, *args, plan, **options):
        suggestion = _plan(plan).suggestion
        document = suggestion.catalogue_version.document
        case = case_from_plain(suggestion.case, document)
        again = plain(suggest(case, catalogue_from(document)))
        changed = self._say_versions(suggestion)
        if canonical(again) == canonical(suggestion.result):
            self.stdout.write(f"Identical: {digest(again)}")
            return
        self.stdout.write(f"Different: stored {digest(suggestion.result)}, now {digest(again)}")
        for line in list(differences(suggestion.result, again))[:MOST_LINES]:
            self.stdout.write(f"  {line}")
        if changed:
            words = f"The suggestion comes out differently: since then the {changed} changed."
        else:
            words = (
                "The suggestion comes out differently though planner, solver and catalogue are "
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
    plans = Plan.objects.select_related("suggestion__catalogue_version")
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
