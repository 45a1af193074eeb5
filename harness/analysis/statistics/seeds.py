"""One fine-tune trained several times: how much of the uncertainty is the training seed's."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from harness.analysis.accuracy import ScoredAnswer
from harness.analysis.statistics.clusters import Design, Floats
from harness.analysis.statistics.intervals import quantile

NOTHING: dict[str, Any] = dict.fromkeys(
    ("sd", "variance", "seed_share", "single_seed_share", "ci_low", "ci_high")
)


def by_seed(
    scored: Sequence[ScoredAnswer], metric: str, clusters: Mapping[str, str]
) -> dict[str, Any] | None:
    """What seeds contribute to the mean; None where there is one seed.

    `means`: each seed's, on the questions that all seeds answered. `sd`: between trainings, beyond what
    these questions' own noise explains. `variance`: of the mean over these seeds and questions, in parts.
    `seed_share`: the seeds' part of it; `single_seed_share`: what it would be with one training. The
    interval is of the mean over further trainings *and* questions.
    """
    table: dict[int, dict[str, float]] = {}
    for one in (one for one in scored if metric in one.scores):
        table.setdefault(one.row.seed, {})[one.row.question_id] = one.scores[metric]
    if len(table) < 2:
        return None
    rows = [table[seed] for seed in sorted(table)]
    shared = [name for name in rows[0] if all(name in row for row in rows)]
    values = np.array([[row[name] for name in shared] for row in rows])
    means = {
        str(seed): math.fsum(row) / len(shared) if shared else None
        for seed, row in zip(sorted(table), values, strict=True)
    }
    design = Design.of([clusters[name] for name in shared])
    parts = variance_parts(values, design) if design.clusters > 1 else NOTHING
    return {"n_seeds": len(table), "n": len(shared), "means": means, **parts}


def variance_parts(scores: Floats, design: Design) -> dict[str, Any]:
    """Scores of (seeds, questions), two of each at least → the parts of their mean's variance.

    Both seeds and questions are drawn at random, each pair once: mean squares give the components (Searle,
    Casella, McCulloch 1992, ch. 4), negative ones taken as 0. The questions' part is robust to clusters.
    """
    seeds, questions = scores.shape
    rows, columns = scores.mean(axis=1), scores.mean(axis=0)
    of_seed = questions * rows.var(ddof=1)
    rest = ((scores - rows[:, None] - columns + scores.mean()) ** 2).sum() / ((seeds - 1) * (questions - 1))
    between = max(0.0, float(of_seed - rest) / questions)
    of_questions, noise = float(design.variance(columns)), float(rest) / (seeds * questions)
    parts = {"questions": max(0.0, of_questions - noise), "seeds": between / seeds, "rest": noise}
    total, single = sum(parts.values()), parts["questions"] + between + noise * seeds
    spread = of_questions**2 / design.degrees + (float(of_seed) / (seeds * questions)) ** 2 / (seeds - 1)
    low, high = _interval(float(scores.mean()), total, total**2 / spread if spread else 0.0)
    return {
        "sd": math.sqrt(between),
        "variance": parts,
        "seed_share": parts["seeds"] / total if total else None,
        "single_seed_share": between / single if single else None,
        "ci_low": low,
        "ci_high": high,
    }


def _interval(mean: float, variance: float, degrees: float) -> tuple[float | None, float | None]:
    """Student's, with Satterthwaite's degrees of freedom (1946), cut at 0 and 1; None without a variance."""
    if not variance:
        return None, None
    half = quantile(max(1.0, degrees)) * math.sqrt(variance)
    return max(0.0, mean - half), min(1.0, mean + half)
