"""Who may import whom: the table of the house, read beside the imports themselves."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = {"clinic", "patients", "planner"}
LIBRARIES = {"any library"}

MAY_IMPORT = {
    "clinic.catalogue.terms": set(),
    "planner.engine": {"clinic.catalogue.terms", "planner.engine", "ortools"},
    "clinic.embedded": {"clinic.embedded"} | LIBRARIES,
    "clinic.settings": {"clinic.settings", "clinic.embedded"} | LIBRARIES,
    "clinic.staff": {"clinic.staff"} | LIBRARIES,
    "clinic.catalogue": {"clinic.catalogue"} | LIBRARIES,
    "patients": {"patients", "clinic.catalogue"} | LIBRARIES,
    "planner": {"planner", "patients", "clinic.catalogue"} | LIBRARIES,
    "clinic.scheduling": {
        "clinic.scheduling",
        "planner",
        "patients",
        "clinic.catalogue",
        "clinic.staff",
    }
    | LIBRARIES,
    "clinic.letters": {
        "clinic.letters",
        "clinic.scheduling",
        "planner",
        "patients",
        "clinic.catalogue",
        "clinic.staff",
    }
    | LIBRARIES,
    "clinic": {"clinic", "planner", "patients"} | LIBRARIES,
}
"""The longest prefix of a module's name is its row; the last row is the house above all apps."""


def modules():
    for room in sorted(ROOMS):
        for path in sorted((ROOT / room).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(part for part in parts if part != "__init__"), path


def imports_of(name: str, path: Path):
    """Every module that `path` imports, wherever in the file; relative ones made absolute."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1]
            prefix = ".".join([*base, node.module or ""] if node.level else [node.module])
            yield from (f"{prefix.rstrip('.')}.{alias.name}" for alias in node.names)


def row_of(name: str) -> str:
    return max((row for row in MAY_IMPORT if is_inside(name, row)), key=len)


def is_inside(name: str, row: str) -> bool:
    return name == row or name.startswith(row + ".")


def is_allowed(name: str, imported: str) -> bool:
    row = row_of(name)
    top = imported.partition(".")[0]
    if top in sys.stdlib_module_names:
        return True
    if top not in ROOMS:
        return bool(LIBRARIES & MAY_IMPORT[row]) or top in MAY_IMPORT[row]
    target = row_of(imported)
    return row == target or any(is_inside(imported, allowed) for allowed in MAY_IMPORT[row])


def test_every_import_follows_the_table():
    wrong = [
        f"{name} imports {imported}"
        for name, path in modules()
        for imported in imports_of(name, path)
        if not is_allowed(name, imported)
    ]

    assert wrong == []


@pytest.mark.parametrize(
    ("name", "imported"),
    [
        ("planner.engine.model", "django.db"),
        ("planner.engine.model", "planner.bridge.case_of"),
        ("planner.services", "clinic.staff.models.User"),
        ("patients.models", "planner.models.Plan"),
        ("clinic.catalogue.models", "patients.models.Patient"),
        ("clinic.catalogue.terms", "yaml"),
        ("clinic.staff.models", "clinic.catalogue.models"),
        ("clinic.scheduling.services", "clinic.letters.queue"),
    ],
)
def test_a_wrong_arrow_is_seen(name, imported):
    assert not is_allowed(name, imported)


def test_apps_load_nothing_by_themselves():
    """An empty __init__ lets a leaf be imported alone; a package of models lists what it holds."""
    empty = [(name, path) for name, path in modules() if path.name == "__init__.py"]
    filled = [name for name, path in empty if path.read_text() and path.parent.name != "models"]

    assert filled == []
