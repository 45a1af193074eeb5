"""How long `decide` and `report` take for a run of 10,000 answers, start of the interpreter included.

The run is made up (`made_up.py`: three tasks, fifteen columns), since only its size matters here. Targets: 2 seconds
for `decide`, 5 for `report`, and at 100,000 answers 2 seconds of the processor for `decide`. Seconds of the processor,
which a busy machine changes less, stand beside those of the clock, and the most memory that a command held beside
both. With `--models 20`, one task that 100 systems answered; of 1,000,000 answers the page shall stay below 10 MB.

    python -m benchmarks.decide_speed
    python -m benchmarks.decide_speed --questions 6670                           # 100,050 answers
    python -m benchmarks.decide_speed --questions 10000 --models 20 --repeat 1   # 1,000,000 answers
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.made_up import write_made_up

COMMANDS = {
    "decide": ("decide", "RUN", "--json", "--monthly-queries", "1000000", "--error-price", "0.01"),
    "report": ("report", "RUN", "--json"),
}


@dataclass(frozen=True, slots=True)
class Taken:
    """What a command took: seconds of the clock and of the processor, and the most memory it held, MB."""

    wall_s: float
    processor_s: float
    memory_mb: float


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--questions", type=int, default=667, help="a task (667: 10,005 answers)")
    parser.add_argument("--models", type=int, default=0, help="one task, five systems for each model")
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        answers = write_made_up(Path(folder), options.questions, options.models)
        size = (Path(folder) / "answers.jsonl").stat().st_size / 1e6
        print(f"{answers:,} answers, {size:,.0f} MB; best and median of {options.repeat}:")
        for name, words in COMMANDS.items():
            runs = [
                taken([folder if word == "RUN" else word for word in words]) for _ in range(options.repeat)
            ]
            for unit in ("wall_s", "processor_s", "memory_mb"):
                values = [getattr(run, unit) for run in runs]
                print(
                    f"{name:<8} {min(values):>9,.2f} {statistics.median(values):>9,.2f}  {unit}", flush=True
                )
        print(f"report.html: {(Path(folder) / 'report.html').stat().st_size / 1e6:.1f} MB")


def taken(words: list[str], out: str = os.devnull) -> Taken:
    """What a command of the harness takes that writes into the file `out`. Raises SystemExit where it fails."""
    start = time.perf_counter()
    into = [(os.POSIX_SPAWN_OPEN, 1, out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)]
    child = os.posix_spawn(
        sys.executable, [sys.executable, "-m", "harness", *words], os.environ, file_actions=into
    )
    _, status, used = os.wait4(child, 0)
    if status:
        raise SystemExit(f"{' '.join(words)} failed.")
    unit = 1e6 if sys.platform == "darwin" else 1e3  # bytes there, kilobytes on Linux
    return Taken(time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / unit)


if __name__ == "__main__":
    main()
