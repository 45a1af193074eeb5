"""One process at a time writes into a run folder. The lock ends with the process that holds it, however it ends."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from harness.errors import InputError
from harness.files import writing

LOCK = ".lock"
_SIGNED = "process "
"""How the file begins where a process wrote into it who holds it."""


@contextlib.contextmanager
def writing_alone(folder: Path) -> Iterator[None]:
    """Hold the lock of a run folder that exists. Raises InputError, with what is known, where another process does."""
    from filelock import FileLock, Timeout

    file = folder / LOCK
    holder = _holder(file)  # read first: older versions of filelock empty a file that they try to lock
    lock = FileLock(file)
    with writing(str(file)):
        try:
            lock.acquire(timeout=0)
        except Timeout:  # an OSError
            raise InputError(
                f"the run {folder} is still being made{holder}. Wait until that ends, or stop it; "
                "`harness report` may read the run meanwhile."
            ) from None
    try:
        _sign(file)
        yield
    finally:
        with contextlib.suppress(OSError):
            file.unlink()
        lock.release()


def _holder(file: Path) -> str:
    """` by process 4711 on host, since 2026-11-28T22:05:00+00:00`, or nothing where that is not known."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        text = file.read_text(encoding="utf-8")
        if text.startswith(_SIGNED):
            return f" by {text[:200].strip()}"
    return ""


def _sign(file: Path) -> None:
    """Say who holds the lock, unless filelock itself keeps something in the file (where a file system has no locks)."""
    with contextlib.suppress(OSError):
        if not file.stat().st_size or _holder(file):
            since = datetime.now(UTC).isoformat(timespec="seconds")
            file.write_text(f"{_SIGNED}{os.getpid()} on {socket.gethostname()}, since {since}\n", "utf-8")
