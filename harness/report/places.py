"""Check the files that `-o` names before anything is derived, and write them."""

from __future__ import annotations

import errno
import os
from collections.abc import Collection, Sequence
from pathlib import Path

from harness.errors import HarnessError, InputError, InputErrors, did_you_mean
from harness.files import write_bytes
from harness.run.manifest_file import MANIFEST

_MACHINE = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
"""Faults of the machine: another name or place would not help."""


def check_files(files: Sequence[Path], suffixes: Collection[str]) -> None:
    """Raise InputErrors, all at once, for files that cannot be written or whose suffix is none of `suffixes`."""
    faults = [(file, _suffix(file, suffixes) or _place(file)) for file in files]
    errors = [InputError(fault, path=file) for file, fault in faults if fault]
    if errors:
        raise InputErrors(errors)


def _suffix(file: Path, suffixes: Collection[str]) -> str | None:
    suffix = file.suffix.lower()
    if suffix not in suffixes:
        known = ", ".join(suffixes)
        found = f"{suffix} is not one of them{did_you_mean(suffix, suffixes)}" if suffix else "there is none"
        return f"the suffix says what to write ({known}), and {found}."
    if file.name.lower() == MANIFEST:  # the one file of evidence with the suffix of a report
        return "this is the name of a run's evidence, which a report never replaces."
    return None


def _place(file: Path) -> str | None:
    try:
        if file.exists() and not file.is_file():
            return "this is not a file, and cannot be replaced by one."
        folder = next(parent for parent in file.absolute().parents if parent.exists())
        if not folder.is_dir():
            return f"{folder} is a file, not a folder."
        return None if os.access(folder, os.W_OK | os.X_OK) else f"you may not write in {folder}."
    except OSError as error:
        return f"this cannot be written: {error.strerror}."


def write_there(file: Path, content: bytes) -> None:
    """Replace `file` in one step. Raises InputError where the place is at fault, HarnessError where the machine is."""
    try:
        write_bytes(file, content)
    except HarnessError as error:
        if isinstance(error.__cause__, OSError) and error.__cause__.errno not in _MACHINE:
            raise InputError(str(error)) from error.__cause__
        raise


def path_to(file: Path, folder: Path) -> str | None:
    """The relative path to a file from a folder; None where there is none, as on another drive."""
    try:
        return Path(os.path.relpath(file.parent.resolve() / file.name, folder.resolve())).as_posix()
    except ValueError:
        return None
