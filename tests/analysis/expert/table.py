"""Reads `runs.md`: one made-up run a row, with the verdict that an expert would sign."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("runs.md")
COLUMNS = ("Run", "Evidence", "Asked", "Status", "Take", "Says", "Why")
CONDITION = re.compile(r"(\S+); then (\S+) from \$(\S+)")


@dataclass(frozen=True)
class Advice:
    """What to do on one task: which systems the first sentence has to name, and under which condition."""

    statuses: tuple[str, ...]
    systems: tuple[str, ...]
    """The one to take; where the task is undecided, those it is open between; else the nearest. Perhaps none."""
    dearer: str | None = None
    """What to take instead from a price of a wrong answer on."""
    from_usd: float | None = None


@dataclass(frozen=True)
class Row:
    name: str
    evidence: str
    flags: tuple[str, ...]
    advice: tuple[Advice, ...]
    """One a task."""
    says: tuple[str, ...]
    why: str


def rows() -> Iterator[Row]:
    """Every row of every table of the file. Raises ValueError for a row of another shape."""
    for number, line in enumerate(FILE.read_text(encoding="utf-8").splitlines(), 1):
        if not line.startswith("|"):
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if tuple(cells) == COLUMNS or set(cells[0]) <= {"-", ":"}:
            continue
        if len(cells) != len(COLUMNS):
            raise ValueError(f"{FILE.name}:{number}: {len(cells)} cells, but {len(COLUMNS)} columns")
        yield _row(*(cell.strip("`") for cell in cells))


def _row(name: str, evidence: str, asked: str, status: str, take: str, says: str, why: str) -> Row:
    tasks = zip(status.split(" / "), take.split(" / "), strict=True)
    return Row(
        name,
        evidence,
        tuple(asked.split()),
        tuple(_advice(tuple(one.split(" or ")), wanted.strip("`")) for one, wanted in tasks),
        tuple(term.strip() for term in says.split(";") if term.strip()),
        why,
    )


def _advice(statuses: tuple[str, ...], take: str) -> Advice:
    if take == "nothing":
        return Advice(statuses, ())
    if condition := CONDITION.fullmatch(take):
        return Advice(statuses, (condition[1],), condition[2], float(condition[3]))
    return Advice(statuses, tuple(take.split(" or ")))
