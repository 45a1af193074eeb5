"""How often a recommendation is right: made-up runs with a known truth, decided without a price of errors.

Two strategies answer n questions: `base` at $0.001 a query, `rag` at $0.004, with true accuracies that are given.
Wrong is to recommend the one that is truly less accurate by the margin (5 points) or more.

    python benchmarks/decisions.py [--runs 2000]
"""

from __future__ import annotations

import argparse

import numpy as np

from harness.analysis.decision.candidates import Candidate
from harness.analysis.decision.choice import Rules, choose
from harness.analysis.decision.pairs import Pairs
from harness.analysis.decision.requirements.table import Requirements
from harness.analysis.results.comparison import Comparison
from harness.analysis.results.figures import Percentiles
from harness.analysis.results.setting import Setting
from harness.analysis.results.verdict import Verdict
from harness.analysis.statistics import paired
from harness.analysis.statistics.clusters import Design
from tests.analysis.candidates import Money

SIZES = (20, 60, 120, 500)
TRUTHS = ((0.40, 0.40), (0.40, 0.43), (0.40, 0.45), (0.40, 0.50), (0.40, 0.60), (0.40, 0.30))
"""True accuracies of base and rag."""
LEAST_ERROR_USD = 1.0
"""What any wrong answer costs, far above the price from which on rag is worth its cost."""
MARGIN = Requirements().accuracy_margin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    runs = parser.parse_args().runs
    print("| true accuracy, base and rag | n | recommends base | recommends rag | undecided | wrong |")
    print("| --- | --- | --- | --- | --- | --- |")
    for truth in TRUTHS:
        for n in SIZES:
            base, rag, wrong = shares(truth, n, runs)
            cells = (f"{100 * share:.1f} %" for share in (base, rag, 1 - base - rag, wrong))
            print(f"| {truth[0]:.2f}, {truth[1]:.2f} | {n} | {' | '.join(cells)} |")


def shares(truth: tuple[float, float], n: int, runs: int) -> tuple[float, float, float]:
    """Shares of made-up runs in which base, and rag, is recommended, and in which that is wrong."""
    draw = np.random.default_rng([n, *(round(1000 * share) for share in truth)])
    chosen = [decided(*scores(draw, truth, n)) for _ in range(runs)]
    base, rag = (chosen.count(name) / runs for name in ("base", "rag"))
    gap = truth[1] - truth[0]
    wrong = base if gap >= MARGIN - 1e-9 else rag if gap <= -MARGIN + 1e-9 else 0.0
    return base, rag, wrong


def scores(draw: np.random.Generator, truth: tuple[float, float], n: int) -> tuple[np.ndarray, np.ndarray]:
    """Right or wrong answers; a question's difficulty is shared by half of them, so that the two are alike."""
    alike = draw.random(n) < 0.5
    first = draw.random(n)
    second = np.where(alike, first, draw.random(n))
    return (first < truth[0]).astype(float), (second < truth[1]).astype(float)


def decided(base: np.ndarray, rag: np.ndarray) -> str | None:
    """The system that is recommended, or None."""
    judged = paired.compare(rag - base, Design.of(range(len(base))))
    row = Comparison(
        a="base", b="rag", metric="contains", n=len(base), delta=judged.delta, ci_low=judged.ci_low,
        ci_high=judged.ci_high, p=judged.p, p_adjusted=judged.p, mde=None, mde_adjusted=None, discordant=0,
        a_higher=0, b_higher=0, clusters=len(base), reason=None, verdict="",
    )  # fmt: skip
    untimed = Percentiles(0, None, None, None, None, {})
    candidates = [
        Candidate(name, {str(i): float(x) for i, x in enumerate(values)}, Money(price), untimed)
        for name, values, price in (("base", base, 0.001), ("rag", rag, 0.004))
    ]
    choice = choose(candidates, Rules(Requirements(), Pairs([row]), {}, LEAST_ERROR_USD), Setting())
    return choice.winner if choice.status is Verdict.RECOMMENDED else None


if __name__ == "__main__":
    main()
