"""The mean of what was observed, the same in whatever order it was observed."""

from __future__ import annotations

import math
from collections.abc import Collection


def mean(values: Collection[float]) -> float | None:
    """Mean of the exact sum; None of nothing."""
    return math.fsum(values) / len(values) if values else None
