"""The rooms of the house: a room uses the rooms above it, and neither rooms nor packages inside one form a cycle."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import harness

ROOT = Path(harness.__file__).parent
ROOMS = (
    "errors", "progress", "quantities", "files", "records", "scoring", "spec", "corpus", "engines", "finetune", "run",
    "lmeval", "analysis", "report", "export", "commands", "cli",
)  # fmt: skip
"""From the bottom up."""


def imports(path: Path) -> Iterator[tuple[str, ...]]:
    """The modules of this program that a file imports, as parts below `harness`, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "harness":
            for name in node.names:
                yield tuple([*node.module.split("."), name.name][1:])


def modules() -> Iterator[tuple[tuple[str, ...], Path]]:
    for path in ROOT.rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield (parts[:-1] if parts[-1] == "__init__" else parts), path


def test_a_room_uses_the_rooms_below_it_alone() -> None:
    upward = {
        f"{path.relative_to(ROOT)} uses {used[0]}"
        for module, path in modules()
        for used in imports(path)
        if module and module[0] in ROOMS and used[0] in ROOMS
        if ROOMS.index(used[0]) > ROOMS.index(module[0])
    }
    assert upward == set()
    assert {path.stem for path in ROOT.iterdir() if not path.name.startswith("_")} >= {*ROOMS}


def test_packages_inside_a_room_form_no_cycle() -> None:
    """A package inside a room, or a module of the room itself, counts as one."""
    uses: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
    for module, path in modules():
        here = module[:2]
        uses.setdefault(here, set()).update(
            used[:2] for used in imports(path) if used[0] == here[0] if here and used[:2] != here
        )
    TopologicalSorter(uses).prepare()  # raises CycleError, which names the cycle
