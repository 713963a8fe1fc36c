"""Loading the data files: what is refused, that nothing is lost, that a second load is quiet."""

import io

import pytest
from django.core.management import CommandError, call_command

from clinic.catalogue import checks, documents, services
from clinic.catalogue.errors import CatalogueRefused, EditedByTheClinic
from clinic.catalogue.files import DATA, Files
from clinic.catalogue.models import Indication, PairRule, SafetyClause, Source, Treatment, Version
from tests.catalogue.small import SMALL, write_small
from tests.factories import make_user

pytestmark = pytest.mark.django_db

SPOILT = [
    ("order: 1\n    stage: 1", "order: 1\n    stage: 1\n    colour: red", "unknown key colour"),
    ("field: cheek_medial, area: face", "area: face", "field is missing"),
    ("evidence: B", "evidence: E", "'E' is not one of A, B, C, D"),
    ("effectiveness: 4", "effectiveness: 5", "5 is over 4"),
    ("effectiveness: 4", "effectiveness: four", "'four' is no whole number"),
    ("min: 1, typical: 2", "min: 9, typical: 2", "min 9 is above typical 2"),
    ("min: 1, typical: 2", "min: -1, typical: 2", "-1 is under 0"),
    ("typical: '250.00'", "typical: '-90.00'", "a price cannot be negative: -90.00"),
    ("typical: '250.00'", "typical: dear", "'dear' is no amount; one is written '250.00'"),
    ("requires: [needle]", "requires: [laser_gun]", "there is no laser_gun in requirements"),
    ("skill: SUBC", "skill: LASER", "there is no LASER in families"),
    ("year: 2020, how", "year: 2020, alias_of: jones, how", "there is no jones in sources"),
    ("why: release first, evidence: C, verification: V, sources: [smith2020]",
     "why: release first, evidence: C, verification: V, sources: [jones]",
     "there is no jones in sources"),
    ("why: release first, evidence: C, verification: V, sources: [smith2020]",
     "why: release first, evidence: C, verification: V, sources: []",
     "this list may not be empty"),
    ("why: release first, evidence: C, verification: V", "why: release first, evidence: C",
     "verification is missing"),
    ("safe: [I], caution: []", "safe: [I], caution: [I]",
     "skin type I stands in two of safe, caution and avoid"),
    ("{code: laser, name: Laser", "{code: subcision, name: Laser",
     "subcision stands in treatments twice"),
    ("members: [subcision]", "members: [subcisio]",
     "there is no subcisio in treatments or families"),
    ("first: subcision", "first: null", "order_before needs to say which is first"),
    ("b: laser, relation", "b: subcision, relation", "a pair is of two different treatments"),
    ("weeks: {min: 2, typical: 4}", "weeks: {min: 5, typical: 4}", "min 5 is above typical 4"),
    ("weeks: {min: 2, typical: 4}", "weeks: {min: 2, typical: 4}, condition: a tan",
     "a condition needs either when or assume"),
    ("when: {fact: isotretinoin.taking, eq: true}, verification",
     "when: {fact: acitretin.taking, eq: true}, verification",
     "no question feeds the fact acitretin.taking"),
    ("when: {fact: isotretinoin.taking, eq: true}, verification",
     "when: {fact: isotretinoin.taking, within: {months: 6}}, verification",
     "within does not fit isotretinoin.taking (yes no); use eq or known"),
    ("when: {fact: isotretinoin.last_dose, within: {months: 6}}",
     "when: {fact: isotretinoin.last_dose, within: {years: 1}}",
     "a span is {days: N}, {weeks: N} or {months: N}"),
    ("when: {fact: isotretinoin.last_dose, within: {months: 6}}",
     "when: {fact: isotretinoin.last_dose, since: {months: 6}}", "unknown operator since"),
    ("when: {fact: isotretinoin.last_dose, within: {months: 6}}",
     "when: {some: [{fact: isotretinoin.taking, eq: true}]}",
     "unknown key some: a condition starts with fact, all, any or not"),
    ("until: {fact: isotretinoin.last_dose", "until: {fact: isotretinoin.taking",
     "no question feeds a date called isotretinoin.taking"),
    ("effect: DELAY", "effect: REFUSE",
     "'REFUSE' is not one of BLOCK, DELAY, OVERRIDE, PRETREAT, CAUTION"),
    ("kind: date, label", "kind: day, label",
     "'day' is not one of yes_no, date, number, choice, text, regions"),
    ("sides: [L, R]", "sides: [left]", "'left' is not one of L, M, R"),
    ("title: A trial, year", "title: A trial, title: Two, year", "title stands here twice"),
]  # fmt: skip


@pytest.mark.parametrize(("sound", "spoilt", "reason"), SPOILT)
def test_a_fault_is_refused_with_file_line_and_reason_and_changes_nothing(
    tmp_path, sound, spoilt, reason
):
    write_small(tmp_path / "sound")
    services.load(tmp_path / "sound")
    before = documents.draft(), Version.objects.count()
    assert sound in SMALL
    text = SMALL.replace(sound, spoilt, 1)
    line = text[: text.index(spoilt)].count("\n") + 1
    write_small(tmp_path / "spoilt", text)

    with pytest.raises(CatalogueRefused) as refusal:
        services.load(tmp_path / "spoilt")

    lines = refusal.value.lines
    told = [one for one in lines if one.endswith(reason)]
    assert told, lines
    file, number, *_ = told[0].split(":")
    assert file == "small.yaml"
    assert abs(int(number) - line) <= 2  # at the fault, or where its row begins
    assert (documents.draft(), Version.objects.count()) == before


def test_the_line_told_is_the_line_of_the_key(tmp_path):
    text = SMALL.replace("    skill: SUBC", "    skill: NOBODY")
    write_small(tmp_path, text)
    line = text[: text.index("skill: NOBODY")].count("\n") + 1

    with pytest.raises(CatalogueRefused) as refusal:
        services.load(tmp_path)

    assert refusal.value.lines == [
        f"small.yaml:{line}: subcision, skill: there is no NOBODY in families"
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sources: [", "small.yaml:2: "),
        ("- just\n- a list\n", "small.yaml:1: a data file is SECTION: [row, ...]"),
        ("potions: []\n", "small.yaml:1: unknown section potions"),
        ("sources: none\n", "small.yaml:1: a section is a list of rows"),
        ("sources: [gk]\n", "small.yaml:1: this is a mapping of keys to values"),
        (
            "sources:\n  - {code: 7, title: A, how: b}\n",
            "small.yaml:2: 7, code: a code starts with",
        ),
    ],
)
def test_a_file_that_is_no_catalogue_is_refused_by_name_and_line(tmp_path, text, told):
    write_small(tmp_path, text)

    with pytest.raises(CatalogueRefused) as refusal:
        services.load(tmp_path)

    assert any(line.startswith(told) for line in refusal.value.lines), refusal.value.lines
    assert not Source.objects.exists()


def test_a_folder_without_files_is_refused(tmp_path):
    with pytest.raises(CatalogueRefused, match=r"there is no \.yaml file"):
        services.load(tmp_path)


def test_the_command_tells_every_fault_and_fails(tmp_path):
    text = SMALL.replace("evidence: B", "evidence: E").replace("skill: SUBC", "skill: NOBODY")
    write_small(tmp_path, text)
    told = io.StringIO()

    with pytest.raises(CommandError, match="2 faults: nothing was changed"):
        call_command("load_catalogue", tmp_path, stderr=told)

    assert told.getvalue().count("small.yaml:") == 2
    assert not Treatment.objects.exists()


def test_a_section_may_be_spread_over_files_and_others_may_be_missing(tmp_path):
    write_small(tmp_path, "sources:\n  - {code: a, title: A, how: seed}\n", "one.yaml")
    write_small(tmp_path, "sources:\n  - {code: b, title: B, how: seed}\n", "two.yaml")

    services.load(tmp_path)

    assert set(Source.objects.values_list("code", flat=True)) == {"a", "b"}


def test_a_second_load_changes_nothing_and_leaves_no_history(tmp_path):
    write_small(tmp_path)
    first = services.load(tmp_path)
    history = Treatment.pgh_event_model.objects.count(), Indication.pgh_event_model.objects.count()

    second = services.load(tmp_path)

    assert second == first
    assert Version.objects.count() == 1
    again = Treatment.pgh_event_model.objects.count(), Indication.pgh_event_model.objects.count()
    assert again == history


def test_a_changed_file_changes_its_row_alone_and_is_published(tmp_path):
    write_small(tmp_path)
    services.load(tmp_path)

    write_small(tmp_path, SMALL.replace("why: release first", "why: the release comes first"))
    version = services.load(tmp_path)

    assert version.number == 2
    assert PairRule.objects.get().why == "the release comes first"
    assert Treatment.pgh_event_model.objects.filter(pgh_label="update").count() == 0


def test_a_row_that_left_the_files_leaves_the_tables(tmp_path):
    write_small(tmp_path)
    services.load(tmp_path)

    write_small(tmp_path, SMALL[: SMALL.index("safety_rules:")])
    services.load(tmp_path)

    assert not SafetyClause.objects.exists()
    assert Version.objects.count() == 2


def test_what_the_clinic_edited_is_not_overwritten_unasked(tmp_path):
    write_small(tmp_path)
    services.load(tmp_path)
    Treatment.objects.filter(code="laser").update(name="Our laser")

    with pytest.raises(EditedByTheClinic):
        services.load(tmp_path)
    kept = Treatment.objects.get(code="laser").name
    services.load(tmp_path, overwrite=True)

    assert kept == "Our laser"
    assert Treatment.objects.get(code="laser").name == "Laser"


def test_what_the_clinic_edited_and_published_is_kept_too(tmp_path):
    write_small(tmp_path)
    services.load(tmp_path)
    Treatment.objects.filter(code="laser").update(name="Our laser")
    services.publish(by=make_user(), words="Our own name.")
    told = io.StringIO()

    call_command("load_catalogue", tmp_path, stdout=told)

    assert "has edited this catalogue" in told.getvalue()
    assert Version.objects.in_force().number == 2


def test_files_tables_and_document_hold_the_same():
    written = checks.tidy(Files(DATA).document)

    version = services.load(DATA)

    assert documents.draft() == written
    assert Version.objects.get(pk=version.pk).document == written


def test_the_hash_does_not_depend_on_the_order_of_files_and_rows(tmp_path):
    document = Files(write_small(tmp_path)).document
    turned = {name: list(reversed(rows)) for name, rows in reversed(document.items())}

    same = documents.hash_of(checks.tidy(document)) == documents.hash_of(checks.tidy(turned))

    assert same


def test_statements_keep_their_order(tmp_path):
    write_small(tmp_path)

    services.load(tmp_path)

    rows = next(row for row in documents.draft()["treatments"] if row["code"] == "subcision")
    assert [one["text"] for one in rows["statements"]] == ["first", "another"]
