"""The hundred made-up cases that ship with the clinic."""

import random
from collections import Counter

import yaml

from clinic.impact import cases
from clinic.impact.library import make_faces, make_histories
from planner.engine.safety import Safety
from tests.planner import shipped


def test_there_are_a_hundred_cases_and_each_is_read_without_a_fault():
    sides = {row["code"]: row["sides"] for row in shipped.load_document_from_yaml()["regions"]}
    faults = {}
    for content in cases.contents():
        reader = cases.reader(content, shipped.catalogue(), sides)
        reader.case(cases.MADE_ON)
        if reader.problems:
            faults[content["id"]] = reader.problems

    assert faults == {}
    codes = Counter(content["id"] for content in cases.contents())
    assert len(codes) == 100
    assert set(codes.values()) == {1}


def test_every_safety_rule_is_hit_by_a_case():
    catalogue, document = shipped.catalogue(), shipped.load_document_from_yaml()
    hit = set()
    for row in cases.read(catalogue, document):
        safety = Safety(row.case, catalogue)
        seen = row.case.findings or row.case.marks
        for place in {one.place for one in seen}:
            for code in catalogue.treatments:
                hit |= {one.rule for one in safety.hits(code, place, row.case.on) if one.known}

    assert {rule["code"] for rule in document["safety_rules"]} - hit == set()


def test_what_is_shipped_is_what_the_makers_make():
    rng = random.Random(make_histories.SEED)
    made = [make_histories.case(rng, n, row) for n, row in enumerate(make_histories.HISTORIES, 1)]
    rng = random.Random(make_faces.SEED)
    made += [make_faces.face(rng, number) for number in range(1, make_faces.FACES + 1)]

    assert [yaml.safe_load(yaml.safe_dump(one)) for one in made] == list(cases.contents())
