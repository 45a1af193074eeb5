"""Tokens per second: three different things that are often taken for one another.

Tokens are the ids that were generated, up to and including the first end token.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from harness.analysis.answers import Answers
from harness.analysis.latency import tpots
from harness.analysis.results.figures import Throughput
from harness.records import BatchRow, TimingRow


@dataclass(frozen=True, slots=True)
class Batched:
    """The answer pass of one task and strategy, over the batches that a model really computed.

    `machine_s`: of a whole machine. Of workers that share one, each takes its part; several count each for itself.
    """

    questions: int
    tokens: int
    machine_s: float


def batched(batches: Sequence[BatchRow], answers: Answers) -> Batched | None:
    """Sum the computed batches, or None where everything came from the cache (that is no throughput)."""
    cached: dict[tuple[int, int], bool] = {}
    for seed, batch, from_cache in zip(answers.seed, answers.batch, answers.cached, strict=True):
        cached[seed, batch] = cached.get((seed, batch), True) and from_cache
    computed = [
        batch for batch in batches if batch.wall_s > 0 and not cached.get((batch.seed, batch.batch), False)
    ]
    if not computed:
        return None
    return Batched(
        questions=sum(batch.questions for batch in computed),
        tokens=sum(batch.completion_tokens for batch in computed),
        machine_s=math.fsum(batch.machine_s for batch in computed),
    )


def tokens_per_s(timings: Sequence[TimingRow], passed: Batched | None) -> Throughput:
    """The three rates; None where not measured, or no token was written.

    decode_per_user = 1 / median TPOT over the answers of two tokens or more; end_to_end = completion tokens /
    end-to-end seconds, one request at a time; system_output = tokens / seconds of one machine, batched.
    """
    deployed = [row for row in timings if row.deployed]
    paces = tpots(deployed)
    tokens = sum(row.completion_tokens for row in deployed)
    seconds = math.fsum(row.e2e_s for row in deployed)
    return Throughput(
        decode_per_user=rate(1.0, statistics.median(paces)) if paces else None,
        end_to_end=rate(tokens, seconds),
        system_output=rate(passed.tokens, passed.machine_s) if passed else None,
        decode_n=len(paces),
        end_to_end_n=len(deployed),
        system_output_n=passed.questions if passed else 0,
    )


def rate(amount: float, seconds: float) -> float | None:
    """Amount per second, or None where there is no amount or no time."""
    return amount / seconds if amount > 0 and seconds > 0 else None
