"""What a server that bills tokens costs in a month (docs/method.md, "Cost"). `whatif.js` holds it once more."""

from __future__ import annotations

from dataclasses import dataclass, replace

from harness.analysis.results.figures import Interval
from harness.quantities import dollars
from harness.ranges import Count, NonNegative


@dataclass(frozen=True, slots=True, kw_only=True)
class ByToken:
    """Tokens that are paid for one by one: a query costs as much at every volume, and nothing runs between two.

    `query_usd`: mean over `n` answers, of the tokens that the server counted; `query_ci_usd`: its 95 % interval, None
    where answers are too few. `prompt_usd`, `completion_usd`: its parts. `retried`: answers that took more than one
    attempt, of which each is counted. Prices: dollars a million tokens.
    """

    model: str
    query_usd: NonNegative
    query_ci_usd: Interval | None
    prompt_usd: NonNegative
    completion_usd: NonNegative
    n: Count
    retried: Count
    input_usd_per_mtok: NonNegative
    output_usd_per_mtok: NonNegative
    cached_usd_per_mtok: NonNegative | None
    priced_on: str | None
    source: str | None

    def times(self, factor: float) -> ByToken:
        """The same at prices that many times as high."""
        if factor == 1:
            return self
        ends = self.query_ci_usd
        cached = self.cached_usd_per_mtok
        return replace(
            self,
            query_usd=factor * self.query_usd,
            query_ci_usd=None if ends is None else (factor * ends[0], factor * ends[1]),
            prompt_usd=factor * self.prompt_usd,
            completion_usd=factor * self.completion_usd,
            input_usd_per_mtok=factor * self.input_usd_per_mtok,
            output_usd_per_mtok=factor * self.output_usd_per_mtok,
            cached_usd_per_mtok=None if cached is None else factor * cached,
        )

    def monthly_usd(self, queries: float) -> float:
        return queries * self.query_usd

    def in_words(self) -> str:
        """What is paid for, a clause: `by the token ($0.0021 a query)`."""
        return f"by the token ({dollars(self.query_usd)} a query)"
