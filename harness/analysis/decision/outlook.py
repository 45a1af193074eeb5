"""What would change the choice, in JSON and in sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from harness.analysis.decision.candidates import Setting
from harness.analysis.decision.choice import Choice, pays_from
from harness.analysis.decision.sensitivity import (
    REACH,
    Change,
    Turn,
    bands,
    changes,
    grid,
)
from harness.analysis.decision.telling import Teller, Told, joined

UNITS = {
    "monthly_queries": "{%s:whole} queries a month",
    "usd_per_hour": "{%s:dollars} an hour",
    "error_price_usd": "{%s:dollars} an error",
    "utilisation": "{%s:percent}",
    "cycles": "{%s:whole}",
    "refresh_days": "every {%s:days}",
    "horizon_months": "{%s:months}",
}
"""How a value of an input is written, with the figure's name to be put in."""

UNPRICED = {"error_price_usd": "cannot be weighed: not every cost is known"}
"""Inputs of which nothing can be said while a cost is not known."""


def outlook(choice_at: Callable[[Setting], Choice], setting: Setting) -> dict[str, Any]:
    """{would_change, error_price, map} of a decision, figures only; `tell_changes` adds the sentences."""

    def winner_at(at: Setting) -> str | None:
        return choice_at(at).winner

    priced = all(entrant.monthly_usd is not None for entrant in choice_at(setting).feasible)
    moved = changes(winner_at, setting)
    spans = bands(winner_at, setting) if priced else ()
    return {
        "would_change": [_change(one, None if priced else UNPRICED.get(one.input.field)) for one in moved],
        "error_price": [{"from_usd": band.low, "winner": band.winner} for band in spans],
        "pays_from_usd": pays_from(choice_at(setting), setting),
        "map": _map(choice_at, setting),
    }


def _map(choice_at: Callable[[Setting], Choice], setting: Setting) -> dict[str, Any]:
    """Winners over volume and refresh interval (a row an interval, a column a volume).

    `pays_from_usd`: the price of a wrong answer from which each also has the least expected cost.
    """
    volumes, refreshes = grid(setting)
    winners, pays = [], []
    for interval in refreshes:
        points = [replace(setting, monthly_queries=volume, refresh_days=interval) for volume in volumes]
        choices = [choice_at(point) for point in points]
        winners.append([choice.winner for choice in choices])
        pays.append([pays_from(choice, point) for choice, point in zip(choices, points, strict=True)])
    return {
        "monthly_queries": list(volumes),
        "refresh_days": list(refreshes),
        "winners": winners,
        "pays_from_usd": pays,
    }


def _change(one: Change, unknown: str | None) -> dict[str, Any]:
    """`unknown`: why nothing can be said of this input."""
    nearest = None if unknown else one.nearest
    searched = None if unknown else one.searched
    why_not = unknown or ("plays no part: the run has no price for it" if searched is None else None)
    return {
        "input": one.input.field,
        "label": one.input.label,
        "current": one.current,
        "searched_low": searched[0] if searched else None,
        "searched_high": searched[1] if searched else None,
        "why_not": why_not,
        "down": None if unknown else _turn(one.down, one.current),
        "up": None if unknown else _turn(one.up, one.current),
        "nearest": None if nearest is None else "down" if nearest is one.down else "up",
    }


def _turn(turn: Turn | None, current: float | None) -> dict[str, Any] | None:
    if turn is None:
        return None
    return {"value": turn.value, "winner": turn.winner, "factor": turn.value / current if current else None}


def tell_changes(task: Mapping[str, Any], decision: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The changes, each with `text` and `figures`."""
    tell = Teller({**task, "decision": decision})
    rows = decision["would_change"]
    return [{**row, **_told(tell, row, f"decision/would_change/{index}")} for index, row in enumerate(rows)]


def _told(tell: Teller, row: Mapping[str, Any], at: str) -> Told:
    label = f"{row['label'][:1].upper()}{row['label'][1:]}"
    if row["searched_low"] is None:
        return tell.say(f"{label} {row['why_not']}.")
    turns = [_turned(tell, row, at, way) for way in ("down", "up") if row[way]]
    if turns:
        several = {**joined(*turns), "text": "; ".join(turn["text"] for turn in turns) + "."}
        return joined(tell.say(f"{label}{_now(row)}:", **_place(row, at)), several)
    searched = f"{UNITS[row['input']] % 'low'} to {UNITS[row['input']] % 'high'}"
    return tell.say(
        f"{label}{_now(row)}: none{_within(row)}, from {searched}.",
        low=f"{at}/searched_low",
        high=f"{at}/searched_high",
        **_place(row, at),
    )


def _within(row: Mapping[str, Any]) -> str:
    """Whether the whole range was tried; some inputs end before (a machine cannot be used more than fully)."""
    current = row["current"]
    full = current and (row["searched_low"], row["searched_high"]) == (current / REACH, current * REACH)
    return f" within 1/{REACH:g} to {REACH:g} times" if full else ""


def _now(row: Mapping[str, Any]) -> str:
    return "" if row["current"] is None else f" (now {UNITS[row['input']] % 'now'})"


def _place(row: Mapping[str, Any], at: str) -> dict[str, str]:
    return {} if row["current"] is None else {"now": f"{at}/current"}


def _turned(tell: Teller, row: Mapping[str, Any], at: str, way: str) -> Told:
    """`from 3,333 queries a month down rag wins`; for an error price without a present value the same."""
    winner = row[way]["winner"]
    direction = "down" if way == "down" else "up"
    who = f"{winner} wins" if winner else "no strategy meets the requirements"
    return tell.say(f"from {UNITS[row['input']] % 'value'} {direction} {who}", value=f"{at}/{way}/value")
