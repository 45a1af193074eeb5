"""Which of the settings that were tried is compared: the default, unless another is better on dev beyond chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from harness.run.devsplit import LEAST_DEV

LEVEL = 0.05
DRAWS, AT_ONCE = 4000, 500
HAIR = 1e-9


class Why(StrEnum):
    """Why a setting is compared."""

    BETTER = "better"
    """It is better on dev than the default beyond chance."""
    CHANCE = "chance"
    """The default: the best of the others may be better by chance."""
    NOTHING_BETTER = "nothing better"
    """The default: no other was better on dev."""
    FEW = "few"
    """The default: dev has too few questions to tell, and nothing was tried."""
    UNABLE = "unable"
    """The default: it could not be tried itself."""


@dataclass(frozen=True, slots=True)
class Finalist:
    """A setting that was asked all dev questions: question id → score, and what an answer of it costs.

    `cost`: whatever orders settings by what they cost; of equally good ones the cheaper is taken.
    """

    scores: Mapping[str, float]
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Choice:
    """`place`: of the one that is compared; `best`: of the best besides the default, which is at 0. `p`: of a gain over
    the default as large as that one's, were all settings alike. None: there was none."""

    place: int
    why: Why
    best: int | None = None
    p: float | None = None


def choose(finalists: Sequence[Finalist], clusters: Mapping[str, str], tried: int | None = None) -> Choice:
    """The choice among settings, the default first. `clusters`: question id → what stands or falls together.

    `tried`: how many settings there were in all, those among them that were dropped on the way.
    """
    asked = sorted(set.intersection(*(set(one.scores) for one in finalists)))
    if len(asked) < LEAST_DEV:
        return Choice(0, Why.FEW)
    scores = np.array([[one.scores[name] for one in finalists] for name in asked])
    gains = scores.sum(axis=0) - scores[:, 0].sum()
    others = range(1, len(finalists))
    best = min(others, key=lambda at: (-round(gains[at], 9), finalists[at].cost, at), default=None)
    if best is None or gains[best] <= HAIR:
        return Choice(0, Why.NOTHING_BETTER, best)
    p = _p(scores, [clusters.get(name, name) for name in asked], float(gains[best]))
    # Those that were dropped could have been the best, too.
    p = 1 - (1 - p) ** (max((tried or 0) - 1, len(others)) / len(others))
    return Choice(best, Why.BETTER, best, p) if p <= LEVEL else Choice(0, Why.CHANCE, best, p)


def _p(scores: np.ndarray, clusters: Sequence[str], gain: float) -> float:
    """How often the best of the others gains as much, where chance says whose score is whose.

    Were all settings alike, each cluster of questions could have given its scores to them in any order.
    """
    rows = {name: at for at, name in enumerate(dict.fromkeys(clusters))}
    sums = np.zeros((len(rows), scores.shape[1]))
    np.add.at(sums, [rows[name] for name in clusters], scores)
    told = sums[(sums != sums[:, :1]).any(axis=1)]  # where all are alike, no order tells anything
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(DRAWS // AT_ONCE):
        drawn = rng.permuted(np.broadcast_to(told, (AT_ONCE, *told.shape)), axis=2).sum(axis=1)
        hits += int((drawn[:, 1:].max(axis=1) - drawn[:, 0] >= gain - HAIR).sum())
    return (hits + 1) / (DRAWS + 1)
