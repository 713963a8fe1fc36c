"""Write faces.yaml: 50 generated faces as case files, from one seed.

    python -m clinic.impact.library.make_faces

Plainly made up: types where they usually stand, full faces of up to 14 groups, risks and wishes.
"""

import random
from pathlib import Path

import yaml

SEED = 20261121
FACES = 50
HOME = {
    "ice_pick": ("malar", "temple", "nasal_tip", "lateral_cheek", "chin"),
    "rolling": ("malar", "lateral_cheek", "mandibular_angle", "chin", "preauricular"),
    "boxcar_shallow": ("temple", "lateral_cheek", "malar", "forehead_lateral", "preauricular"),
    "boxcar_deep": ("lateral_cheek", "malar", "temple", "forehead_central"),
    "hypertrophic": ("jawline_anterior", "mandibular_angle", "chin"),
    "papular": ("nasal_tip", "chin"),
}
MIDDLE = {"nasal_tip", "chin", "forehead_central"}
ANSWERS = {
    "herpes_history": True,
    "isotretinoin": {"taking": False, "last_dose": "2026-07-15"},
    "keloid": {"family": True},
    "pih_history": True,
    "smoking": "some",
    "implanted_device": True,
    "tan": {"last_on": "2026-11-10"},
}


def main() -> None:
    rng = random.Random(SEED)
    text = yaml.safe_dump([face(rng, n) for n in range(1, FACES + 1)], sort_keys=False, width=110)
    head = "# Made by make_faces.py; do not edit by hand.\n"
    Path(__file__).with_name("faces.yaml").write_text(head + text, encoding="utf-8")


def face(rng: random.Random, number: int) -> dict:
    wished = rng.random() < 0.4
    return {
        "id": f"face-{number:02d}",
        "on": "2026-11-21",
        "patient": {
            "age": rng.randint(18, 55),
            "sex": rng.choice("FM"),
            "fitzpatrick": rng.choice(("I", "II", "III", "III", "IV", "IV", "V", "VI")),
            "weight_kg": rng.randint(50, 95),
        },
        "unanswered": "no",
        "answers": {code: ANSWERS[code] for code in rng.sample(sorted(ANSWERS), rng.randint(0, 2))},
        "findings": findings(rng, 14 if number % 2 else rng.randint(2, 13)),
        "wishes": wishes(rng) if wished else {},
    }


def findings(rng: random.Random, groups: int) -> list[dict]:
    made: dict = {}
    while len(made) < groups:
        scar_type = rng.choices(sorted(HOME), weights=(4, 6, 1, 6, 1, 6))[0]
        region = rng.choice(HOME[scar_type])
        side = "M" if region in MIDDLE else rng.choice("LR")
        row = {"region": region, "side": side, "type": scar_type}
        if scar_type == "hypertrophic":
            row["area_cm2"] = rng.randint(1, 6) / 2
        else:
            row["count"] = rng.randint(1, 22)
        if scar_type == "rolling":
            row["severity"] = rng.choice(("mild", "moderate", "severe"))
        made[region, side, scar_type] = row
    return [made[key] for key in sorted(made)]


def wishes(rng: random.Random) -> dict:
    possible = {
        "max_downtime_days": rng.randint(3, 14),
        "budget": 500 * rng.randint(2, 12),
        "max_visits": rng.randint(4, 12),
        "finish_within_weeks": rng.randint(16, 60),
    }
    return {name: possible[name] for name in rng.sample(sorted(possible), rng.randint(1, 2))}


if __name__ == "__main__":
    main()
