"""What would change the choice: each limit that a system meets or misses, moved alone as `sensitivity` does it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from harness.analysis.decision.requirements.table import Requirements, Row, rows
from harness.analysis.decision.sensitivity import INPUTS, Input, Outcome, change
from harness.analysis.results.turns import Change, Turn

OutcomeUnder = Callable[[Requirements], Outcome]
FASTEST = 1e-3
"""Of the slowest candidate's latency: the tightest limit that is tried where none is set."""


def limit_changes(
    outcome_under: OutcomeUnder, needs: Requirements, slowest_s: float | None
) -> tuple[Change, ...]:
    """One row per limit that is set; of others, whether citations, data in house or a latency would put another ahead.

    `slowest_s`: the latency that every candidate keeps (None: it is not known of all).
    """
    found = []
    for name, row in rows().items():
        if row.check is None or any(moved.field == name for moved in INPUTS):
            continue
        limit = Input(
            name, row.name, row.write, (row.least or 0.0, _most(row)), priced=name == "monthly_budget_usd"
        )
        if row.kind is bool:
            found.append(_switched(outcome_under, needs, limit))
        elif getattr(needs, name):
            found.append(change(outcome_under, needs, limit))
        elif name == "max_latency_s" and slowest_s:
            wanted = replace(limit, unset=(FASTEST * slowest_s, slowest_s))
            found.append(_useful(change(outcome_under, needs, wanted)))
    return tuple(found)


def _most(row: Row) -> float:
    return 1.0 if row.share else math.inf if row.most is None else row.most


def _switched(outcome_under: OutcomeUnder, needs: Requirements, limit: Input) -> Change:
    """What it does to ask for something, or no longer to."""
    asked = bool(getattr(needs, limit.field))
    now, other = (outcome_under(needs.with_value(limit.field, value)) for value in (asked, not asked))
    found = Change(limit.field, limit.label, float(asked), searched_low=0.0, searched_high=1.0)
    if other == now:
        return found
    turn = Turn(float(not asked), other.winner, other.status, None)
    return replace(found, down=turn, verdict_down=turn) if asked else _useful(replace(found, up=turn))


def _useful(found: Change) -> Change:
    """Without the turns after which nothing meets a limit: nobody has asked for it."""
    turns = (found.down, found.verdict_down, found.up, found.verdict_up)
    down, verdict_down, up, verdict_up = (turn if turn and turn.winner else None for turn in turns)
    nearest = found.nearest if {"down": down, "up": up}.get(str(found.nearest)) else None
    return replace(found, nearest=nearest, down=down, verdict_down=verdict_down, up=up, verdict_up=verdict_up)
