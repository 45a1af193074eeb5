"""How often the shipped gate fails with nothing changed, and how often it catches a true loss.

    python benchmarks/gate_alarms.py            # a minute; the tables of docs/ci.md

Accuracy: made-up runs of n questions, of which half are right. With nothing changed, each run shakes a share of the
answers (`churn`). A true loss of 10 points turns that share of the questions from right to wrong, single questions or
whole clusters of three. Latency: 20 questions timed in each run; the log of the ratio to base varies by itself from
question to question and run to run. A gate fails where any of its cases does. Targets: at most 2 % false alarms,
and 90 % of losses of 10 points found at n = 200.
"""

from __future__ import annotations

import numpy as np

from harness.analysis.regression.certificate import accuracy_outcomes, latency_outcomes, shaken
from harness.analysis.statistics.clusters import Design
from harness.spec.gate import LATENCY_MARGIN, MARGIN

TRIALS = 4_000
CASES = 6
"""Tasks × strategies of a gate."""
LOSS = 0.10
TIMED = 20


def false_alarms(n: int, churn: float, size: int, rng: np.random.Generator) -> tuple[float, float]:
    """Of a case by itself, and of a gate of `CASES` independent ones."""
    right = (rng.random(n) < 0.5).astype(float)
    moved = shaken(right, churn, TRIALS, rng) - shaken(right, churn, TRIALS, rng)
    failed = accuracy_outcomes(moved, _design(n, size), MARGIN)[0].mean()
    return float(failed), float(1 - (1 - failed) ** CASES)


def caught(n: int, churn: float, size: int, rng: np.random.Generator) -> float:
    """How often a true loss of 10 points fails the accuracy rule; whole clusters of `size` fall together."""
    right = (rng.random(n) < 0.5).astype(float)
    lost = np.repeat(rng.random((TRIALS, n // size + 1)) < 2 * LOSS, size, axis=1)[
        :, :n
    ]  # half of them are right
    after = shaken(right, churn, TRIALS, rng) * ~lost
    return float(
        accuracy_outcomes(after - shaken(right, churn, TRIALS, rng), _design(n, size), MARGIN)[0].mean()
    )


def slow(spread: float, factor: float, rng: np.random.Generator) -> float:
    """How often `latency` fails where a strategy takes `factor` times as long."""
    noise = rng.normal(0, spread, (2, TRIALS, TIMED))
    return float(latency_outcomes(np.log(factor) + noise[0] - noise[1], LATENCY_MARGIN)[0].mean())


def _design(n: int, size: int) -> Design:
    return Design.of([at // size for at in range(n)])


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
