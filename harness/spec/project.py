"""A folder to work in outside a clone: example tasks, their documents, what keeps runs out of git, and a CI workflow.

The examples live in the repository's own `tasks/` and `corpora/`; pyproject.toml puts them into the wheel.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import harness
from harness.errors import HarnessError, InputError, InputErrors
from harness.files import write_bytes

EXAMPLES = (
    "corpora/README.md",
    "corpora/handbook",
    "tasks/task.schema.json",
    "tasks/behaviour",
    "tasks/general",
    "tasks/knowledge",
    "tasks/behaviour.yaml",
    "tasks/general.yaml",
    "tasks/knowledge.yaml",
)
"""Files and folders of the examples. The task files come last, as the others do nothing without them."""

IGNORED_RUNS = (
    "# Runs stay out of git, but for the one that others are held against.\n/*\n!/.gitignore\n!/baseline/\n"
)

_PACKAGE = Path(harness.__file__).parent
WORKFLOW = _PACKAGE / "templates" / "harness-check.yml"
"""Checks pull requests on GitHub, in a repository that installs the package."""


@dataclass(frozen=True, slots=True)
class Begun:
    """What `begin` did: paths below the folder, in the order of writing."""

    written: tuple[Path, ...]
    kept: tuple[Path, ...]
    """Was there already, with other bytes or the same, and was left as it is."""
    own_tasks: tuple[Path, ...]
    """Task files that are no examples. Where there are any, no examples are written."""


def begin(folder: Path) -> Begun:
    """Write the examples and the files of a project into `folder`, which may exist; nothing is replaced.

    Raises InputErrors, before anything is written, where a file stands where a folder should.
    """
    own = tuple(path.relative_to(folder) for path in _task_files(folder) if path.name not in _example_names())
    files = {} if own else dict(_examples())
    files[Path("reports/.gitignore")] = IGNORED_RUNS.encode()
    files[Path(".github/workflows", WORKFLOW.name)] = WORKFLOW.read_bytes()
    kept = tuple(path for path in files if os.path.lexists(folder / path))
    _check_folders(folder, [path for path in files if path not in kept])
    written = tuple(path for path in files if path not in kept)
    for path in written:
        write_bytes(folder / path, files[path])
    return Begun(written, kept, own)


def _example_names() -> set[str]:
    return {Path(name).name for name in EXAMPLES}


def _task_files(folder: Path) -> Iterator[Path]:
    yield from (path for suffix in ("yaml", "yml") for path in sorted((folder / "tasks").glob(f"*.{suffix}")))


def _examples() -> Iterator[tuple[Path, bytes]]:
    """Each file of the examples: its path in a project, and its bytes."""
    home = _PACKAGE / "examples"  # in a wheel; in a clone they lie in its root
    root = home if home.is_dir() else _PACKAGE.parent
    for name in EXAMPLES:
        path = root / name
        if not path.exists():
            raise HarnessError(f"this installation lacks its example {name}; install the package again.")
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                yield file.relative_to(root), file.read_bytes()


def _check_folders(folder: Path, files: list[Path]) -> None:
    parents = dict.fromkeys(folder / parent for path in files for parent in path.parents)
    wrong = [path for path in parents if path.exists() and not path.is_dir()]
    if wrong:
        raise InputErrors([InputError("is a file, where a folder is to be.", path=path) for path in wrong])
