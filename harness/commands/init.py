"""`init`: a folder to work in, with the examples that the package brings."""

from __future__ import annotations

import argparse
import shlex
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.commands.flags import place
from harness.quantities import counted, listed

if TYPE_CHECKING:
    from harness.spec.project import Begun

NEXT = (
    ("harness compare --quick", "a few questions of each task: shows that all works"),
    ("harness compare", "all questions; it says first how long that takes here"),
    ("harness tasks new mytask", "a task of your own; delete the examples when you no longer need them"),
)
"""What to do in a new folder, and what it does."""


def add_init(commands: Any) -> None:
    init = commands.add_parser("init", help="write example tasks, documents and a CI workflow into a folder")
    init.add_argument(
        "folder",
        nargs="?",
        type=place,
        default=Path(),
        metavar="DIR",
        help="where (default: the current folder); what is there already is left as it is",
    )
    init.set_defaults(run=_init)


def _init(options: argparse.Namespace) -> None:
    from harness.spec.project import begin

    begun = begin(options.folder)
    for line in _told(begun):
        print(line)
    print("\nNext:")
    if options.folder != Path():
        print(f"  cd {shlex.quote(str(options.folder))}")
    for command, meaning in NEXT:
        print(f"  {command:<26} {meaning}")


def _told(begun: Begun) -> list[str]:
    """What was written, folder by folder, and what was not."""
    folders = Counter(path.parts[0] if len(path.parts) > 1 else "." for path in begun.written)
    lines = [f"wrote {folder}/: {_files(begun, folder)}" for folder in folders]
    if begun.own_tasks:
        lines.append(
            f"left out the examples, as there are tasks already: {listed(map(str, begun.own_tasks), 3)}"
        )
    if begun.kept:
        lines.append(f"left as it was: {listed(map(str, begun.kept), 3)}")
    return lines


def _files(begun: Begun, folder: str) -> str:
    """The only file of a folder by its name, several by their number."""
    paths = [path for path in begun.written if path.parts[0] == folder]
    return str(paths[0].relative_to(folder)) if len(paths) == 1 else counted(len(paths), "file")
