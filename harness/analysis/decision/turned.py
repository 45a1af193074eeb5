"""How other terms turned a task's verdict: what was said under the run's own, what is said now, and what did it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.analysis.decision.choice import NONE_FEASIBLE, RECOMMENDED, UNDECIDED
from harness.analysis.decision.telling import Teller, Told, joined

Block = Mapping[str, Any]

INPUTS: dict[str, tuple[str, str]] = {
    "monthly_queries": ("the volume", "{%s:queries} a month"),
    "horizon_months": ("the horizon", "{%s:months}"),
    "error_price_usd": ("the price of a wrong answer", "{%s:dollars}"),
    "refresh_days": ("the refresh interval", "every {%s:days}"),
    "min_accuracy": ("the least accuracy", "{%s:percent}"),
    "max_latency_s": ("the latency ceiling", "{%s:seconds}"),
    "latency_percentile": ("the percentile of the latency", "{%s:as_is}"),
    "monthly_budget_usd": ("the budget", "{%s:dollars} a month"),
    "max_memory_gb": ("the memory ceiling", "{%s:gigabytes}"),
    "citations": ("citations", "{%s:needed}"),
    "in_house": ("data in house", "{%s:needed}"),
    "accuracy_margin": ("the margin of accuracy", "{%s:share}"),
    "value_margin": ("the margin of value", "{%s:percent}"),
    "prices": ("the price sheet", "{%s:as_is}"),
    "machine": ("the machine", "{%s:as_is}"),
    "usd_per_hour": ("the price of a machine hour", "{%s:dollars}"),
    "utilisation": ("the utilisation", "{%s:percent}"),
    "tuning_cycles": ("the number of tuning cycles", "{%s:whole}"),
}
"""Each input, and how its values are told."""
UNSET = "not set"


@dataclass(frozen=True, slots=True)
class Changed:
    """An input with its value under the run's own terms and now. `alone`: what is decided if it alone changes."""

    field: str
    own: Any
    now: Any
    alone: Block


def turned(task: str, own: Block, now: Block, changed: Sequence[Changed]) -> dict[str, Any]:
    """{own, now, turned, changed, text, figures}; `own` and `now` are decisions, of which status and names count.

    A changed input is `alone` enough where it turns the verdict to the present one by itself.
    """
    kept = {name: {key: one[key] for key in KEPT} for name, one in (("own", own), ("now", now))}
    turns = _verdict(own) != _verdict(now)
    rows = [
        {
            "input": one.field,
            "label": INPUTS[one.field][0],
            "own": one.own,
            "now": one.now,
            "alone": turns and _verdict(one.alone) == _verdict(now),
        }
        for one in changed
    ]
    block = {**kept, "turned": turns, "changed": rows}
    return {**block, **_told(task, block)}


KEPT = ("status", "recommended", "favourite")


def _verdict(decision: Block) -> tuple[Any, ...]:
    return tuple(decision[key] for key in KEPT)


def _told(task: str, block: Block) -> Told:
    tell = Teller({"turned": {task: block}})
    now, own = _said(block["now"]), _said(block["own"])
    if not block["turned"]:
        return tell.say(f"{task}: {now}, as under the run's own setting.")
    values = [_moved(tell, task, index, row) for index, row in enumerate(block["changed"])]
    opening = tell.say(f"{task}: {now}; under the run's own setting {own}.")
    alone = [told for told, row in zip(values, block["changed"], strict=True) if row["alone"]]
    if len(values) == 1:
        return joined(opening, tell.say("What turned it:"), _listed(values))
    if alone:
        which = "What turned it, alone:" if len(alone) == 1 else "Each of these alone turns it:"
        return joined(opening, tell.say(which), _listed(alone))
    return joined(opening, tell.say("No one input turns it alone, only together:"), _listed(values))


def _said(decision: Block) -> str:
    status, favourite = decision["status"], decision["favourite"]
    if status == RECOMMENDED:
        return f"{favourite} is recommended"
    if status == NONE_FEASIBLE:
        return "no strategy meets the requirements"
    if status == UNDECIDED:
        return f"undecided, with {favourite} ahead" if favourite else "undecided"
    return "there is nothing to choose between"


def _moved(tell: Teller, task: str, index: int, row: Block) -> Told:
    """`the volume (10,000 → 1,000,000 queries a month)`."""
    words = INPUTS[row["input"]][1]
    places = {
        side: f"turned/{task}/changed/{index}/{side}" for side in ("own", "now") if row[side] is not None
    }
    own, now = (words % side if side in places else UNSET for side in ("own", "now"))
    return tell.say(f"{row['label']} ({own} → {now})", **places)


def _listed(parts: Sequence[Told]) -> Told:
    return {**joined(*parts), "text": f"{', '.join(part['text'] for part in parts)}."}
