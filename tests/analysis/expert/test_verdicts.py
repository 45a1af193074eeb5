"""Runs in which any expert knows the verdict: evidence on disk → analysis → the sentences that a reader acts on.

`runs.md` is the table. What it expects comes from METHOD and from nothing that the program says. Wording is free:
checked are the status, which system the first sentence names in which role, the price at which the choice turns (within
a factor of 2.5, as margins and rounding of machines are no expert's matter), and the words without which a reader would
be misled.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.again import again
from harness.analysis.decision.needs import stored_requirements
from harness.analysis.decision.requirements.table import Requirements
from harness.analysis.reading import read_run
from harness.analysis.results.checks import Status
from harness.analysis.results.decision import Decision
from harness.analysis.results.run import RunResult, TaskResult
from harness.cli import parser
from harness.commands.flags import price_settings, requirements_from
from harness.report.tables import clusters_in_words
from tests.analysis.expert.described import described
from tests.analysis.expert.evidence import write_described
from tests.analysis.expert.table import Advice, Row, rows

FACTOR = 2.5
TAKES = re.compile(r"\btake\b|(?<!nothing )is recommended", re.IGNORECASE)
DOLLARS = re.compile(r"\$([\d,]+(?:\.\d+)?)")
ROWS = {row.name: row for row in rows()}


@pytest.mark.parametrize("name", ROWS)
def test_verdict(name: str, tmp_path: Path) -> None:
    row = ROWS[name]
    results = decided(row, tmp_path / "run")
    for advice, task in zip(row.advice, results.tasks.values(), strict=False):
        check_advice(advice, task.decision)
    check_says(row, results)


def test_there_are_enough_and_each_has_its_own_name() -> None:
    assert len(ROWS) == len([*rows()]) >= 40


@pytest.mark.parametrize(
    "name",
    [
        "two tasks disagree",
        "f1, partly right",
        "three seeds far apart",
        "80 gold documents named wrongly",
        "leak",
    ],
)
def test_the_order_of_lines_changes_no_figure(name: str, tmp_path: Path) -> None:
    """Not even in its last bit: sums over seeds, clusters and graded scores are where it would show."""
    folder = write_described(tmp_path / "run", described(ROWS[name].evidence))
    first = again(read_run(folder), Requirements(), {}).results
    shuffle = random.Random(1).shuffle
    for file in sorted(folder.glob("*.jsonl")):
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        shuffle(lines)
        file.write_text("".join(lines), encoding="utf-8")
    second = again(read_run(folder), Requirements(), {}).results
    assert asdict(second) == asdict(first)


def decided(row: Row, folder: Path) -> RunResult:
    """The results of the described run as `decide RUN FLAGS` sees them."""
    write_described(folder, described(row.evidence))
    options = parser().parse_args(["decide", str(folder), *row.flags])
    run = read_run(folder)
    needs = requirements_from(options, stored_requirements(run)) or Requirements()
    return again(run, needs, price_settings(options)).results


def check_advice(advice: Advice, decision: Decision) -> None:
    first, status = decision.headline, str(decision.status)
    taken = status == "recommended"
    demand(status in advice.statuses, f"{status}, not {' or '.join(advice.statuses)}: {first}")
    demand((decision.recommended is not None) == taken, f"{status} with {decision.recommended}: {first}")
    leading = {"none_feasible": decision.nearest}.get(status, decision.favourite)
    if status in ("recommended", "best_of_judged", "none_feasible") and advice.systems:
        demand(leading == advice.systems[0], f"{leading}, not {advice.systems[0]}: {first}")
    for system in advice.systems:
        demand(names(first, system), f"does not name {system}: {first}")
    if not advice.systems:
        demand(not TAKES.search(first), first)
    if taken and advice.dearer:
        turns = [float(price.replace(",", "")) for price in DOLLARS.findall(first)]
        demand(names(first, advice.dearer), f"does not name {advice.dearer}: {first}")
        demand(
            any(in_reach(price, advice.from_usd or 0.0) for price in turns), f"not {advice.from_usd}: {first}"
        )
    elif taken:
        demand("unless" not in first, f"a condition where none is due: {first}")


def demand(met: bool, otherwise: str) -> None:
    """Without pytest's own account of the values, which would be all of a decision."""
    if not met:
        pytest.fail(otherwise, pytrace=False)


def in_reach(price: float, expected: float) -> bool:
    return expected / FACTOR <= price <= expected * FACTOR


def names(sentence: str, system: str) -> bool:
    return bool(re.search(rf"(?<![\w+@-]){re.escape(system)}(?![\w+@]|-\w)", sentence))


def check_says(row: Row, results: RunResult) -> None:
    """A term is `this or that`; `first:` stands in the first sentence, `not first:` not there, `never:` nowhere."""
    tasks = results.tasks.values()
    first = " ".join(task.decision.headline for task in tasks).lower()
    everything = " ".join(
        [first, *results.summary.sentences, *(text for task in tasks for text in prose(task))]
    )
    for term in row.says:
        where, _, wanted = term.rpartition(": ")
        text = first if where.endswith("first") else everything.lower()
        found = any(choice.strip().lower() in text for choice in wanted.split(" or "))
        demand(found != (where in ("never", "not first")), f"[{term}] {first}")


def prose(task: TaskResult) -> Iterator[str]:
    """What is said of a task: all texts of its decision, of its questions, and of checks that did not pass."""
    decision = asdict(task.decision)
    decision = {
        key: value for key, value in decision.items() if key not in ("literature", "break_even", "map")
    }
    yield from _texts(json.loads(json.dumps(decision, default=str)))
    yield clusters_in_words(task)
    for check in task.validity:
        if check.status in (Status.WARN, Status.FAIL):
            yield f"{check.title}: {check.detail}"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
