"""Several rankings of the same passages as one."""

from __future__ import annotations

from collections.abc import Sequence

from harness.records import Passage, Ranked

RRF_K = 60
"""The constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009): the larger, the less the first
places lead."""
_DECIMALS = 6


def fused(rankings: Sequence[Sequence[Ranked]], k: int) -> tuple[Ranked, ...]:
    """The k best by the sum of 1 / (60 + rank) over the rankings that hold them; ties go to the earlier ranking."""
    scores: dict[str, float] = {}
    passages: dict[str, Passage] = {}
    for ranking in rankings:
        for rank, ranked in enumerate(ranking, start=1):
            name = ranked.passage.chunk_id
            passages.setdefault(name, ranked.passage)
            scores[name] = scores.get(name, 0.0) + 1 / (RRF_K + rank)
    best = sorted(scores, key=lambda name: -round(scores[name], 9))[
        :k
    ]  # stable: the order in which they were met
    return tuple(Ranked(passages[name], round(scores[name], _DECIMALS)) for name in best)
