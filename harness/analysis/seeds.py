"""One fine-tune trained several times: how much of the uncertainty is the training seed's."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from harness.analysis.accuracy import ScoredAnswers
from harness.analysis.results.figures import SeedSpread, VarianceParts
from harness.analysis.statistics.clusters import Design, Floats, design_of
from harness.analysis.statistics.intervals import student


def by_seed(scored: ScoredAnswers, metric: str, clusters: Mapping[str, str]) -> SeedSpread | None:
    """What seeds contribute to the mean, on the questions that all seeds answered; None where there is one seed."""
    answers = scored.answers
    if len(set(answers.seed)) < 2:
        return None
    table: dict[int, dict[str, float]] = {}
    for seed, name, value in zip(answers.seed, answers.question_id, scored.by(metric), strict=True):
        if value is not None:
            table.setdefault(seed, {})[name] = value
    if len(table) < 2:
        return None
    rows = [table[seed] for seed in sorted(table)]
    shared = [name for name in rows[0] if all(name in row for row in rows)]
    values = np.array([[row[name] for name in shared] for row in rows])
    means = {
        str(seed): math.fsum(row) / len(shared) if shared else None
        for seed, row in zip(sorted(table), values, strict=True)
    }
    design = design_of(clusters, shared)
    if design.clusters < 2:
        return SeedSpread(len(table), len(shared), means)
    return replace(seed_spread(values, design), means=means)


def seed_spread(scores: Floats, design: Design) -> SeedSpread:
    """Scores of (seeds, questions), two of each at least → the spread of their mean, without each seed's own.

    Both seeds and questions are drawn at random, each pair once: mean squares give the components of the variance
    (Searle, Casella, McCulloch 1992, ch. 4), negative ones taken as 0. `sd` is what these questions' own noise does
    not explain; the questions' part is robust to clusters. The interval is Student's, of the mean over further
    trainings *and* questions, with Satterthwaite's degrees of freedom (1946), cut at 0 and 1.
    """
    seeds, questions = scores.shape
    rows, columns = scores.mean(axis=1), scores.mean(axis=0)
    of_seed = questions * rows.var(ddof=1)
    rest = ((scores - rows[:, None] - columns + scores.mean()) ** 2).sum() / ((seeds - 1) * (questions - 1))
    between = max(0.0, float(of_seed - rest) / questions)
    of_questions, noise = float(design.variance(columns)), float(rest) / (seeds * questions)
    parts = VarianceParts(max(0.0, of_questions - noise), between / seeds, noise)
    total = parts.questions + parts.seeds + parts.rest
    single = parts.questions + between + noise * seeds
    spread = of_questions**2 / design.degrees + (float(of_seed) / (seeds * questions)) ** 2 / (seeds - 1)
    low: float | None = None
    high: float | None = None
    if total:
        degrees = total**2 / spread if spread else 0.0
        low, high = student(float(scores.mean()), total, max(1.0, degrees))
        low, high = max(0.0, low), min(1.0, high)
    return SeedSpread(
        n_seeds=seeds,
        n=questions,
        means={},
        sd=math.sqrt(between),
        variance=parts,
        seed_share=parts.seeds / total if total else None,
        single_seed_share=between / single if single else None,
        ci_low=low,
        ci_high=high,
    )
