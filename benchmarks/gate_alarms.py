"""How often the shipped gate fails with nothing changed, and how often it catches a true loss.

    python benchmarks/gate_alarms.py            # a minute; the tables of docs/ci.md

Accuracy: made-up runs of n questions, of which half are right. With nothing changed, each run shakes a share of the
answers (`churn`). A true loss of 10 points turns that share of the questions from right to wrong, single questions or
whole clusters of three. Latency: 20 questions timed in each run; the log of the ratio to base varies by itself from
question to question and run to run. A gate fails where any of its cases does. Targets: at most 2 % false alarms,
and 90 % of losses of 10 points found at n = 200.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from harness.analysis.regression.findings import Outcome, outcome_of
from harness.analysis.regression.pairing import LATENCY_MARGIN, MARGIN
from harness.analysis.statistics.clusters import Design, Floats
from harness.analysis.statistics.intervals import difference_interval, quantile

TRIALS = 4_000
CASES = 6
"""Tasks × strategies of a gate."""
LOSS = 0.10
TIMED = 20


def false_alarms(n: int, churn: float, size: int, rng: np.random.Generator) -> tuple[float, float]:
    """Of a case by itself, and of a gate of `CASES` independent ones."""
    right = (rng.random(n) < 0.5).astype(float)
    moved = shaken(right, churn, TRIALS, rng) - shaken(right, churn, TRIALS, rng)
    failed = share_of_losses(moved, n, size)
    return failed, 1 - (1 - failed) ** CASES


def caught(n: int, churn: float, size: int, rng: np.random.Generator) -> float:
    """How often a true loss of 10 points fails the accuracy rule; whole clusters of `size` fall together."""
    right = (rng.random(n) < 0.5).astype(float)
    lost = np.repeat(rng.random((TRIALS, n // size + 1)) < 2 * LOSS, size, axis=1)[
        :, :n
    ]  # half of them are right
    after = shaken(right, churn, TRIALS, rng) * ~lost
    return share_of_losses(after - shaken(right, churn, TRIALS, rng), n, size)


def slow(spread: float, factor: float, rng: np.random.Generator) -> float:
    """How often `latency` fails where a strategy takes `factor` times as long."""
    noise = rng.normal(0, spread, (2, TRIALS, TIMED))
    moved = np.log(factor) + noise[0] - noise[1]
    half = quantile(TIMED - 1) * moved.std(axis=-1, ddof=1) / np.sqrt(TIMED)
    centre = moved.mean(axis=-1)
    ends = zip(centre - half, centre + half, strict=True)
    return _share(outcome_of(low, high, math.log(LATENCY_MARGIN)) for low, high in ends)


def shaken(values: Floats, churn: float, trials: int, rng: np.random.Generator) -> Floats:
    """Copies of scores in which a share of the questions takes another one's, shape (trials, questions)."""
    others = values[rng.integers(0, len(values), (trials, len(values)))]
    return np.where(rng.random((trials, len(values))) < churn, others, values)


def share_of_losses(moved: Floats, n: int, size: int) -> float:
    """How often the accuracy rule fails for differences of shape (trials, questions), `size` of them a cluster."""
    bounds = difference_interval(moved, Design.of([at // size for at in range(n)]))
    assert bounds is not None
    return _share(outcome_of(-high, -low, MARGIN) for low, high in zip(*bounds, strict=True))


def _share(outcomes: Iterable[Outcome]) -> float:
    """The share that failed."""
    return float(np.mean([outcome is Outcome.FAIL for outcome in outcomes]))


def main() -> None:
    rng = np.random.Generator(np.random.PCG64(0))
    churns = (0.0, 0.01, 0.02, 0.05, 0.10)
    print(
        f"| false alarms of a gate of {CASES} cases | " + " | ".join(f"churn {c:.0%}" for c in churns) + " |"
    )
    print("| --- |" + " --- |" * len(churns))
    for n in (50, 100, 200, 500):
        for size in (1, 3):
            cells = [f"{100 * false_alarms(n, churn, size, rng)[1]:.1f} %" for churn in churns]
            print(
                f"| n = {n}, {'single' if size == 1 else f'clusters of {size}'} | " + " | ".join(cells) + " |"
            )
    print(f"\n| losses of {LOSS:.0%} caught | " + " | ".join(f"churn {c:.0%}" for c in churns) + " |")
    print("| --- |" + " --- |" * len(churns))
    for n in (100, 200, 500):
        for size in (1, 3):
            cells = [f"{100 * caught(n, churn, size, rng):.0f} %" for churn in churns]
            print(
                f"| n = {n}, {'single' if size == 1 else f'clusters of {size}'} | " + " | ".join(cells) + " |"
            )
    factors = (1.0, 1.1, 1.25, 1.5, 2.0)
    print("\n| latency rule fails | " + " | ".join(f"{f}× as long" for f in factors) + " |")
    print("| --- |" + " --- |" * len(factors))
    for spread in (0.05, 0.1, 0.2, 0.4):
        cells = [f"{100 * slow(spread, factor, rng):.1f} %" for factor in factors]
        print(f"| spread {spread} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
