"""Try hostile inputs of one kind, and exit 1 where one of them found something.

python -m benchmarks.fuzz task_files --count 10000
python -m benchmarks.fuzz task_files --only 4711 --keep found    # one of them again, its files kept
"""

from __future__ import annotations

import argparse
import pkgutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

import benchmarks.fuzz
from benchmarks.fuzz.runner import Attempt, load_kind, remove, try_one

NOT_KINDS = {"__main__", "runner"}


def kinds() -> list[str]:
    """Every kind of hostile input."""
    return [
        found.name
        for found in pkgutil.iter_modules(benchmarks.fuzz.__path__)
        if found.name not in NOT_KINDS and not found.name.startswith("_")
    ]


def main() -> int:
    flags = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description=__doc__.splitlines()[0])
    flags.add_argument("kind", choices=kinds())
    flags.add_argument("--count", type=int, default=1000)
    flags.add_argument("--seed", type=int, default=1)
    flags.add_argument("--only", type=int, help="try this input alone, and print what the command said")
    flags.add_argument(
        "--keep", type=Path, help="keep the files of inputs that found something in this folder"
    )
    flags.add_argument("--shown", type=int, default=20, help="findings that are printed")
    options = flags.parse_args()
    kind = load_kind(options.kind)
    numbers = range(options.count) if options.only is None else [options.only]
    ended: Counter[str] = Counter()
    found: Counter[str] = Counter()
    slowest = most = 0.0
    with tempfile.TemporaryDirectory() as temporary:
        home = (options.keep or Path(temporary)).resolve()
        home.mkdir(parents=True, exist_ok=True)
        for number in numbers:
            attempt = try_one(kind, options.seed, number, home)
            fault = attempt.fault or getattr(kind, "wrong", lambda _: None)(attempt)
            ended[f"exit {attempt.code}"] += 1
            slowest, most = max(slowest, attempt.seconds), max(most, attempt.peak_bytes)
            if fault:
                found[fault] += 1
                if found.total() <= options.shown:
                    print(_finding(attempt, fault), flush=True)
            if options.only is not None:
                print(attempt.output, attempt.errors, sep="\n")
            if not (options.keep and (fault or options.only is not None)):
                remove(attempt)
    counts = ", ".join(f"{code}: {n}" for code, n in sorted(ended.items()))
    print(
        f"{options.kind}: {len(numbers)} tried ({counts}); slowest {slowest:.1f} s, most memory {most / 2**20:.0f} MB"
    )
    for fault, n in found.most_common():
        print(f"{n:6} × {fault}")
    print(f"{found.total()} findings")
    return 1 if found else 0


def _finding(attempt: Attempt, fault: str) -> str:
    return f"#{attempt.number} {fault}\n    harness {' '.join(map(repr, attempt.argv))}"


if __name__ == "__main__":
    sys.exit(main())
