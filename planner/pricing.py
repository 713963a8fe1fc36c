"""What a patient pays for a plan: list prices, the packages that its visits fill, and tax.

The engine composes and compares plans at list prices; packages are reckoned here, afterwards, on
the visits that a plan really holds, with the packages of the catalogue that it was made with. A
package covers whole sessions: the earliest that count, as often as the plan fills it, no session
twice, and of several ways the one that spares the patient most. It never raises a price.

Every amount is rounded once, where it becomes a line; sums are sums of lines, so they add up.
"""

from collections import Counter
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from clinic.catalogue.reading import book

CENT = Decimal("0.01")
NOUGHT = Decimal("0.00")


@dataclass(frozen=True)
class Line:
    """One treatment at one visit, at its list price."""

    visit: int
    treatment: str
    name: str
    amount: Decimal


@dataclass(frozen=True)
class Reduction:
    """A package that these visits fill, and what it takes off their list prices."""

    package: str
    name: str
    visits: tuple[int, ...]
    amount: Decimal


@dataclass(frozen=True)
class Package:
    code: str
    name: str
    treatments: frozenset
    sessions: int
    percent: Decimal | None
    price: Decimal | None

    def off(self, lines) -> Decimal:
        if self.percent is not None:
            return sum((rounded(line.amount * self.percent / 100) for line in lines), NOUGHT)
        return sum((line.amount for line in lines), NOUGHT) - self.price


@dataclass(frozen=True)
class Sheet:
    lines: tuple[Line, ...]
    reductions: tuple[Reduction, ...]
    tax_percent: Decimal = NOUGHT
    tax_included: bool = True

    @property
    def listed(self) -> Decimal:
        return sum((line.amount for line in self.lines), NOUGHT)

    @property
    def spared(self) -> Decimal:
        return sum((one.amount for one in self.reductions), NOUGHT)

    @property
    def net(self) -> Decimal:
        """After the packages; without the tax where tax is added."""
        return self.listed - self.spared

    @property
    def tax(self) -> Decimal:
        whole = 100 + self.tax_percent if self.tax_included else Decimal(100)
        return rounded(self.net * self.tax_percent / whole)

    @property
    def total(self) -> Decimal:
        return self.net if self.tax_included else self.net + self.tax

    def plain(self) -> dict:
        """As a quote keeps it: whatever is computed later, these words and figures stay."""
        return {
            "lines": [[one.visit, one.treatment, one.name, str(one.amount)] for one in self.lines],
            "reductions": [
                [one.package, one.name, list(one.visits), str(one.amount)]
                for one in self.reductions
            ],
            "listed": str(self.listed),
            "spared": str(self.spared),
            "net": str(self.net),
            "tax_percent": str(self.tax_percent),
            "tax_included": self.tax_included,
            "tax": str(self.tax),
            "total": str(self.total),
        }


def rounded(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def sheet_of(content: dict, version, clinic) -> Sheet:
    """What the plan or proposal in `content` costs with the packages of `version`."""
    return reckon(
        lines_of(content["sessions"]),
        packages_of(version),
        tax_percent=clinic.tax_percent,
        tax_included=clinic.tax_included,
    )


def packages_of(version) -> tuple[Package, ...]:
    shown = book(version)
    return tuple(
        Package(
            row["code"],
            row["name"],
            shown.treatments_of(row["treatments"]),
            row["sessions"],
            None if row["percent"] is None else Decimal(str(row["percent"])),
            None if row["price"] is None else Decimal(row["price"]),
        )
        for row in shown.rows("packages").values()
    )


def lines_of(sessions: list[dict]) -> tuple[Line, ...]:
    """What is charged at each visit; what costs nothing there, such as the second session of a
    treatment that is priced by the course, is no line and fills no package."""
    sums: Counter = Counter()
    names = {}
    for number, session in enumerate(sessions, 1):
        for step in session["steps"]:
            sums[number, step["treatment"]] += Decimal(step["price"])
            names[step["treatment"]] = step["name"]
    return tuple(
        Line(visit, code, names[code], rounded(amount))
        for (visit, code), amount in sums.items()
        if amount
    )


def reckon(lines, packages, *, tax_percent=NOUGHT, tax_included=True) -> Sheet:
    taken = _best(tuple(lines), tuple(sorted(packages, key=lambda one: one.code)))
    return Sheet(tuple(lines), taken, Decimal(tax_percent), tax_included)


def _best(lines: tuple[Line, ...], packages: tuple[Package, ...]) -> tuple[Reduction, ...]:
    """The packages that together take off most; of equals those whose codes come first."""

    @cache
    def best(left: tuple[int, ...]) -> tuple[Decimal, tuple[Reduction, ...]]:
        found = (NOUGHT, ())
        for package in packages:
            covered = _covered(package, left)
            if covered is None:
                continue
            chosen = [lines[index] for index in covered]
            if (off := package.off(chosen)) <= 0:
                continue
            more, after = best(tuple(index for index in left if index not in covered))
            if off + more > found[0]:
                visits = tuple(line.visit for line in chosen)
                mine = Reduction(package.code, package.name, visits, off)
                found = (off + more, (mine, *after))
        return found

    def _covered(package: Package, left) -> list[int] | None:
        fits = [index for index in left if lines[index].treatment in package.treatments]
        return fits[: package.sessions] if len(fits) >= package.sessions else None

    return best(tuple(range(len(lines))))[1]
