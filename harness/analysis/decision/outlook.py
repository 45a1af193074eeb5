"""What would change the choice, in JSON and in sentences."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from harness.analysis.decision.candidates import Setting
from harness.analysis.decision.choice import RECOMMENDED, Choice, pays
from harness.analysis.decision.sensitivity import (
    REACH,
    Change,
    Outcome,
    Turn,
    bands,
    changes,
    grid,
)
from harness.analysis.decision.telling import Teller, Told, joined

UNITS = {
    "monthly_queries": "{%s:queries} a month",
    "usd_per_hour": "{%s:dollars} an hour",
    "error_price_usd": "{%s:dollars} an error",
    "utilisation": "{%s:percent}",
    "cycles": "{%s:whole}",
    "refresh_days": "every {%s:days}",
    "horizon_months": "{%s:months}",
}
"""How a value of an input is written, with the figure's name to be put in."""

UNKNOWN_COST = "cannot be weighed: not every cost is known"
NO_PRICE = "plays no part: the run has no price for it"


def outlook(choice_at: Callable[[Setting], Choice], setting: Setting) -> dict[str, Any]:
    """{would_change, error_price, pays_from_usd, pays_to_usd, map}, figures only; `tell_changes` adds the sentences."""

    def outcome_at(at: Setting) -> Outcome:
        choice = choice_at(at)
        return Outcome(choice.winner, choice.status, choice.weighed)

    weighed = choice_at(setting).weighed
    spans = bands(outcome_at, setting) if weighed else ()
    low, high = ends_of(choice_at(setting), setting)
    return {
        "would_change": [_change(one, weighed) for one in changes(outcome_at, setting)],
        "error_price": [
            {"from_usd": band.low, "winner": band.outcome.winner, "status": band.outcome.status}
            for band in spans
        ],
        "pays_from_usd": low,
        "pays_to_usd": high,
        "map": _map(choice_at, setting),
    }


def ends_of(choice: Choice, setting: Setting) -> tuple[float | None, float | None]:
    """Between which prices of a wrong answer the favourite has the least expected cost.

    The second is None where there is no end. Both are None where it has at no price, or a cost is not known.
    """
    found = pays(choice, setting)
    if found is None:
        return None, None
    return found[0], None if math.isinf(found[1]) else found[1]


def _map(choice_at: Callable[[Setting], Choice], setting: Setting) -> dict[str, Any]:
    """Who is ahead over volume and refresh interval (a row an interval, a column a volume), and how settled that is.

    `weighed`: whether all costs are known there. `pays_from_usd`, `pays_to_usd`: the prices of a wrong answer
    between which the same strategy also has the least expected cost.
    """
    volumes, refreshes = grid(setting)
    rows = []
    for interval in refreshes:
        points = [replace(setting, monthly_queries=volume, refresh_days=interval) for volume in volumes]
        choices = [choice_at(point) for point in points]
        rows.append([(one, *ends_of(one, at)) for one, at in zip(choices, points, strict=True)])
    return {
        "monthly_queries": list(volumes),
        "refresh_days": list(refreshes),
        "winners": [[choice.winner for choice, _, _ in row] for row in rows],
        "statuses": [[choice.status for choice, _, _ in row] for row in rows],
        "weighed": [[choice.weighed for choice, _, _ in row] for row in rows],
        "pays_from_usd": [[low for _, low, _ in row] for row in rows],
        "pays_to_usd": [[high for _, _, high in row] for row in rows],
    }


def _change(one: Change, weighed: bool) -> dict[str, Any]:
    """`weighed`: whether all costs are known as things are; if not, nothing can be said of any input."""
    searched = one.searched if weighed else None
    why_not = NO_PRICE if one.searched is None else None if weighed else UNKNOWN_COST
    down, up = (one.down, one.up) if weighed else (None, None)
    row: dict[str, Any] = {
        "input": one.input.field,
        "label": one.input.label,
        "current": one.current,
        "searched_low": searched[0] if searched else None,
        "searched_high": searched[1] if searched else None,
        "why_not": why_not,
        "nearest": one.nearest if weighed else None,
    }
    for name, way in (("down", down), ("up", up)):
        row[name] = _turn(way.winner if way else None, one.current)
        row[f"verdict_{name}"] = _turn(way.verdict if way else None, one.current)
        row[f"unknown_{name}"] = way.unknown if way else None
    return row


def _turn(turn: Turn | None, current: float | None) -> dict[str, Any] | None:
    if turn is None:
        return None
    return {
        "value": turn.value,
        "winner": turn.outcome.winner,
        "status": turn.outcome.status,
        "factor": turn.value / current if current else None,
    }


def tell_changes(task: Mapping[str, Any], decision: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The changes, each with `text` and `figures`."""
    tell = Teller({**task, "decision": decision})
    rows = decision["would_change"]
    return [{**row, **_told(tell, row, f"decision/would_change/{index}")} for index, row in enumerate(rows)]


def _told(tell: Teller, row: Mapping[str, Any], at: str) -> Told:
    label = f"{row['label'][:1].upper()}{row['label'][1:]}"
    if row["searched_low"] is None:
        return tell.say(f"{label} {row['why_not']}.")
    clauses = [clause for way in ("down", "up") for clause in _moved(tell, row, at, way)]
    if not any(row[key] for key in ("down", "up", "verdict_down", "verdict_up")):
        clauses.insert(0, _none(tell, row, at))
    several = {**joined(*clauses), "text": "; ".join(clause["text"] for clause in clauses) + "."}
    now = "" if row["current"] is None else f" (now {UNITS[row['input']] % 'now'})"
    places = {} if row["current"] is None else {"now": f"{at}/current"}
    return joined(tell.say(f"{label}{now}:", **places), several)


def _none(tell: Teller, row: Mapping[str, Any], at: str) -> Told:
    """Nothing turns. Whether the whole range was tried: some inputs end before (a machine is at most in full use)."""
    current = row["current"]
    full = current and (row["searched_low"], row["searched_high"]) == (current / REACH, current * REACH)
    within = f" within 1/{REACH:g} to {REACH:g} times" if full else ""
    low, high = (UNITS[row["input"]] % end for end in ("low", "high"))
    ends = {"low": f"{at}/searched_low", "high": f"{at}/searched_high"}
    return tell.say(f"none{within}, from {low} to {high}", **ends)


def _moved(tell: Teller, row: Mapping[str, Any], at: str, way: str) -> list[Told]:
    """`from 3,333 queries a month down rag is recommended`, after what turns before another strategy is ahead."""
    verdict, winner = row[f"verdict_{way}"], row[way]
    value = UNITS[row["input"]] % "value"
    told = []
    if verdict and verdict != winner:
        told.append(tell.say(f"from {value} {way} {_who(verdict)}", value=f"{at}/verdict_{way}/value"))
    if winner:
        told.append(tell.say(f"from {value} {way} {_who(winner)}", value=f"{at}/{way}/value"))
    if row[f"unknown_{way}"] is not None:
        told.append(tell.say(f"from {value} {way} it {UNKNOWN_COST}", value=f"{at}/unknown_{way}"))
    return told


def _who(turn: Mapping[str, Any]) -> str:
    if turn["winner"] is None:
        return "no strategy meets the requirements"
    return (
        f"{turn['winner']} {'is recommended' if turn['status'] == RECOMMENDED else 'is ahead, but undecided'}"
    )
