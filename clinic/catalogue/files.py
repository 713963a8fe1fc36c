"""The data files as one document that still knows the file and the line of everything in it."""

from collections.abc import Iterator
from math import inf
from pathlib import Path

import yaml

from clinic.catalogue.errors import CatalogueRefused, Problem

DATA = Path(__file__).resolve().parent / "data"


SHAPE = "a data file is SECTION: [row, ...]"
FARTHEST = 10**18  # no number of a catalogue comes near it; a longer one may not even be printed


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Dates stay texts: a document is JSON, which knows no dates."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


class Files:
    """`document` is {section: rows}; `where` gives each path in it its file and line."""

    def __init__(self, folder: Path):
        self.folder, self.document, self.where, self.faults = folder, {}, {}, []
        paths = sorted(folder.glob("*.yaml"))
        if not paths:
            raise CatalogueRefused([f"{folder}: there is no .yaml file in this folder"])
        for path in paths:
            self._read(path)

    def line_of(self, problem: Problem) -> str:
        """`file:line: what is wrong`, at the nearest place that the file names."""
        path = problem.path
        while path not in self.where:
            path = path[:-1]
        file, line = self.where[path]
        return f"{file}:{line}: {self._row_of(problem.path)}{problem.reason}"

    def _row_of(self, path: tuple) -> str:
        """The code of the row, and the key inside it, since a line number alone says little."""
        rows = self.document.get(path[0]) if path else None
        if len(path) < 2 or not isinstance(rows, list) or not isinstance(rows[path[1]], dict):
            return ""
        inner = ".".join(str(step) for step in path[2:])
        return f"{rows[path[1]].get('code', '?')}{', ' + inner if inner else ''}: "

    def _read(self, path: Path):
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as fault:
            self.faults.append(f"{path.name}:1: this file cannot be read: {fault}")
            return
        self._take(path.name, text)

    def _take(self, name: str, text: str):
        try:
            loader = Loader(text)
            root = loader.get_single_node()
        except yaml.YAMLError as fault:
            mark = getattr(fault, "problem_mark", None)
            reason = getattr(fault, "problem", None) or "this is no YAML"
            self.faults.append(f"{name}:{mark.line + 1 if mark else 1}: {reason}")
            return
        if not isinstance(root, yaml.MappingNode):
            self.faults.append(f"{name}:1: {SHAPE}")
            return
        for key, node in root.value:
            self._section(name, loader, key, node)

    def _section(self, file: str, loader: Loader, key: yaml.Node, node: yaml.Node):
        name = key.value
        if not isinstance(key, yaml.ScalarNode):
            self.faults.append(f"{file}:{key.start_mark.line + 1}: {SHAPE}")
            return
        known = self.document.get(name, [])
        if not isinstance(known, list) or (name in self.document and not _is_list(node)):
            self.faults.append(f"{file}:{key.start_mark.line + 1}: {name} stands here twice")
            return
        self.where.setdefault((name,), (file, key.start_mark.line + 1))
        if not _is_list(node):
            self.document.setdefault(name, self._value(file, loader, node, (name,)))
            return
        rows = self.document.setdefault(name, [])
        for item in node.value:
            rows.append(self._value(file, loader, item, (name, len(rows))))

    def _value(self, file: str, loader: Loader, node: yaml.Node, path: tuple):
        self.where[path] = file, node.start_mark.line + 1
        if _is_list(node):
            return [
                self._value(file, loader, item, (*path, index))
                for index, item in enumerate(node.value)
            ]
        if isinstance(node, yaml.MappingNode):
            return dict(self._pairs(file, loader, node, path))
        try:
            value = loader.construct_object(node)
        except (yaml.YAMLError, ValueError):
            value = inf
        if isinstance(value, int | float) and not -FARTHEST < value < FARTHEST:
            read = node.value if len(node.value) < 40 else f"{node.value[:40]}..."
            self.faults.append(f"{file}:{node.start_mark.line + 1}: {read!r} cannot be read")
            return None
        return value

    def _pairs(self, file: str, loader: Loader, node: yaml.MappingNode, path: tuple) -> Iterator:
        seen = set()
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.faults.append(f"{file}:{key_node.start_mark.line + 1}: a key is a word")
                continue
            key = key_node.value
            if key in seen:
                self.faults.append(
                    f"{file}:{key_node.start_mark.line + 1}: {key} stands here twice"
                )
            seen.add(key)
            self.where[*path, key] = file, key_node.start_mark.line + 1
            value = self._value(file, loader, value_node, (*path, key))
            self.where[*path, key] = file, key_node.start_mark.line + 1
            yield key, value


def _is_list(node: yaml.Node) -> bool:
    return isinstance(node, yaml.SequenceNode)


class OneFile(Files):
    """The text of a file that came from elsewhere, under the name it had there."""

    def __init__(self, name: str, text: str):
        self.folder, self.document, self.where, self.faults = None, {}, {}, []
        self._take(name, text)
