"""Whether the figures of a treatment are less safe: as they stand, and as the planner reads them.

The planner takes the middle of a range for its usual figure where no usual one is given, so a
number that comes to stand beside a range may move what is planned.
"""

from collections.abc import Iterator

from clinic.catalogue import differing, kinds

FALLING, RISING, EITHER = "falling", "rising", "either"

STANDING = {
    "interval_weeks": {"min": FALLING, "typical": FALLING},
    "downtime_days": {"min": FALLING, "typical": FALLING, "max": FALLING},
    "sessions": {"max": RISING},
    "pigment_risk": {"min": FALLING, "typical": FALLING, "max": FALLING},
    "recovery_min": {"min": FALLING, "typical": FALLING, "max": FALLING},
}
READ = {
    "interval_weeks": {"min": FALLING, "typical": FALLING},
    "downtime_days": {"typical": FALLING},
    "sessions": {"max": RISING},
    "pigment_risk": {"typical": FALLING},
    "recovery_min": {"typical": FALLING},
}
NOT_KNOWN = {"sessions": 1, "interval_weeks": None}
"""What is planned without a figure; two treatments without an interval keep the default gap."""


def goes_down(way: str, was, now) -> bool:
    """Whether a number moved the unsafe `way`; one that is no longer given always did."""
    if was == now:
        return False
    if was is None:
        return way == EITHER
    if now is None or way == EITHER:
        return True
    return now < was if way == FALLING else now > was


def lowered(was: dict, now: dict) -> Iterator[tuple[tuple, str]]:
    """(path, words) for two rows of the section `treatments`."""
    before = {figure["kind"]: figure for figure in was["figures"]}
    after = {figure["kind"]: (at, figure) for at, figure in enumerate(now["figures"])}
    for kind in STANDING:
        at, figure = after.get(kind, (None, {}))
        for key, words in _of_kind(kind, before.get(kind, {}), figure):
            path = ("figures",) if at is None else ("figures", at, key)
            yield path, f"{kinds.FigureKind(kind).label}, {words}"


def _of_kind(kind: str, was: dict, now: dict) -> Iterator[tuple[str, str]]:
    stood = set()
    for key, way in STANDING[kind].items():
        if goes_down(way, was.get(key), now.get(key)):
            stood.add(key)
            yield (
                key,
                f"{differing.label_of(key)}: {said(was.get(key))} becomes {said(now.get(key))}",
            )
    before, after = _read(kind, was), _read(kind, now)
    for key, way in READ[kind].items():
        # A first interval takes the place of the default gap to other treatments.
        first = before[key] is None and after[key] is not None
        if key not in stood and (first or goes_down(way, before[key], after[key])):
            yield key, f"{_LABELS[key]}: {said(before[key])} becomes {said(after[key])}"


_LABELS = {
    "min": "read as the least",
    "typical": "read as the usual",
    "max": "read as the most",
}


def _read(kind: str, figure: dict) -> dict:
    """Least, usual and most as the planner takes them."""
    low, usual, high = (figure.get(key) for key in ("min", "typical", "max"))
    if usual is None and low is not None and high is not None:
        usual = (low + high) / 2
    elif usual is None:
        usual = high if high is not None else low
    if usual is None:
        usual = NOT_KNOWN.get(kind, 0)
    return {
        "min": usual if low is None else low,
        "typical": usual,
        "max": high or usual,
    }


def said(number) -> str:
    return "not given" if number is None else f"{number:g}"
