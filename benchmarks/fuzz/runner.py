"""One attempt in a process of its own: how it ended, how long it took and how much memory it needed."""

from __future__ import annotations

import contextlib
import importlib
import os
import random
import resource
import select
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

LIMIT_S = 10.0
"""Seconds of computing, which do not depend on what else the machine does."""
LIMIT_WALL_S = 60.0
"""Seconds after which an attempt that waits, on a pipe say, is ended."""
LIMIT_BYTES = 1 << 30
SLACK_BYTES = 3 << 30
"""Memory that a child may ask for before it is refused: a runaway attempt must not take the machine with it."""
EXIT_CODES = range(5)
ALWAYS = (
    "harness.analysis.again",
    "harness.cli",
    "harness.corpus.inventory",
    "harness.imports.questions",
    "harness.lmeval.load",
    "harness.report.write",
    "harness.run.compare",
    "harness.spec.remarks",
    "harness.spec.schema",
)
"""What commands import when they begin: imported once, before the attempts."""
CRASHED = 70
"""Exit code of a child that an exception left."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One input and how the command ended on it. `code`: exit code, None where a signal or the limit ended it.

    `peak_bytes`: beyond what the process had before the command began.
    """

    number: int
    folder: Path
    argv: Sequence[str]
    code: int | None
    seconds: float
    peak_bytes: int
    output: str
    errors: str

    @property
    def fault(self) -> str | None:
        """What no input may cause; None where there is nothing of it."""
        if self.seconds >= LIMIT_S:
            return f"hang: over {LIMIT_S:.0f} s"
        if self.code is None:
            return "killed by a signal"
        if self.code not in EXIT_CODES or "Traceback (most recent call last)" in self.errors:
            return f"traceback: {(self.errors.strip().splitlines() or ['?'])[-1][:160]}"
        if self.peak_bytes >= LIMIT_BYTES:
            return f"memory: {self.peak_bytes >> 20} MB"
        return None


def load_kind(name: str) -> ModuleType:
    """The module of a kind, with everything imported that its attempts need."""
    kind = importlib.import_module(f"benchmarks.fuzz.{name}")
    for module in (*ALWAYS, *getattr(kind, "PRELOAD", ())):
        importlib.import_module(module)
    return kind


def try_one(kind: ModuleType, seed: int, number: int, home: Path) -> Attempt:
    """Make input `number` under `home` and try it. The same seed and number make the same input."""
    folder = home / f"{number:06}"
    folder.mkdir()
    argv = kind.make(random.Random(f"{seed}/{number}"), folder)
    out, err = home / f"{number:06}.out", home / f"{number:06}.err"
    code, seconds, before, peak = _in_child(argv, folder, out, err, draws=getattr(kind, "DRAWS", False))
    return Attempt(number, folder, argv, code, seconds, max(0, peak - before), _text(out), _text(err))


def remove(attempt: Attempt) -> None:
    """Remove what an attempt left on disk."""
    shutil.rmtree(os.fsencode(attempt.folder), ignore_errors=True)
    for suffix in (".out", ".err"):
        attempt.folder.with_suffix(suffix).unlink(missing_ok=True)


def _in_child(
    argv: Sequence[str], folder: Path, out: Path, err: Path, *, draws: bool
) -> tuple[int | None, float, int, int]:
    """Run the command in a forked child: (exit code, seconds, bytes resident before, most bytes resident).

    The seconds are those of computing; of an attempt that had to be ended, all that passed.
    """
    begun = time.monotonic()
    before = _resident_bytes()
    done, held = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        os.close(done)
        _child(argv, folder, out, err, None if draws else _address_bytes() + SLACK_BYTES)
    os.close(held)  # the child's copy closes when it ends, and `done` becomes readable
    ended = bool(select.select([done], [], [], LIMIT_WALL_S)[0])
    if not ended:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    os.close(done)
    _, status, usage = os.wait4(child, 0)
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
    seconds = usage.ru_utime + usage.ru_stime if ended else time.monotonic() - begun
    return code, seconds, before, usage.ru_maxrss * 1024


def _child(argv: Sequence[str], folder: Path, out: Path, err: Path, most: int | None) -> None:
    """Everything that the child does; it never returns. `most`: bytes of addresses that it may ask for."""
    code = CRASHED
    try:
        for path, descriptor in ((out, 1), (err, 2)):
            opened = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
            os.dup2(opened, descriptor)
            os.close(opened)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        sys.stdout, sys.stderr = (os.fdopen(n, "w", errors="backslashreplace", closefd=False) for n in (1, 2))
        os.chdir(folder)
        if most is not None:
            resource.setrlimit(resource.RLIMIT_AS, (most, most))
        code = importlib.import_module("harness.cli").main(argv)
    except SystemExit as left:  # argparse, after --help
        code = left.code if isinstance(left.code, int) else CRASHED
    except BaseException:  # noqa: BLE001 - whatever leaves the command is what is looked for
        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def _address_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace")
    except FileNotFoundError:
        return ""
