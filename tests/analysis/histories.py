"""Made-up runs side by side in one folder, so that every change between them is known beforehand.

A run asks `n` questions (q0, q1, …) of the task `facts` under base and rag. Answers are right as `right` says; the
machine costs $3.60 an hour and is half used, as in `runs.py`, so that a second costs $0.002.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.report.write import write_reports
from tests.analysis.runs import SPEC, answer, manifest, timing, write_lines, write_run

START = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
TIMED = 12
JITTER = (0.97, 1.0, 1.03)
"""Of single times, by question: enough for an interval that is not empty."""


def created(number: int) -> str:
    return (START + datetime.timedelta(days=number)).isoformat()


def first(right: int, n: int) -> tuple[bool, ...]:
    """The first `right` of n answers are right."""
    return tuple(i < right for i in range(n))


def write_made(
    folder: Path,
    number: int,
    right: Mapping[str, Sequence[bool]],
    *,
    ratios: Mapping[str, float] | None = None,
    seconds: float = 1.0,
    tokens: Mapping[str, tuple[int, int]] | None = None,
    questions: Sequence[Mapping[str, Any]] = (),
    report: bool = False,
    **about: Any,
) -> Path:
    """Write run `number` into `folder`; return the run's folder.

    `ratios`: latency as a multiple of base's, whose mean is `seconds`; None: nothing is timed. `tokens`: of prompt
    and answer. `about` replaces entries of the manifest. `report`: derive and write its reports too.
    """
    n = len(next(iter(right.values())))
    asked = [
        {"task": "facts", "id": f"q{i}", "question": f"Number {i}?", "answers": [f"right {i}"], "cluster": f"c{i}"}
        for i in range(n)
    ]  # fmt: skip
    counts = tokens or {}
    rows = [
        answer("facts", strategy, f"q{i}", f"right {i}" if hit else f"wrong {i}",
               prompt_tokens=counts.get(strategy, (100, 5))[0], completion_tokens=counts.get(strategy, (100, 5))[1])
        for strategy, hits in right.items()
        for i, hit in enumerate(hits)
    ]  # fmt: skip
    times = [
        timing(strategy, i, seconds * factor * (JITTER[(i + place) % 3]), seconds * factor / 2, 5, question_id=f"q{i}")
        for place, (strategy, factor) in enumerate((ratios or {}).items())
        for i in range(min(TIMED, n))
    ]  # fmt: skip
    plan = [{"task": "facts", "strategy": strategy, "adapter": None} for strategy in right]
    facts = {
        "run_id": f"{number:03}",
        "created": created(number),
        "tasks": {"facts": {"spec": {**SPEC, "metrics": ["contains"]}}},
        "plan": plan,
        "not_applicable": {},
        "adapters": [],
    }
    place = write_run(
        folder / f"{number:03}",
        questions=[dict(one) for one in questions] or asked,
        answers=rows,
        timings=times,
        batches=[],
        passages=[],
        manifest={**manifest(), **facts, **about},
    )
    if report:
        write_reports(place)
    return place


def age(place: Path, seconds: int) -> None:
    """Make all files of a run this much older, so that what is written next is newer for sure."""
    for file in place.iterdir():
        made = file.stat().st_mtime_ns - seconds * 10**9
        os.utime(file, ns=(made, made))


__all__ = ["age", "created", "first", "write_lines", "write_made"]
