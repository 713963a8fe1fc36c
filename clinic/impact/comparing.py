"""What is different between two outcomes of one subject: codes and figures, no words yet."""

FIGURES = ("visits", "weeks", "cost")
SETS = ("notes", "preparations", "ask")


def differences(old: dict, new: dict) -> dict:
    """Empty where nothing is; else what came, what went, and what became another."""
    before, after = _by_strategy(old), _by_strategy(new)
    found = {
        "lost": [code for code in before if code not in after],
        "gained": [code for code in after if code not in before],
        "changed": [
            {"strategy": code, **change}
            for code in before
            if code in after and (change := _changed(before[code], after[code]))
        ],
        "recommended": _pair(_recommended(old), _recommended(new)),
        "draft": _plan(old["plan"], new["plan"]),
        "fits": "" if bool(before) == bool(after) else "no longer" if before else "now",
    }
    return found if any(found.values()) else {}


def _by_strategy(outcome: dict) -> dict:
    return {proposal["strategy"]: proposal for proposal in outcome["proposals"]}


def _recommended(outcome: dict) -> str:
    return next((p["strategy"] for p in outcome["proposals"] if p["recommended"]), "")


def _pair(old, new) -> list:
    return [] if old == new else [old, new]


def _changed(old: dict, new: dict) -> dict:
    mine, theirs = _treatments(old), _treatments(new)
    found = {
        "without": sorted(mine - theirs),
        "with": sorted(theirs - mine),
        "expected": _pair(old["expected"][0], new["expected"][0]),
        "downtime": _pair(old["downtime"][0], new["downtime"][0]),
        "starts": _pair(old["starts"], new["starts"]),
        **{name: _pair(old[name], new[name]) for name in FIGURES},
        **{name: _came_and_went(old[name], new[name]) for name in SETS},
        "arranged": _sessions(old) != _sessions(new),
    }
    return found if any(found.values()) else {}


def _treatments(proposal: dict) -> set:
    return {step[0] for _, _, steps in proposal["sessions"] for step in steps}


def _sessions(proposal: dict) -> list:
    """As JSON keeps them, whether they come from there or not."""
    return [
        [kind, day, [list(step) for step in steps]] for kind, day, steps in proposal["sessions"]
    ]


def _came_and_went(old: list, new: list) -> dict:
    came, went = sorted({*new} - {*old}), sorted({*old} - {*new})
    return {"came": came, "went": went} if came or went else {}


def _plan(old: dict | None, new: dict | None) -> dict:
    """What the rules say of the draft itself, as somebody arranged it."""
    if not old or not new:
        return {}
    before = {tuple(each) for each in old["breaks"]}
    after = {tuple(each) for each in new["breaks"]}
    found = {
        "breaks": [list(each) for each in sorted(after - before)],
        "mends": [list(each) for each in sorted(before - after)],
        "cost": _pair(old["cost"], new["cost"]),
        "expected": _pair(old["expected"][0], new["expected"][0]),
        "downtime": _pair(old["downtime"][0], new["downtime"][0]),
        "ask": _came_and_went(old["ask"], new["ask"]),
    }
    return found if any(found.values()) else {}
