"""What would change a decision, and what did: an input, its values and what they lead to, in sentences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from harness.analysis.decision.caveats import joined, reason
from harness.analysis.decision.requirements.table import rows
from harness.analysis.decision.sensitivity import INPUTS, UNKNOWN_COST
from harness.analysis.results.reason import Reason
from harness.analysis.results.turns import Change, Turned
from harness.quantities import capitalised

Write = Callable[[Any], str]


def _words() -> dict[str, tuple[str, Write]]:
    """Each input of a decision: its name, and how its values are written."""
    moved = {moved.field: (moved.label, moved.write) for moved in INPUTS}
    return {
        **{field: (row.name, row.write) for field, row in rows().items()},
        **moved,
        "prices": ("the price list", str),
        "machine": ("the machine", str),
        "tuning_cycles": moved["cycles"],
    }


def name_of(field: str) -> str:
    """What an input is called: `the volume`."""
    return _words()[field][0]


def write(field: str, value: Any) -> str:
    """A value of an input: `10,000 queries a month`, `not set`."""
    return "not set" if value is None else _words()[field][1](value)


def with_words(change: Change) -> Change:
    """What moving the input does, as a sentence; nothing where it changes nothing."""
    words = would_change(change)
    return replace(change, text=words.text, figures=words.figures)


def would_change(change: Change) -> Reason:
    """`The volume (now 10,000 queries a month): rag is recommended from 3,333 queries a month down.`"""
    label = capitalised(change.label)
    if change.searched_low is None:
        return reason(f"{label} {change.why_not}.")
    if not change.turns:
        return reason("")
    clauses = [*_way(change, "down"), *_way(change, "up")]
    now = "" if change.current is None else f" (now {write(change.input, change.current)})"
    found = joined(reason(f"{label}{now}:", current=change.current), joined(*clauses, by="; "))
    return Reason(f"{found.text}.", found.figures)


def _way(change: Change, way: str) -> list[Reason]:
    """What lies one way: first what turns before another system is ahead, then which system that is."""
    down = way == "down"
    winner, unknown = (change.down, change.unknown_down) if down else (change.up, change.unknown_up)
    verdict = change.verdict_down if down else change.verdict_up
    turns = {f"verdict_{way}": None if verdict == winner else verdict, way: winner}
    found = [(name, turn.value, turn.in_words, turn.error_price_usd) for name, turn in turns.items() if turn]
    if unknown is not None:
        found.append((f"unknown_{way}", unknown, f"it {UNKNOWN_COST}", None))
    return [
        reason(
            f"{what} {_where(change, value, way)}",
            **{name: value},
            **({f"{name}_error_price_usd": error_price_usd} if error_price_usd is not None else {}),
        )
        for name, value, what, error_price_usd in found
    ]


def _where(change: Change, value: float, way: str) -> str:
    """`from 3,333 queries a month down`; of a limit that gets tighter: `below 1.20 s`; of what is needed or not: `where
    needed`."""
    shown = write(change.input, value)
    if is_switch(change.input):
        return f"where {shown}"
    return f"{beyond(way)} {shown}" if tightens(change.input, way) else f"from {shown} {way}"


def tightens(field: str, way: str) -> bool:
    """Whether moving a limit this way asks for more. What is exactly as good as the limit still meets it."""
    row = rows().get(field)
    if row is None or row.check is None or field == "refresh_days":
        return False
    return way == ("up" if field.startswith("min_") else "down")


def beyond(way: str) -> str:
    return "below" if way == "down" else "above"


def is_switch(field: str) -> bool:
    """Whether an input is needed or not, and has no values between."""
    row = rows().get(field)
    return row is not None and row.kind is bool


def turned(task: str, found: Turned) -> Reason:
    """How other terms turned a task's verdict, and which inputs did it."""
    if not found.turned:
        return reason(f"{task}: {found.now.in_words}, as under the run's own setting.")
    rows = found.changed
    if len(rows) == 1:
        which = "What turned it"
    elif alone := tuple(row for row in rows if row.alone):
        which = "What turned it, alone" if len(alone) == 1 else "Each of these alone turns it"
        rows = alone
    else:
        which = "No one input turns it alone, only together"
    values = ", ".join(
        f"{row.label} ({write(row.input, row.own)} → {write(row.input, row.now)})" for row in rows
    )
    figures = {
        f"{row.input}, {side}": value for row in rows for side, value in (("own", row.own), ("now", row.now))
    }
    return reason(
        f"{task}: {found.now.in_words}; under the run's own setting: {found.own.in_words}. {which}: {values}.",
        **figures,
    )
