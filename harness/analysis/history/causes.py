"""What two manifests tell apart and may have moved a figure: the gate's suspects, the likeliest first.

What differs is a candidate and no more: the manifests cannot tell which of several it was.
"""

from __future__ import annotations

from harness.analysis.regression.changes import Cause, Change, changes, touching
from harness.analysis.regression.inputs import Facts, Inputs

ACCURACY, COST, LATENCY = "accuracy", "cost", "latency ratio"


def causes(before: Facts, after: Facts, task: str, strategy: str, figure: str) -> tuple[Change, ...]:
    """What differs between two runs and may have moved this figure of this system. Prices move cost alone."""
    changed = touching(changes(Inputs(before), Inputs(after)), (task, strategy))
    return tuple(one for one in changed if one.cause is not Cause.PRICE or figure == COST)
