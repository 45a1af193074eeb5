"""Paths as people type them → as the file system spells them: macOS keeps accents apart from their letters."""

from __future__ import annotations

import glob
import os
import unicodedata
from pathlib import Path


def as_on_disk(path: str | Path) -> str:
    """A path, or a pattern, by the names that are there, where these differ in Unicode's form alone; else as it is."""
    if os.path.exists(path):  # noqa: PTH110 - never raises, however long the name
        return str(path)
    parts = Path(path).parts
    here = "."
    for number, part in enumerate(parts):
        if glob.has_magic(part):
            return str(Path(here, *parts[number:]))
        here = _child(here, part)
    return here


def _child(folder: str, name: str) -> str:
    """The path of a name in a folder, under its own spelling where there is exactly one."""
    plain = str(Path(folder, name))
    if os.path.exists(plain):  # noqa: PTH110
        return plain
    wanted = unicodedata.normalize("NFC", name)
    try:
        same = [one for one in Path(folder).iterdir() if unicodedata.normalize("NFC", one.name) == wanted]
    except (OSError, ValueError):
        same = []
    return str(same[0]) if len(same) == 1 else plain
