"""The rooms of the house: a room uses the rooms below it alone, and packages inside a room form no cycle."""

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


def imports(path: Path, *, types: bool) -> Iterator[tuple[str, ...]]:
    """The modules of this program that a file imports, as parts below `harness`; `types`: for annotations alone too."""
    nodes: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    for node in nodes:
        if not types and isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        nodes += ast.iter_child_nodes(node)
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
        for used in imports(path, types=True)
        if module and module[0] in ROOMS and used[0] in ROOMS
        if ROOMS.index(used[0]) > ROOMS.index(module[0])
    }
    assert upward == set()
    assert {path.stem for path in ROOT.iterdir() if not path.name.startswith("_")} >= {*ROOMS}


def test_packages_inside_a_room_form_no_cycle() -> None:
    packages = {
        (folder.parent.name, folder.name) for folder in ROOT.glob("*/*") if (folder / "__init__.py").exists()
    }
    uses: dict[tuple[str, ...], set[tuple[str, ...]]] = {package: set() for package in packages}
    for module, path in modules():
        if module[:2] in packages:
            uses[module[:2]].update(
                used[:2] for used in imports(path, types=False) if used[:2] in packages - {module[:2]}
            )
    assert ("analysis", "results") in uses[("analysis", "decision")], "imports are seen"
    TopologicalSorter(uses).prepare()  # raises CycleError, which names the cycle
