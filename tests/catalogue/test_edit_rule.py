"""The editor of a safety rule: choices that become the row, and nothing lost on the way."""

import json
from copy import deepcopy
from html.parser import HTMLParser

import pytest
from django.http import QueryDict
from django.urls import reverse

from clinic.catalogue import checks, documents, drafting, services
from clinic.catalogue.condition_builder import Node, Vocabulary, changed
from clinic.catalogue.reading import Book
from clinic.catalogue.rule_form import Choices, RuleDesk
from clinic.catalogue.spans import uneven
from clinic.staff.roles import Role
from tests.catalogue.small import write_small
from tests.factories import make_user, shipped

SECTIONS = ("questions", "regions", "treatments", "families", "sources", "safety_rules", "pairs",
            "words", "limits")  # fmt: skip


@pytest.fixture(scope="module")
def choices():
    """What the shipped catalogue lets one choose from."""
    document = {name: shipped(name) for name in SECTIONS}
    tidy = checks.tidy(json.loads(json.dumps(document, default=str)))
    return Choices(Book({name: tidy[name] for name in SECTIONS}))


def sent(form) -> list[tuple[str, str]]:
    """The names and values that a browser would send for a form."""
    found = []
    for name in form.fields:
        html_name, value = form.add_prefix(name), form[name].value()
        if isinstance(value, Node):
            found += sent_of_node(value, html_name)
        elif isinstance(value, list):
            found += [(html_name, one) for one in value]
        elif value is not False:
            found.append((html_name, "" if value is None else str(value)))
    return found


def sent_of_node(node, name):
    if node.kind == "none":
        return
    yield f"{name}-k", node.kind
    if node.kind == "fact":
        yield from ((f"{name}-fact", node.fact), (f"{name}-op", node.op))
        yield f"{name}-unit", node.unit
        yield from ((f"{name}-v", value) for value in node.values)
    for index, part in enumerate(node.parts):
        yield from sent_of_node(part, f"{name}-{index}")


def posted(pairs) -> QueryDict:
    data = QueryDict(mutable=True)
    for name, value in pairs:
        data.appendlist(name, value)
    return data


def of_rule(desk) -> QueryDict:
    forms = [pair for form in (desk.head, *desk.clauses) for pair in sent(form)]
    return posted([*forms, ("clauses", str(len(desk.clauses)))])


# ---- there and back


def test_every_rule_comes_back_from_the_form_as_it_was(choices):
    for row in choices.book.rows("safety_rules").values():
        desk = RuleDesk.sent(of_rule(RuleDesk.of(row, choices)), row, choices)

        assert desk.is_valid(), (row["code"], [form.errors for form in desk.clauses])
        assert documents.canonical(desk.row()) == documents.canonical(row)
        assert not any(uneven(clause) for clause in row["clauses"]), row["code"]


def test_every_condition_comes_back_from_its_nodes_as_it_was(choices):
    rows = [
        row for name in ("pairs", "words", "limits") for row in choices.book.rows(name).values()
    ]
    conditions = [row["when"] for row in rows]
    for question in choices.book.rows("questions").values():
        conditions += [question["applies"], *(part["show_if"] for part in question["parts"])]

    for condition in conditions:
        data = posted(sent_of_node(Node.of(condition), "x"))
        node = Node.typed(data, "x")

        assert list(node.faults(choices.words)) == []
        assert documents.canonical(node.fits(choices.words).condition(choices.words)) == (
            documents.canonical(condition)
        )


class Controls(HTMLParser):
    """What a browser would send of a page, but for its buttons."""

    def __init__(self):
        super().__init__()
        self.pairs, self.select, self.area = [], None, None

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "input" and attrs.get("name"):
            if attrs.get("type") in ("checkbox", "radio") and "checked" not in attrs:
                return
            self.pairs.append((attrs["name"], attrs.get("value") or ""))
        elif tag == "select":
            self.select = [attrs["name"], None]
        elif tag == "option" and self.select:
            if self.select[1] is None or "selected" in attrs:
                self.select[1] = attrs.get("value", "")
        elif tag == "textarea":
            self.area = [attrs["name"], ""]

    def handle_data(self, data):
        if self.area:
            self.area[1] += data

    def handle_endtag(self, tag):
        if tag == "select" and self.select:
            self.pairs.append(tuple(self.select))
            self.select = None
        elif tag == "textarea" and self.area:
            self.pairs.append((self.area[0], self.area[1].removeprefix("\n")))
            self.area = None


def controls(html: str) -> QueryDict:
    reader = Controls()
    reader.feed(html)
    return posted(reader.pairs)


# ---- what makes no sense


def leaf(fact, op, *values, unit="months"):
    return Node(fact=fact, op=op, values=list(values), unit=unit)


@pytest.mark.parametrize(
    ("node", "slot", "words"),
    [
        (Node(), "fact", "Choose what is asked"),
        (leaf("acitretin.taking", "yes"), "fact", "No question asks this"),
        (leaf("isotretinoin.taking", "within", "6"), "op", "does not fit"),
        (leaf("isotretinoin.last_dose", "within", "six"), "v", "whole number"),
        (leaf("isotretinoin.last_dose", "within", "-1"), "v", "whole number"),
        (leaf("isotretinoin.last_dose", "within", "1.5"), "v", "whole number"),
        (leaf("patient.age", "ge", "old"), "v", "Give a number"),
        (leaf("patient.age", "ge", "nan"), "v", "Give a number"),
        (leaf("patient.age", "ge", "200"), "v", "from 0 to 120 years"),
        (leaf("blood_thinners.inr", "gt", "35"), "v", "from 0.5 to 20 INR"),
        (leaf("patient.fitzpatrick", "in"), "v", "Choose at least one"),
        (leaf("patient.sex", "eq", "Z"), "v", "no choice Z"),
        (leaf("clinic.country", "in", "germany"), "v", "ISO codes"),
        (Node("any"), "", "Add a condition to this group"),
        (Node("all", [leaf("isotretinoin.taking", "yes"), Node("all")]), (1, ""), "this group"),
    ],
)
def test_what_makes_no_sense_is_told_at_its_field(choices, node, slot, words):
    [(path, reason)] = node.faults(choices.words)

    assert path == (slot if isinstance(slot, tuple) else (slot,))
    assert words in reason


def test_a_fact_that_is_changed_takes_a_comparison_that_it_has(choices):
    was = leaf("isotretinoin.last_dose", "within", "6")

    now = Node(fact="isotretinoin.taking", op=was.op, values=was.values).fits(choices.words)

    assert now.condition(choices.words) == {"fact": "isotretinoin.taking", "eq": True}


def test_buttons_nest_turn_round_and_take_away(choices):
    one, two = leaf("isotretinoin.taking", "yes"), leaf("isotretinoin.taking", "no")
    both = Node("all", [one, two])

    nested = changed(both, "nest", [])
    turned = changed(both, "not", [1])

    assert [part.kind for part in nested.parts] == ["fact", "fact", "any"]
    assert turned.condition(choices.words)["all"][1] == {
        "not": {"fact": "isotretinoin.taking", "eq": False}
    }
    assert changed(turned, "not", [1]) == both
    assert changed(turned, "drop", [1, 0]) == Node("all", [one])
    assert changed(one, "add", []) == Node("all", [one, Node()])
    assert changed(both, "drop", []).condition(choices.words) is None


def test_endless_and_broken_nesting_is_cut_off():
    deep = posted((f"x{'-0' * depth}-k", "all") for depth in range(400))

    node, depth = Node.typed(deep, "x"), 0
    while node.parts:
        node, depth = node.parts[0], depth + 1

    assert depth < 10
    assert Node.typed(posted([("x-k", "not")]), "x").kind == "none"


def test_a_part_too_many_is_read_and_refused_not_dropped(choices):
    one = {"fact": "isotretinoin.taking", "eq": True}
    full = Node.of({"any": [one] * 40})
    over = changed(full, "add", [])
    sent = posted(
        [("x-k", "any")]
        + [
            (f"x-{at}-{key}", value)
            for at in range(41)
            for key, value in (("k", "fact"), ("fact", one["fact"]), ("op", "yes"))
        ]
    )

    read = Node.typed(sent, "x")

    assert not list(full.faults(choices.words))
    assert len(over.parts) == len(changed(over, "add", []).parts) == len(read.parts) == 41
    assert [words for _, words in read.faults(choices.words)] == [
        "A group holds 40 at the most; move some into another group."
    ]


# ---- the page


@pytest.fixture
def small(tmp_path, db):
    return services.load(write_small(tmp_path))


@pytest.fixture
def keeper(client, db):
    client.force_login(make_user(Role.CATALOGUE_ADMIN))
    return client


ADDRESS = "/catalogue/safety/ISO-1/edit/"


def opened(keeper, address=ADDRESS) -> QueryDict:
    return controls(keeper.get(address).content.decode())


def test_the_page_sends_back_the_row_it_showed(keeper, small):
    before = drafting.read("safety_rules", "ISO-1")

    answer = keeper.post(ADDRESS, opened(keeper).urlencode() + "&op=save",
                         content_type="application/x-www-form-urlencoded")  # fmt: skip

    assert answer.status_code == 302
    assert drafting.read("safety_rules", "ISO-1") == before


def post(client, data: QueryDict, op: str, address=ADDRESS, **changes):
    data = data.copy()
    for name, value in changes.items():
        data.setlist(name.replace("__", "-"), value if isinstance(value, list) else [value])
    data["op"] = op
    return client.post(address, data.urlencode(), content_type="application/x-www-form-urlencoded")


def test_a_rule_is_edited_saved_and_read_back(keeper, small):
    data = opened(keeper)

    post(keeper, data, "save", c0__when__v="12", c0__effect="BLOCK", c0__targets=["laser"])

    [first, second] = drafting.read("safety_rules", "ISO-1")["clauses"]
    assert first["when"] == {"fact": "isotretinoin.last_dose", "within": {"months": 12}}
    assert (first["effect"], first["targets"]) == ("BLOCK", ["laser"])
    assert second["except"] == ["SUBC"]


def test_the_sentence_and_what_it_does_to_safety_are_said_before_saving(keeper, small):
    data = opened(keeper)

    looser = post(keeper, data, "", c0__when__v="3").content.decode()
    stricter = post(keeper, data, "", c0__when__v="12").content.decode()

    assert "last dose within 3 months" in looser
    assert "Lowers safety" in looser
    assert "Lowers safety" not in stricter
    assert "Lowers nothing" in stricter
    assert "The condition runs 12 months, and “until” says another time." in stricter
    assert drafting.read("safety_rules", "ISO-1")["clauses"][0]["when"]["within"] == {"months": 6}


def test_buttons_change_the_shape_and_save_nothing(keeper, small):
    data = opened(keeper)
    before = drafting.read("safety_rules", "ISO-1")

    added = controls(post(keeper, data, "add c0-when").content.decode())
    moved = controls(post(keeper, data, "down 0").content.decode())
    fewer = controls(post(keeper, data, "drop-clause 0").content.decode())
    nowhere = post(keeper, data, "drop c9-when-4-4")

    assert (added["c0-when-k"], added["c0-when-1-fact"]) == ("all", "")
    assert moved["c1-effect"] == "DELAY"
    assert (fewer["clauses"], fewer["c0-effect"]) == ("1", "BLOCK")
    assert nowhere.status_code == 200
    assert drafting.read("safety_rules", "ISO-1") == before


def test_times_that_no_longer_agree_and_wrong_numbers_are_told_while_typing(keeper, small):
    row = drafting.read("safety_rules", "ISO-1")
    drafting.save("safety_rules", row | {"text": "Wait for 6 months."}, seen=drafting.token(row))
    data = opened(keeper)
    until = {"c0__until_n": "6", "c0__until_unit": "months"}
    until["c0__until_fact"] = "isotretinoin.last_dose"

    same = post(keeper, data, "", **until).content.decode()
    other = post(keeper, data, "", c0__when__v="9", **until).content.decode()
    moved = until | {"c0__until_n": "9"}
    both = post(keeper, data, "", c0__when__v="9", **moved).content.decode()
    typed = post(keeper, data, "", c0__when__v="neun").content.decode()
    open_yet = post(keeper, data, "", c0__when__v="").content.decode()

    assert "Are both meant?" not in same
    assert "The condition runs 9 months" in other
    assert "The words still speak of 6 months" not in same + other
    assert "The words still speak of 6 months" in both
    assert "Give a whole number" in typed
    assert "c0-when-v-fault" not in open_yet


def test_a_refusal_stands_beside_its_field_and_keeps_what_was_typed(keeper, small):
    data = opened(keeper)

    answer = post(
        keeper, data, "save",
        rule__title="Typed by me", c0__when__v="soon", c0__targets=["leeches"],
        c0__until_n="", c1__effect="PRETREAT", c1__words="",
    )  # fmt: skip

    shown = answer.content.decode()
    kept = controls(shown)
    assert answer.status_code == 422
    assert (kept["rule-title"], kept["c0-when-v"]) == ("Typed by me", "soon")
    assert kept.getlist("c0-targets") == ["leeches", ""]
    for words in (
        "Give a whole number, 0 or more.",
        "There is no leeches in this catalogue.",
        "Say how long after that day",
        "Say what comes first",
    ):
        assert words in shown
    assert drafting.read("safety_rules", "ISO-1")["title"] == "Isotretinoin"


def test_a_sentence_too_many_is_refused_and_none_is_lost(keeper, small):
    data = opened(keeper)
    for at in range(2, 31):
        for key in [key for key in data if key.startswith("c1-")]:
            data.setlist(f"c{at}-{key[3:]}", data.getlist(key))

    answer = post(keeper, data, "save", clauses="31")

    shown = answer.content.decode()
    assert answer.status_code == 422
    assert "A rule holds 30 sentences at the most" in shown
    assert controls(shown)["clauses"] == "31"
    assert len(drafting.read("safety_rules", "ISO-1")["clauses"]) == 2


def test_a_row_that_moved_is_not_overwritten_and_a_second_save_decides(keeper, small):
    data = opened(keeper)
    row = deepcopy(drafting.read("safety_rules", "ISO-1"))
    drafting.save("safety_rules", row | {"title": "Theirs"}, seen=drafting.token(row))

    answer = post(keeper, data, "save", rule__title="Mine")

    shown = answer.content.decode()
    assert answer.status_code == 409
    assert "Somebody else saved this" in shown
    assert "<td>Mine</td><td>Theirs</td>" in shown
    assert controls(shown)["rule-title"] == "Mine"
    assert drafting.read("safety_rules", "ISO-1")["title"] == "Theirs"
    assert post(keeper, controls(shown), "save").status_code == 302
    assert drafting.read("safety_rules", "ISO-1")["title"] == "Mine"


def test_a_new_rule_is_made_of_choices_and_removed_again(keeper, small):
    address = reverse("catalogue:new_rule")
    data = opened(keeper, address)
    empty = post(keeper, data, "save", address=address)
    given = {
        "rule__code": "ISO-9", "rule__family": "ISO", "rule__title": "No laser",
        "rule__text": "Not now.", "rule__sources": ["gk"], "c0__targets": ["laser"],
        "c0__effect": "BLOCK", "c0__when__k": "fact", "c0__when__fact": "isotretinoin.taking",
        "c0__when__op": "yes",
    }  # fmt: skip

    made = post(keeper, data, "save", address=address, **given)
    again = post(keeper, data, "save", address=address, **given)

    assert empty.status_code == 422
    assert made.status_code == 302
    assert "is taken by" in again.content.decode()
    clause = drafting.read("safety_rules", "ISO-9")["clauses"][0]
    assert clause["when"] == {"fact": "isotretinoin.taking", "eq": True}
    gone = post(keeper, opened(keeper, made.url), "remove", address=made.url)
    assert gone.status_code == 302
    assert drafting.read("safety_rules", "ISO-9") is None


def test_no_json_and_no_word_of_the_machine_is_on_the_page(keeper, small):
    shown = keeper.get(ADDRESS).content.decode()

    assert '{"fact"' not in shown
    for word in (">BLOCK<", ">DELAY<", "&quot;fact&quot;", "planner_event<"):
        assert word not in shown


def test_the_vocabulary_names_groups_units_and_places(choices):
    groups = choices.words.groups()
    asked = {one.name: one for some in groups.values() for one in some}

    assert {"Patient", "Clinic", "Medicines"} <= set(groups)
    assert asked["blood_thinners.inr"].unit == "INR"
    assert isinstance(choices.words, Vocabulary)
    assert "(in the place treated)" in asked["local_steroid.last_on"].label
