"""What was measured of a system. Shares are from 0 to 1; intervals are at 95 %.

None always means: not measured, or too few observations to claim it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator

from harness.ranges import Count, Finite, NonNegative, Positive, Seconds, Share


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean score over `n` questions with its interval."""

    mean: Finite | None
    ci_low: Finite | None
    ci_high: Finite | None
    n: Count

    @property
    def interval(self) -> Interval | None:
        return None if self.ci_low is None or self.ci_high is None else (self.ci_low, self.ci_high)


def _share(estimate: Estimate) -> Estimate:
    if any(
        value is not None and not 0 <= value <= 1 for value in (estimate.mean, *(estimate.interval or ()))
    ):
        raise ValueError("it is no share")
    return estimate


ShareEstimate = Annotated[Estimate, AfterValidator(_share)]
"""An estimate of a share of right answers."""
Interval = tuple[Finite, Finite]
"""The lower and the upper end."""
OpenInterval = tuple[Finite | None, Finite | None]
"""The same where an end may be unbounded (None)."""


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Percentiles of `n` times, seconds. `ci`: percentile → its order-statistic interval."""

    n: Count
    p50: Seconds | None
    p90: Seconds | None
    p95: Seconds | None
    p99: Seconds | None
    ci: dict[str, OpenInterval | None]

    def at(self, name: str) -> float | None:
        """The percentile called `p50`, `p90`, `p95` or `p99`."""
        return {"p50": self.p50, "p90": self.p90, "p95": self.p95, "p99": self.p99}[name]


@dataclass(frozen=True, slots=True)
class Unmerged:
    """Times of an adapter that is not merged into the weights; deployed ones are."""

    latency_s: Percentiles
    ttft_s: Percentiles


@dataclass(frozen=True, slots=True)
class Warm:
    """Times of a server that has just read the same prompt; the others are of prompts that it has not.

    `cached_share`: of the prompts' tokens, those that the server says it had read before; `cold_cached_share`: the same
    of the others, which should be next to nothing. None where it does not say.
    """

    latency_s: Percentiles
    ttft_s: Percentiles
    cached_share: Share | None = None
    cold_cached_share: Share | None = None


@dataclass(frozen=True, slots=True)
class Tokens:
    """Mean tokens of a prompt and of a reply. `reasoning_mean`: of the reply, those that are thoughts; None: no reply
    has any."""

    prompt_mean: NonNegative | None
    completion_mean: NonNegative | None
    reasoning_mean: NonNegative | None = None


@dataclass(frozen=True, slots=True)
class Throughput:
    """Tokens per second in three senses (`analysis/throughput.py`), each with the answers that it rests on."""

    decode_per_user: NonNegative | None
    end_to_end: NonNegative | None
    system_output: NonNegative | None
    decode_n: Count
    end_to_end_n: Count
    system_output_n: Count


@dataclass(frozen=True, slots=True)
class Missing:
    """`n` answers of a system that could not be had, for one `reason`, a clause: neither right nor wrong.

    `final`: asking again does not change it.
    """

    reason: str
    n: Positive
    final: bool = False


@dataclass(frozen=True, slots=True)
class RepeatNoise:
    """How much a server's answers vary by themselves, on `n` questions that were answered each of `times` times.

    `text_changed`, `score_changed`: the shares of them whose reply, or whose score, was not the same every time. `sd`:
    of the accuracy, between the times.
    """

    times: Positive
    n: Positive
    text_changed: Share | None
    score_changed: Share | None
    sd: NonNegative | None


@dataclass(frozen=True, slots=True)
class Retrieval:
    """How well passages were found. `recall_at_k`: depth (as text) → mean share of gold documents found."""

    k: int | None
    recall_at_k: dict[str, float | None]
    n: int
    answer_in_context: float | None
    answer_in_context_n: int


@dataclass(frozen=True, slots=True)
class Citations:
    """What answers cite, of those with passages in the prompt: shares of answers.

    `cited`: that name a passage; `gold`: right ones alone; `shown`: others that stood in the prompt; `never_shown`: a
    number that no passage had. `gold` and `shown` are of questions that name gold documents. `form`: of a citation.
    """

    form: str
    cited: Estimate
    gold: Estimate
    shown: Estimate
    never_shown: Estimate


@dataclass(frozen=True, slots=True)
class VarianceParts:
    """The variance of a mean over questions and seeds, by where it comes from."""

    questions: float
    seeds: float
    rest: float


@dataclass(frozen=True, slots=True)
class SeedSpread:
    """One fine-tune trained with `n_seeds` seeds. `means`: seed (as text) → accuracy on the `n` shared questions.

    `sd`: between trainings. `seed_share`: the seeds' part of the variance; `single_seed_share`: with one training.
    """

    n_seeds: Positive
    n: Positive
    means: dict[str, float | None]
    sd: NonNegative | None = None
    variance: VarianceParts | None = None
    seed_share: NonNegative | None = None
    single_seed_share: NonNegative | None = None
    ci_low: NonNegative | None = None
    ci_high: NonNegative | None = None


@dataclass(frozen=True, slots=True)
class Clusters:
    """How questions hang together. `effective`: clusters of equal size that would count as much."""

    questions: int
    clusters: int
    largest: int
    effective: float
    repeated: int = 0
    """Questions that ask what an earlier one asks, in the same words."""
    repeated_example: tuple[str, ...] = ()
    """The ids of two such questions."""


@dataclass(frozen=True, slots=True)
class WaterfallStep:
    """One rung: its accuracy on the `n` common questions, and the gain over the last rung that was run."""

    step: str
    mean: float | None
    gain: float | None
    over: str | None
    n: int


@dataclass(frozen=True, slots=True)
class Waterfall:
    """Where the accuracy goes. `bins`: why retrieval's wrong answers are wrong; they add up to `n_wrong`."""

    steps: tuple[WaterfallStep, ...]
    bins: dict[str, int] | None
    n_wrong: int | None
