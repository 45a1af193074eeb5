"""Do 95 % intervals cover 95 %, and do strategies that are alike stay undecided? Measured on made-up runs.

    python benchmarks/coverage.py          # about two minutes on one core; --rows 500 for a quick look

Every row draws runs whose truth is known, hands their scores to harness.analysis, and counts. Questions of one
cluster are tied by copying: each takes its cluster's common outcome with probability √ρ and one of its own
otherwise, so that any two of a cluster correlate by ρ and each alone is as without clusters. Prints Markdown
tables (they stand in docs/measured.md) and, as the last line, all figures as JSON.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.analysis.latency_ratio import median_ratio
from harness.analysis.seeds import seed_spread
from harness.analysis.statistics.clusters import Design, Floats
from harness.analysis.statistics.exchange import exchange_p
from harness.analysis.statistics.intervals import difference_interval, mean_interval
from harness.analysis.statistics.paired import INCONCLUSIVE, holm, verdict
from harness.records import TimingRow

Draw = Callable[[np.random.Generator, tuple[int, ...]], Floats]
"""Outcomes of independent questions, in any shape."""


@dataclass(frozen=True)
class Layout:
    """How questions fall into clusters."""

    name: str
    sizes: tuple[int, ...]

    @property
    def design(self) -> Design:
        return Design.of(list(np.repeat(np.arange(len(self.sizes)), self.sizes)))


def even(clusters: int, size: int) -> Layout:
    name = f"{clusters} × {size}" if size > 1 else "independent"
    return Layout(f"{clusters * size}: {name}", (size,) * clusters)


ALONE = (even(20, 1), even(60, 1), even(200, 1))
CLUSTERED = (
    even(10, 2), even(5, 4),
    even(20, 3), even(6, 10), Layout("60: 20, 10, 8, 5, 4, 3, 2, 2, 6 × 1", (20, 10, 8, 5, 4, 3, 2, 2, *[1] * 6)),
    even(40, 5), even(10, 20), Layout("200: 100, 20 × 5", (100, *[5] * 20)),
)  # fmt: skip
RHOS = (0.0, 0.1, 0.3)
SHARES = (0.05, 0.2, 0.5, 0.8, 0.95)
PAIRS = ((0.1, 0.0), (0.1, 0.1), (0.3, 0.0), (0.3, 0.2), (0.5, 0.0))
"""Share of questions on which two strategies differ, and the true difference."""


def right(share: float) -> Draw:
    return lambda rng, shape: (rng.random(shape) < share).astype(float)


def pair(discordance: float, delta: float) -> Draw:
    """b − a of right or wrong answers: 1, −1 or 0."""
    up, down = (discordance + delta) / 2, (discordance - delta) / 2

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
        at = rng.random(shape)
        return (at < up).astype(float) - (at >= 1 - down)

    return draw


def graded(nothing: float, all_of_it: float) -> Draw:
    """Scores like f1: some 0, some 1, the rest between (Beta(3, 2), mean 0.6)."""

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
        at = rng.random(shape)
        between = rng.beta(3, 2, shape)
        return np.where(at < nothing, 0.0, np.where(at < nothing + all_of_it, 1.0, between))

    return draw


def apart(a: Draw, b: Draw, alike: float) -> Draw:
    """b − a of graded scores; a share `alike` of the questions scores the same under both."""
    return lambda rng, shape: np.where(rng.random(shape) < alike, 0.0, b(rng, shape) - a(rng, shape))


def tied(rng: np.random.Generator, draw: Draw, layout: Layout, rho: float, rows: int) -> Floats:
    """(rows, questions) outcomes, those of a cluster correlated by rho."""
    own = draw(rng, (rows, sum(layout.sizes)))
    if rho == 0:
        return own
    common = np.repeat(draw(rng, (rows, len(layout.sizes))), layout.sizes, axis=1)
    return np.where(rng.random(own.shape) < np.sqrt(rho), common, own)


def covered(interval: tuple[Floats, Floats] | None, truth: float) -> float:
    """Percent of intervals that hold the truth."""
    assert interval is not None
    low, high = interval
    return float(100 * ((low <= truth + 1e-9) & (truth - 1e-9 <= high)).mean())


def mean_coverage(
    rng: np.random.Generator, draw: Draw, truth: float, layout: Layout, rho: float, rows: int
) -> float:
    return covered(mean_interval(tied(rng, draw, layout, rho, rows), layout.design), truth)


def pair_coverage(
    rng: np.random.Generator, draw: Draw, truth: float, layout: Layout, rho: float, rows: int
) -> tuple[float, float | None]:
    """Percent covered and, where the two are alike, percent of runs declared different."""
    design, values = layout.design, tied(rng, draw, layout, rho, rows)
    low, high = interval = difference_interval(values, design) or (np.empty(0), np.empty(0))
    if truth:
        return covered(interval, truth), None
    told = [
        verdict(float(low[i]), float(high[i]), exchange_p(design.sums(values[i]), seed=i)) != INCONCLUSIVE
        for i in range(0, rows, 2)  # half of them: a p takes longer than an interval
    ]
    return covered(interval, 0.0), 100 * float(np.mean(told))


def families(rng: np.random.Generator, layout: Layout, rho: float, rows: int, strategies: int = 4) -> float:
    """Percent of runs of equally good strategies in which any pair is declared different."""
    design, false = layout.design, 0
    for _ in range(rows):
        scores = [tied(rng, right(0.5), layout, rho, 1)[0] for _ in range(strategies)]
        found = [b - a for a, b in itertools.combinations(scores, 2)]
        adjusted = holm([exchange_p(design.sums(values)) for values in found])
        bounds = [difference_interval(values, design) or (np.nan, np.nan) for values in found]
        false += any(
            verdict(float(low), float(high), p) != INCONCLUSIVE
            for (low, high), p in zip(bounds, adjusted, strict=True)
        )
    return 100 * false / rows


# What else could have been taken, for comparison


def newcombe(rng: np.random.Generator, layout: Layout, rows: int) -> float:
    """Percent covered by Newcombe's method 10 (1998) at (0.1, 0.1), half of the other questions right in both."""
    n, z = sum(layout.sizes), 1.959964
    both, up, down, none = rng.multinomial(n, [0.45, 0.1, 0.0, 0.45], rows).T.astype(float)
    ends = []
    for right_ in (both + up, both + down):
        centre, half = right_ + z * z / 2, z * np.sqrt(right_ * (n - right_) / n + z * z / 4)
        ends.append((right_ / n, (centre - half) / (n + z * z), (centre + half) / (n + z * z)))
    (p, p_low, p_high), (q, q_low, q_high) = ends
    margins = (both + up) * (down + none) * (both + down) * (up + none)
    cross = both * none - up * down
    cross = np.where(cross > 0, np.maximum(cross - n / 2, 0), cross)
    phi = cross / np.sqrt(np.where(margins > 0, margins, np.inf))
    below, above = (p - p_low, q_high - q), (p_high - p, q - q_low)
    low, high = (
        p - q + sign * np.sqrt(x * x - 2 * phi * x * y + y * y) for sign, (x, y) in ((-1, below), (1, above))
    )
    return covered((low, high), 0.1)


def cluster_bootstrap(rng: np.random.Generator, values: Floats, layout: Layout, truth: float) -> float:
    """Percent covered by the percentile bootstrap that draws whole clusters."""
    sums, sizes = layout.design.sums(values), np.array(layout.sizes)
    drawn = rng.integers(0, len(sizes), (800, len(sizes)))
    bounds = [np.quantile(row[drawn].sum(axis=1) / sizes[drawn].sum(axis=1), (0.025, 0.975)) for row in sums]
    low, high = np.array(bounds).T
    return covered((low, high), truth)


def bca(values: Floats, truth: float) -> float:
    """Percent covered by scipy's BCa bootstrap of independent questions (all equal: the harness's interval)."""
    from scipy.stats import bootstrap

    design = Design.of(range(values.shape[1]))
    bounds = []
    for i, row in enumerate(values):
        if np.ptp(row) == 0:
            found = difference_interval(row, design)
            assert found is not None
            bounds.append(found)
        else:
            low, high = bootstrap(
                (row,), np.mean, n_resamples=1000, method="BCa", rng=np.random.default_rng(i)
            ).confidence_interval
            bounds.append((low, high))
    low, high = np.array(bounds, dtype=float).T
    return covered((low, high), truth)


# Tables

GRADED: tuple[tuple[str, Draw, float], ...] = (
    ("a mix", graded(0.45, 0.25), 0.25 + 0.3 * 0.6),
    ("mostly 0", graded(0.85, 0.05), 0.05 + 0.1 * 0.6),
    ("mostly 1", graded(0.05, 0.85), 0.85 + 0.1 * 0.6),
)
_MIX, _BETTER = graded(0.45, 0.25), graded(0.15, 0.25)
GRADED_PAIRS: tuple[tuple[str, Draw, float], ...] = (
    ("alike, a mix each", apart(_MIX, _MIX, 0.0), 0.0),
    ("alike, 70 % score the same", apart(_MIX, _MIX, 0.7), 0.0),
    ("alike, 90 % score the same", apart(_MIX, _MIX, 0.9), 0.0),
    ("better by 0.09, 50 % score the same", apart(_MIX, _BETTER, 0.5), 0.5 * 0.3 * 0.6),
)

Table = tuple[str, list[str], list[list[Any]]]


def accuracies(rng: np.random.Generator, rows: int) -> Table:
    body = []
    for layout, rho in _settings():
        cells = [mean_coverage(rng, right(share), share, layout, rho, rows) for share in SHARES]
        body.append([layout.name, rho, *cells])
    return "One accuracy, right or wrong", ["questions", "ρ", *(f"{share:g}" for share in SHARES)], body


def differences(rng: np.random.Generator, rows: int) -> Table:
    body = []
    for layout, rho in _settings():
        found = [pair_coverage(rng, pair(*truth), truth[1], layout, rho, rows) for truth in PAIRS]
        boot: float | None = None
        if layout in CLUSTERED:
            few = tied(rng, pair(0.3, 0.0), layout, rho, min(rows, 1000))
            boot = cluster_bootstrap(rng, few, layout, 0.0)
        false = max(share for _, share in found if share is not None)
        other = newcombe(rng, layout, rows) if layout in ALONE else None
        body.append([layout.name, rho, *(cell for cell, _ in found), boot, other, false])
    headers = [f"{discordance:g}, {delta:g}" for discordance, delta in PAIRS]
    return (
        "The difference of two, right or wrong",
        ["questions", "ρ", *headers, "bootstrap", "Newcombe", "told apart"],
        body,
    )


def graded_scores(rng: np.random.Generator, rows: int) -> Table:
    body = []
    for name, draw, truth in GRADED:
        for layout in (*ALONE, even(20, 3), even(40, 5)):
            rho = 0.3 if layout in CLUSTERED else 0.0
            own = mean_coverage(rng, draw, truth, layout, rho, rows)
            other = bca(draw(rng, (min(rows, 1000), sum(layout.sizes))), truth) if layout in ALONE else None
            body.append([name, layout.name, rho, own, other, None])
    for name, draw, truth in GRADED_PAIRS:
        for layout in (*ALONE, even(20, 3), even(40, 5)):
            rho = 0.3 if layout in CLUSTERED else 0.0
            own, false = pair_coverage(rng, draw, truth, layout, rho, rows)
            other = bca(draw(rng, (min(rows, 1000), sum(layout.sizes))), truth) if layout in ALONE else None
            body.append([name, layout.name, rho, own, other, false])
    return "Graded scores, one and paired", ["scores", "questions", "ρ", "covered", "BCa", "told apart"], body


def whole_runs(rng: np.random.Generator, rows: int) -> Table:
    settings = [(layout, 0.0) for layout in ALONE] + [(even(20, 3), 0.3), (even(40, 5), 0.3)]
    few = min(rows, 1000)
    body = [[layout.name, rho, families(rng, layout, rho, few)] for layout, rho in settings]
    return "Whole runs of four strategies alike: any pair told apart", ["questions", "ρ", "runs"], body


def others(rng: np.random.Generator, rows: int) -> Table:
    """Ratios of latencies, and means over training seeds."""
    body: list[list[Any]] = []
    few = min(rows, 1000)
    for n in (10, 20, 60):
        hits = [_ratio_covers(rng, n) for _ in range(few)]
        body.append([f"median ratio of latencies, {n} questions", 100 * float(np.mean(hits))])
    for seeds, n in ((3, 60), (3, 200), (5, 200)):
        design = Design.of(range(n))
        hits = []
        for _ in range(few):
            score = 0.5 + 0.2 * rng.normal(size=n) + 0.04 * rng.normal(size=(seeds, 1))
            spread = seed_spread(score + 0.2 * rng.normal(size=(seeds, n)), design)
            hits.append((spread.ci_low or 0.0) <= 0.5 <= (spread.ci_high or 1.0))
        body.append([f"mean over {seeds} seeds, {n} questions", 100 * float(np.mean(hits))])
    return "Ratios and seeds", ["what", "covered"], body


def _ratio_covers(rng: np.random.Generator, n: int) -> bool:
    """A true median ratio of 1.3, with the skew that times have."""
    times = np.exp(rng.normal(size=n)), 1.3 * np.exp(0.4 * rng.normal(size=n))
    a = [TimingRow("t", "a", str(i), i, 0, None, 0.0, float(s), 1, 1) for i, s in enumerate(times[0])]
    b = [
        TimingRow("t", "b", str(i), i, 1, None, 0.0, float(s * r), 1, 1)
        for i, (s, r) in enumerate(zip(*times, strict=True))
    ]
    found = median_ratio(a, b)
    return (found.ci_low or 0.0) <= 1.3 <= (found.ci_high or 0.0)


def _settings() -> list[tuple[Layout, float]]:
    return [(layout, 0.0) for layout in ALONE] + [(layout, rho) for layout in CLUSTERED for rho in RHOS]


TABLES = (accuracies, differences, graded_scores, whole_runs, others)


def markdown(table: Table) -> str:
    title, headers, body = table
    lines = [f"{title}:", "", f"| {' | '.join(headers)} |", f"| {' | '.join(['---'] * len(headers))} |"]
    lines += [f"| {' | '.join(map(_cell, row))} |" for row in body]
    return "\n".join(lines)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:g}" if value < 1 and value in RHOS else f"{value:.1f}"
    return str(value)


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Coverage of the intervals on made-up runs.")
    parser.add_argument("--rows", type=int, default=4000, help="runs drawn for each figure")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    start, figures = time.perf_counter(), {}
    for make in TABLES:
        table = make(np.random.default_rng(options.seed), options.rows)
        print(markdown(table), end="\n\n", flush=True)
        figures[make.__name__] = {"columns": table[1], "rows": table[2]}
    print(f"{options.rows} runs a figure, seed {options.seed}, {time.perf_counter() - start:.0f} s\n")
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
