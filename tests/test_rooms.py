"""Rooms stand in an order: one may use those before it, and nothing goes round in a circle."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import harness

ROOT = Path(harness.__file__).parent
ORDER = (
    "errors", "process", "quantities", "progress", "ranges", "steps", "records", "temporary", "files", "strictjson",
    "quiet", "loading", "patterns", "templates", "scoring", "spec", "corpus", "engines", "finetune", "run", "cluster",
    "lmeval", "export", "imports", "analysis", "preview", "report", "commands", "cli", "__main__",
)  # fmt: skip
"""From the rooms that need no other to those that people call."""


def place_of(module: str) -> tuple[str, str]:
    """The room of a module, and what it stands in there: a package, or the module itself."""
    names = module.split(".")[1:]
    return names[0], ".".join(names[:2])


def imports(file: Path) -> Iterator[str]:
    """Every module of the program that a file imports, also inside functions and for types alone."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("harness."):
            for alias in node.names:
                inside = ROOT.parent.joinpath(*node.module.split("."), f"{alias.name}.py")
                yield f"{node.module}.{alias.name}" if inside.exists() else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("harness."))


def edges() -> Iterator[tuple[str, str]]:
    """Each import: the module that makes it, and the one that it wants."""
    for file in sorted(ROOT.rglob("*.py")):
        module = ".".join(("harness", *file.relative_to(ROOT).with_suffix("").parts)).removesuffix(
            ".__init__"
        )
        if module != "harness":
            yield from ((module, wanted) for wanted in imports(file))


def test_rooms_use_those_before_them_alone() -> None:
    wrong = [
        f"{module} imports {wanted}"
        for module, wanted in edges()
        if ORDER.index(place_of(wanted)[0]) > ORDER.index(place_of(module)[0])
    ]
    assert not wrong


def test_packages_inside_a_room_form_no_circle() -> None:
    """Modules beside the packages of a room count one by one."""
    graph: dict[str, set[str]] = {}
    for module, wanted in edges():
        (room, place), (other_room, other) = place_of(module), place_of(wanted)
        if room == other_room and place != other:
            graph.setdefault(place, set()).add(other)
    TopologicalSorter(graph).prepare()


def test_benchmarks_import_what_is_there() -> None:
    """No other test runs most of them."""
    gone = [
        f"{file.name}: {node.module}.{alias.name}"
        for file in ROOT.with_name("benchmarks").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("harness")
        for alias in node.names
        if not _has(ROOT.parent.joinpath(*node.module.split(".")), alias.name)
    ]
    assert not gone


def _has(module: Path, name: str) -> bool:
    """Whether a module has a name, or a package a module of that name."""
    if (module / f"{name}.py").exists() or (module / name).is_dir():
        return True
    file = module.with_suffix(".py") if module.with_suffix(".py").exists() else module / "__init__.py"
    return file.exists() and name in re.findall(r"\w+", file.read_text(encoding="utf-8"))
