"""What two manifests tell apart and may have moved a figure: the gate's suspects, the likeliest first.

What differs is a candidate and no more: the manifests cannot tell which of several it was.
"""

from __future__ import annotations

from harness.analysis.regression.changes import Cause, Change, Manifest, changes, touching, unused_parts

ACCURACY, COST, LATENCY = "accuracy", "cost", "latency ratio"


def causes(before: Manifest, after: Manifest, task: str, strategy: str, figure: str) -> tuple[Change, ...]:
    """What differs between two runs and may have moved this figure of this strategy. Prices move cost alone."""
    found = touching(changes(before, after), task, strategy, unused_parts(strategy))
    return tuple(one for one in found if one.cause is not Cause.PRICE or figure == COST)
