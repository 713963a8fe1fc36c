"""Import and export: what goes out comes back the same, and one wrong cell changes nothing."""

import csv
import io
import json
import zipfile

import pytest
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from clinic.catalogue import checks, documents, drafting, exchange, exchange_files, services
from clinic.catalogue.exchange_cells import Number, Shape, Text, Words, YesNo
from clinic.catalogue.exchange_tables import Lines, all_tables
from clinic.catalogue.files import DATA, Files
from clinic.catalogue.models import Figure, Requirement, Treatment
from clinic.staff.roles import Role
from tests.catalogue.small import write_small
from tests.factories import make_user
from tests.sizes import tablet_first

DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


@pytest.fixture(scope="module")
def shipped():
    return checks.tidy(Files(DATA).document)


@pytest.fixture
def small(tmp_path, db):
    return services.load(write_small(tmp_path))


@pytest.fixture
def keeper(client, small):
    client.force_login(make_user(Role.CATALOGUE_ADMIN), "clinic.staff.backends.RoleBackend")
    return client


def out(name, kind="csv", document=None) -> bytes:
    return exchange_files.write_table(all_tables()[name], document or documents.draft(), kind)


def edited(data: bytes, **changes) -> bytes:
    """A CSV whose first row has other values in these columns."""
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    rows[0] |= changes
    return as_csv(rows)


def as_csv(rows: list[dict]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def faults_of(report):
    return [(row.number, *fault) for row in report.refused for fault in row.faults]


# ---- the round trip


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_every_shipped_table_comes_back_as_it_went_out(shipped, kind):
    for table in all_tables().values():
        lines = Lines(table)
        sheet = exchange_files.read(f"{table.name}.{kind}", out(table.name, kind, shipped))

        result = lines.import_data(sheet.dataset(table), use_transactions=False)

        assert not result.has_errors(), table.name
        assert not result.has_validation_errors(), table.name
        assert exchange_files.table_for(sheet) == table
        went = [{name: line[name] for name in table.columns} for line in table.lines(shipped)]
        came = list(lines.read.values())
        assert json.dumps(came, sort_keys=True) == json.dumps(went, sort_keys=True), table.name


def test_the_whole_shipped_catalogue_comes_back_with_the_same_hash(shipped):
    file = exchange_files.read("all.yaml", exchange_files.write_catalogue(shipped))

    assert documents.hash_of(checks.tidy(file.document)) == documents.hash_of(shipped)


@pytest.mark.parametrize("name", ["treatments", "figures", "statements", "clauses", "pairs"])
def test_a_table_brought_back_unchanged_changes_nothing(small, name):
    report = exchange.examine(f"{name}.csv", out(name))

    assert report.sound
    assert not report.changes_anything
    assert documents.hash_of(report.document) == small.hash


def test_the_whole_catalogue_brought_back_changes_nothing(small):
    report = exchange.examine("all.yaml", exchange_files.write_catalogue(documents.draft()))

    assert report.sound
    assert not report.changes_anything
    assert documents.hash_of(report.document) == small.hash


words = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | words
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
CELLS = st.one_of(
    st.tuples(st.just(Text(null=True)), st.none() | words),
    st.tuples(st.just(Text()), words),
    st.tuples(st.just(Words(null=True)), st.none() | st.lists(words)),
    st.tuples(st.just(Words()), st.lists(words)),
    st.tuples(st.just(Shape(null=True)), st.none() | st.dictionaries(words, values, max_size=3)),
    st.tuples(st.just(Shape()), st.lists(values, max_size=3)),
    st.tuples(st.just(YesNo(null=True)), st.none() | st.booleans()),
    st.tuples(st.just(Number()), st.none() | st.integers(-(10**9), 10**9)),
)


@settings(max_examples=30)
@given(st.lists(CELLS, min_size=10, max_size=10))
def test_any_value_survives_its_cell_in_either_kind_of_file(some):
    rendered = [kind.render(value) for kind, value in some]

    text = io.StringIO(newline="")
    csv.writer(text).writerow(rendered)
    [read] = csv.reader(io.StringIO(text.getvalue(), newline=""))
    assert [kind.clean(cell) for (kind, _), cell in zip(some, read, strict=True)] == [
        value for _, value in some
    ]
    assert not [cell for cell in read if cell.startswith(DANGEROUS) and not is_number(cell)]

    book, file = Workbook(), io.BytesIO()
    book.active.append(rendered)
    book.save(file)
    [row] = load_workbook(file, read_only=True).active.iter_rows()
    assert "f" not in {cell.data_type for cell in row}
    # A workbook drops "_x0041_" inside a condition, and nothing else.
    assert [
        kind.clean(cell.value)
        for (kind, value), cell in zip(some, row, strict=False)
        if "_x" not in str(value)
    ] == [value for kind, value in some[: len(row)] if "_x" not in str(value)]


def is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("text", ["=1+1", "+49", "-5 to 5", "@SUM(A1)", "\tx", "'t is", "x = 1"])
def test_a_text_like_a_formula_goes_out_harmless_and_comes_back_true(small, kind, text):
    Requirement.objects.filter(code="needle").update(name=text)

    data = out("requirements", kind)
    Requirement.objects.filter(code="needle").update(name="A needle")
    report = exchange.examine(f"requirements.{kind}", data)
    exchange.apply(f"requirements.{kind}", data, shown=report.stamp)

    assert Requirement.objects.get(code="needle").name == text
    if kind == "xlsx":
        assert load_workbook(io.BytesIO(data)).active["B2"].data_type == "s"


# ---- what a report says, and that it alone happens


def test_a_wrong_row_is_refused_with_its_row_column_and_reason_and_nothing_is_applied(small):
    rows = list(csv.DictReader(io.StringIO(out("figures").decode("utf-8-sig"))))
    rows[0] |= {"typical": "-250", "sources": "gk; nobody"}
    rows[1] |= {"min": "9"}  # above its maximum of 3
    rows.append({**rows[1], "treatment": "leeches", "min": "1"})

    report = exchange.examine("figures.csv", as_csv(rows))

    told = {(number, column) for number, column, _ in faults_of(report)}
    assert told >= {(2, "typical"), (2, "sources"), (3, "min"), (4, "treatment")}
    reasons = " ".join(reason for *_, reason in faults_of(report))
    assert "9 is above" in reasons
    assert "there is no nobody in sources" in reasons
    assert "there is no leeches in treatments" in reasons
    with pytest.raises(exchange.DraftMoved):
        exchange.apply("figures.csv", as_csv(rows), shown=report.stamp)
    assert documents.hash_of(documents.draft()) == small.hash


@pytest.mark.parametrize(
    ("table", "changes", "column", "reason"),
    [
        ("indications", {"effectiveness": "5"}, "effectiveness", "5 is over 4"),
        ("treatments", {"order": "two"}, "order", "“two” is no number"),
        ("treatments", {"needles": "perhaps"}, "needles", "neither yes nor no"),
        ("treatments", {"kind": "magic"}, "kind", "is not one of"),
        ("requirements", {"name": ""}, "name", "not empty"),
        ("pairs", {"weeks_min": "9"}, "weeks_min", "9 is above typical 4"),
        ("pairs", {"b": "leeches"}, "b", "there is no leeches in treatments"),
        ("words", {"when": "{fact: acitretin, eq: true}"}, "when", "no question feeds"),
        ("words", {"when": "{fact: "}, "when", "cannot be read"),
        ("words", {"when": "{a: &x 1, b: *x}"}, "when", "write it out"),
        ("clauses", {"position": "7"}, "position", "the next free position is 3"),
        ("figures", {"kind": "price", "typical": "2.505"}, "typical", "more than two decimals"),
    ],
)
def test_a_wrong_cell_is_refused_beside_its_column(small, table, changes, column, reason):
    report = exchange.examine(f"{table}.csv", edited(out(table), **changes))

    assert [(at, where) for at, where, why in faults_of(report) if reason in why] == [(2, column)]


def test_the_same_row_twice_is_refused(small):
    rows = list(csv.DictReader(io.StringIO(out("requirements").decode("utf-8-sig"))))

    report = exchange.examine("requirements.csv", as_csv([*rows, *rows]))

    assert faults_of(report) == [(3, "code", "needle stands in row 2 already")]


def test_rows_are_new_changed_or_left_and_a_missing_one_stays(small):
    data = as_csv(
        [
            {"code": "mask", "name": "A mask", "kind": "consumable"},
            {"code": "needle", "name": "A longer needle", "kind": "consumable"},
        ]
    )

    report = exchange.examine("requirements.csv", data)
    exchange.apply("requirements.csv", data, shown=report.stamp)

    assert [(row.kind, row.name) for row in report.rows] == [("new", "mask"), ("changed", "needle")]
    [change] = report.rows[1].changes
    assert (change.column, change.before, change.after) == ("name", "A needle", "A longer needle")
    assert drafting.read("requirements", "mask")["name"] == "A mask"
    again = exchange.examine(
        "requirements.csv", as_csv([{"code": "mask", "name": "A mask", "kind": "consumable"}])
    )
    assert again.counts["unchanged"] == 1
    assert not again.changes_anything


def test_new_parts_join_their_treatment(small):
    first = {"treatment": "laser", "kind": "price", "min": "", "typical": "250", "max": ""}
    rows = [{**first, "note": "", "verification": "clinic_default", "sources": "gk"}]

    report = exchange.examine("prices.csv", as_csv(rows))
    exchange.apply("prices.csv", as_csv(rows), shown=report.stamp)

    assert Figure.objects.get(treatment="laser", kind="price").typical == 250
    assert report.counts["new"] == 1


def test_a_draft_that_moved_since_the_report_is_refused(small):
    data = edited(out("requirements"), name="A longer needle")
    report = exchange.examine("requirements.csv", data)
    Treatment.objects.filter(code="laser").update(name="A new laser")

    with pytest.raises(exchange.DraftMoved, match="changed the draft since"):
        exchange.apply("requirements.csv", data, shown=report.stamp)

    assert Requirement.objects.get(code="needle").name == "A needle"


def test_a_whole_catalogue_replaces_the_draft(small):
    document = documents.draft()
    document["words"] = [row | {"meaning": "taking it"} for row in document["words"]]
    document["requirements"].append({"code": "mask", "name": "A mask", "kind": "consumable"})
    data = exchange_files.write_catalogue(document)

    report = exchange.examine("all.yaml", data)
    exchange.apply("all.yaml", data, shown=report.stamp)

    assert (report.counts["new"], report.counts["changed"]) == (1, 1)
    assert drafting.read("words", "on_isotretinoin")["meaning"] == "taking it"
    assert drafting.read("requirements", "mask") is not None


def test_a_whole_catalogue_that_lost_something_is_refused(small):
    document = documents.draft()
    partial = exchange_files.write_catalogue({"schema": 1, "words": document["words"]})
    unsound = exchange_files.write_catalogue({**document, "sources": document["sources"][:1]})
    without = exchange_files.write_catalogue(document).replace(b"laser", b"other_laser")

    def told(data):
        return " ".join(exchange.examine("all.yaml", data).faults)

    assert "holds the whole catalogue" in told(partial)
    assert "all.yaml:" in told(unsound)
    assert "there is no smith2020 in sources" in told(unsound)
    assert "treatments laser is not in the file: a treatment is withdrawn" in told(without)


def test_a_report_tells_what_is_no_longer_verified(small):
    data = edited(out("pairs"), weeks_typical="3")

    report = exchange.examine("pairs.csv", data)
    exchange.apply("pairs.csv", data, shown=report.stamp)

    told = {one.column: (one.before, one.after) for one in report.of("changed")[0].changes}
    assert told["verification"] == ("V", "gk")
    assert drafting.read("pairs", "c1")["verification"] == "gk"


def test_a_whole_catalogue_may_lack_what_was_never_published(small):
    data = exchange_files.write_catalogue(documents.draft())
    Treatment.objects.create(
        code="leeches", name="Leeches", kind="procedure", order=1, stage=1, price_unit="scar"
    )

    report = exchange.examine("all.yaml", data)

    assert (report.faults, report.counts["removed"]) == ([], 1)


# ---- files that are none


def zipped(name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>")
        archive.writestr(name, content)
    return file.getvalue()


def workbook(*rows) -> bytes:
    book, file = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(file)
    return file.getvalue()


def far_down() -> bytes:
    """A small workbook whose second row says that it is the ten thousand millionth."""
    once, file = zipfile.ZipFile(io.BytesIO(workbook(("code",), ("x",)))), io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in once.namelist():
            content = once.read(name)
            for cell in (b'r="2"', b'r="A2"'):
                content = content.replace(cell, cell.replace(b"2", b"9999999999"))
            archive.writestr(name, content)
    return file.getvalue()


BOMB = "a: &a [x, x, x]\nb: &b [*a, *a, *a]\nc: [*b, *b, *b]\n"
REQUIREMENTS = ("code", "name", "kind")
BROKEN = [
    ("t.csv", b"", "is empty"),
    ("t.csv", b"PK\x03\x04rest", "holds something else"),
    ("t.csv", b"code,name\n\x00\x01", "holds something else"),
    ("t.csv", "code,name\nx,Nadél\n".encode("latin-1"), "Line 2 holds letters"),
    ("t.csv", b'code,name,kind\n"x,y,z\n', "quotation mark"),
    ("t.csv", b"code,name,kind\nx,y,z,more\n", "4 cells"),
    ("t.xls", b"x", "ends in .yaml"),
    ("t.xlsx", b"code,name", "is no workbook"),
    ("t.xlsx", zipped("other.xml", b""), "cannot be read"),
    ("t.xlsx", zipped("xl/bomb.xml", b"0" * 3 * 2**20), "unpacks to more than 2 MB"),
    ("t.xlsx", far_down(), "goes on after row 1048576"),
    ("t.xlsx", workbook(REQUIREMENTS, ("x", "=1+1", "device")), "Cell B2 holds a formula"),
    ("t.yaml", b"a: [1", "Line"),
    ("t.yaml", BOMB.encode(), "write it out"),
    ("t.yaml", b"a: !!python/object/apply:os.system [ls]", "leave it out"),
    ("t.yaml", b"[" * 5000, "levels deep"),
    ("t.csv", b"x" * (2**20 + 1), "over 1 MB"),
]


def upload(client, name, data):
    file = io.BytesIO(data)
    file.name = name
    return client.post(reverse("catalogue:exchange"), {"file": file})


def test_a_file_that_is_none_is_refused_in_words_and_changes_nothing(keeper, small, monkeypatch):
    monkeypatch.setattr(exchange_files, "LARGEST", 2**20)
    monkeypatch.setattr(exchange_files, "LARGEST_UNPACKED", 2 * 2**20)
    for name, data, words in BROKEN:
        answer = upload(keeper, name, data)

        assert answer.status_code == 422, name
        assert words in answer.context["form"].errors["file"][0], (name, words)
    assert documents.hash_of(documents.draft()) == small.hash


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ("code,nme,kind", "There is no column nme in Devices and materials. Is name meant?"),
        ("code,name", "needs the column kind"),
        ("code,name,kind,kind", "The column kind stands there 2 times."),
        ("code,name,kind,colour", "Take it out."),
    ],
)
def test_a_wrong_column_is_named_with_what_to_do(small, headers, words):
    report = exchange.examine("t.csv", f"{headers}\nx,y\n".encode())

    assert words in " ".join(report.faults)
    assert not report.sound


def test_a_table_saved_with_semicolons_is_read_too(small):
    report = exchange.examine("t.csv", b"code;name;kind\nmask;A mask;consumable\n")

    assert report.counts["new"] == 1


# ---- the pages


def test_a_version_and_the_draft_go_out_as_files(keeper, small):
    Treatment.objects.filter(code="laser").update(name="A new laser")

    draft = keeper.get(reverse("catalogue:export", args=["draft", "treatments", "csv"]))
    version = keeper.get(reverse("catalogue:export", args=[1, "catalogue", "yaml"]))
    table = keeper.get(reverse("catalogue:export", args=[1, "treatments", "xlsx"]))

    assert "A new laser" in draft.content.decode("utf-8-sig")
    assert draft["Content-Disposition"] == 'attachment; filename="treatments-draft.csv"'
    assert "A new laser" not in version.text
    assert table.content[:2] == b"PK"
    for args in ([9, "treatments", "csv"], [1, "leeches", "csv"], [1, "treatments", "exe"]):
        assert keeper.get(reverse("catalogue:export", args=args)).status_code == 404


def test_what_is_confirmed_without_a_file_that_is_kept_is_refused(keeper):
    answer = keeper.post(reverse("catalogue:exchange_confirm"), {"shown": "0.0"}, follow=True)

    assert "Choose it once more" in answer.text


def test_a_moved_draft_shows_the_new_report(keeper, small):
    data = edited(out("requirements"), name="A longer needle")
    stamp = upload(keeper, "t.csv", data).context["report"].stamp
    Treatment.objects.filter(code="laser").update(name="A new laser")

    answer = keeper.post(reverse("catalogue:exchange_confirm"), {"shown": stamp})

    assert answer.status_code == 409
    assert "Somebody changed the draft" in answer.text
    assert answer.context["report"].stamp != stamp


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@tablet_first
def test_a_table_with_one_bad_row_is_mended_and_applied(page, tmp_path, sign_in, axe, small):
    sign_in(page, make_user(Role.CATALOGUE_ADMIN))
    bad, good = tmp_path / "figures.csv", tmp_path / "mended.csv"
    rows = list(csv.DictReader(io.StringIO(out("figures").decode("utf-8-sig"))))
    good.write_bytes(as_csv([rows[0], rows[1] | {"max": "4"}]))
    bad.write_bytes(as_csv([rows[0] | {"typical": "-2"}, rows[1] | {"max": "4"}]))

    page.goto("/catalogue/exchange/")
    axe(page)
    page.set_input_files("input[type=file]", bad)
    page.click("text=Show what it would change")
    refused = page.get_by_role("region", name="Refused rows")
    assert "cannot be negative" in refused.inner_text()
    assert page.get_by_role("button", name="Apply to the draft").count() == 0
    axe(page)
    page.set_input_files("input[type=file]", good)
    page.click("text=Show what it would change")
    assert "4" in page.get_by_role("region", name="Changed rows").inner_text()
    axe(page)
    page.click("text=Apply to the draft")
    page.wait_for_selector("text=Imported: 1 changed.")

    assert Figure.objects.get(treatment="subcision", kind="sessions").max == 4
