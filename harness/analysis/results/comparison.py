"""What was measured between two systems. Intervals are at 95 %; None: not measured, or too few observations."""

from __future__ import annotations

from dataclasses import dataclass

from harness.quantities import points
from harness.ranges import Count, Finite


@dataclass(frozen=True, slots=True)
class LatencyRatio:
    """How many times as long b takes as a on the same timed question: median of `n` ratios."""

    n: int
    median: float | None
    ci_low: float | None
    ci_high: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """b − a on the `n` questions that both answered, by `metric`.

    `discordant`: questions on which they differ; a scores higher on `a_higher`, b on `b_higher`. `p`: two-sided;
    `p_adjusted`: over the family, `level`: what `p` has to reach for that. `mde`: the smallest difference that
    would have shown with 80 % power, `mde_adjusted`: the same at that level. `reason`: what these questions cannot
    tell, a clause.
    `in_family`: a verdict may rest on it, as one of the two has the highest accuracy of the candidates; another pair
    stands by itself, with its own p. `p_leading`, `level_leading`: the adjusted p and its level were the better of the
    two the leader, as it is where requirements rule out whoever is above; None for a pair with a control.
    `excluded`: those of the two that failed a validity check, so that the row does not count.
    """

    a: str
    b: str
    metric: str
    n: Count
    delta: Finite | None
    ci_low: Finite | None
    ci_high: Finite | None
    p: Finite | None
    mde: Finite | None
    discordant: Count
    a_higher: Count
    b_higher: Count
    clusters: Count
    reason: str | None
    mde_adjusted: Finite | None
    p_adjusted: Finite | None
    verdict: str
    latency_ratio: LatencyRatio | None = None
    excluded: tuple[str, ...] = ()
    level: Finite | None = None
    in_family: bool = False
    p_leading: Finite | None = None
    level_leading: Finite | None = None

    @property
    def in_points(self) -> str:
        """The difference with its interval: `+5.0 points (−1.2 to +11.3)`."""
        return points(self.delta, self.ci_low, self.ci_high)


@dataclass(frozen=True, slots=True)
class Forgetting:
    """What an adapter trained for another task lost on this one: `comparison.a` is base, `.b` the adapter.

    `strategy`: the name of its system on the task that it was trained for.
    """

    system: str
    strategy: str
    trained_for: str
    base: float | None
    adapter: float | None
    comparison: Comparison
