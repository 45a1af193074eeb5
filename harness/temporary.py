"""Temporary files and folders that become whole ones in one step, and what killed processes left of them.

The process that fills one holds a lock on it, which the system takes away when the process ends. Whoever writes beside
one that nobody holds removes it.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

_NAME = re.compile(r"\..*\.[0-9a-f]{8}\.unfinished")
_STEM = 40
"""Characters of a name that its temporary begins with: the whole must not be longer than a file system takes."""


@contextlib.contextmanager
def temporary(path: Path, *, folder: bool = False) -> Iterator[Path]:
    """Yield an empty file or folder beside `path`, which the block may move there; otherwise it is gone afterwards."""
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_left(path.parent)
    made, lock = _make(path, folder)
    try:
        yield made
    finally:
        discard(made)
        if lock is not None:
            os.close(lock)


def name_beside(path: Path) -> Path:
    """A name beside `path` for what anybody may remove as soon as nobody holds it."""
    return path.with_name(f".{path.name[:_STEM]}.{secrets.token_hex(4)}.unfinished")


def remove_left(folder: Path) -> None:
    """Remove what killed processes left in a folder, where that is allowed. What a live one holds stays."""
    if sys.platform == "win32":  # which has no locks on folders
        return
    with contextlib.suppress(OSError):
        names = [entry.name for entry in os.scandir(folder) if _NAME.fullmatch(entry.name)]
        for name in names:
            with contextlib.suppress(OSError):
                lock = os.open(folder / name, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
                try:
                    if _hold(lock, folder / name):
                        discard(folder / name)
                finally:
                    os.close(lock)


def discard(path: Path) -> None:
    """Remove a file or a folder, as far as that is possible."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()


def _make(path: Path, folder: bool) -> tuple[Path, int | None]:
    """An empty file or folder, and the descriptor that holds it."""
    while True:
        made = name_beside(path)
        if folder:
            made.mkdir()
        else:
            made.touch(exist_ok=False)
        if sys.platform == "win32":
            return made, None
        lock = os.open(made, os.O_RDONLY)
        try:
            if _hold(lock, made):
                return made, lock
        except OSError:  # the file system has no locks, and nobody removes what cannot be locked
            return made, lock
        os.close(lock)  # somebody took it for one that was left


def _hold(lock: int, path: Path) -> bool:
    """Lock what a descriptor refers to. False where another process holds it, or it is not at `path` any more.

    Raises OSError where the file system has no locks.
    """
    if sys.platform != "win32":
        import fcntl

        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    try:
        return os.path.samestat(os.fstat(lock), path.lstat())
    except FileNotFoundError:
        return False
