"""Random changes of the shipped catalogue, such as an admin could make, drawn from one number."""

import random
from copy import deepcopy

from planner.engine.catalogue import Catalogue, catalogue_from
from tests.planner import shipped

EFFECTS = ("BLOCK", "DELAY", "OVERRIDE", "PRETREAT", "CAUTION")
RELATIONS = ("avoid", "separate_by_weeks", "order_before", "same_session_ok")
CONDITIONS = (
    {"all": []},
    {"fact": "patient.fitzpatrick", "ge": 4},
    {"fact": "patient.age", "ge": 30},
    {"fact": "isotretinoin.last_dose", "within": {"months": 7}},
    {"fact": "smoking", "in": ["some", "heavy"]},
    {"not": {"fact": "keloid.family", "eq": False}},
)


def edited(seed: int) -> tuple[Catalogue, str]:
    """A catalogue with one to three changed rows, and what was done, for a failure's message."""
    rng = random.Random(seed)
    document, told = dict(shipped.load_document_from_yaml()), []
    for _ in range(rng.randint(1, 3)):
        section, change = rng.choice(CHANGES)
        rows = document[section]
        index = rng.randrange(len(rows))
        row = change(rng, deepcopy(rows[index]))
        told.append(f"{section} {rows[index]['code']}: {change.__name__}")
        document[section] = [*rows[:index], *([row] if row else []), *rows[index + 1 :]]
    return catalogue_from(document), "; ".join(told)


def another_figure(rng, row):
    if row["figures"]:
        figure = rng.choice(row["figures"])
        for key in ("min", "typical", "max"):
            if figure.get(key) is not None:
                figure[key] = str(float(figure[key]) * 2) if figure["kind"] == "price" else (
                    figure[key] + 1
                )  # fmt: skip
    return row


def another_effectiveness(rng, row):
    if row["indications"]:
        rng.choice(row["indications"])["effectiveness"] = rng.randint(0, 4)
    return row


def another_contraindication(rng, row):
    word = rng.choice(shipped.load_document_from_yaml()["words"])["code"]
    level = rng.choice(("absolute", "caution"))
    others = [item for item in row["contraindications"] if item["word"] != word]
    row["contraindications"] = [*others, {"word": word, "level": level}]
    return row


def withdrawn(rng, row):
    return row | {"withdrawn": True}


def another_device(rng, row):
    return row | {
        "requires": [rng.choice(shipped.load_document_from_yaml()["requirements"])["code"]]
    }


def gone(rng, row):
    return None


def another_relation(rng, row):
    return row | {"relation": rng.choice(RELATIONS), "weeks": {"min": 3, "typical": 5}}


def another_condition(rng, row):
    return row | {"when": rng.choice(CONDITIONS)}


def another_effect(rng, row):
    rng.choice(row["clauses"])["effect"] = rng.choice(EFFECTS)
    return row


def another_clause_condition(rng, row):
    rng.choice(row["clauses"])["when"] = rng.choice(CONDITIONS)
    return row


def other_targets(rng, row):
    treatments = [one["code"] for one in shipped.load_document_from_yaml()["treatments"]]
    rng.choice(row["clauses"])["targets"] = rng.sample(treatments, 3)
    return row


def another_place(rng, row):
    rng.choice(row["clauses"])["regions"] = ["malar", "chin"]
    return row


def one_clause_less(rng, row):
    row["clauses"].pop(rng.randrange(len(row["clauses"])))
    return row if row["clauses"] else None


def other_rules(rng, row):
    return row | {"rules": (row.get("rules") or [])[1:]}


def another_volume(rng, row):
    return row | {"lidocaine_ml": (row.get("lidocaine_ml") or 0) + 1}


def other_words(rng, row):
    return row | {"name": "Another name", "text": "Other words", "title": "Another title"}


CHANGES = (
    *(("treatments", change) for change in (another_figure, another_effectiveness)),
    *(("treatments", change) for change in (another_contraindication, withdrawn, another_device)),
    *(("pairs", change) for change in (gone, another_relation, another_condition)),
    *(("safety_rules", change) for change in (another_effect, another_clause_condition, gone)),
    *(("safety_rules", change) for change in (other_targets, another_place, one_clause_less)),
    *(("words", change) for change in (another_condition, other_rules)),
    *(("protocols", change) for change in (gone, other_words)),
    *(("regions", change) for change in (another_volume, other_words)),
    *((section, other_words) for section in ("treatments", "safety_rules", "policies", "pairs")),
)
"""Where, and what; what is done often in a clinic stands more than once."""
