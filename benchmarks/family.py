"""How often a system is called better than one that is as good, in runs of many systems whose truth is known.

The leader is whoever scores highest in the run, so it is chosen from the data that it is then judged by. Three ways to
adjust the p of its pairs are compared on the same runs: the one in use (`paired.race`), Holm over all pairs, and Holm
over the leader's pairs alone, which forgets that somebody always leads.

    python benchmarks/family.py             # the tables of docs/measured.md
    python benchmarks/family.py --rows 500  # a quick look
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache

import numpy as np
from scipy.stats import binomtest

from harness.analysis.statistics import paired
from harness.analysis.statistics.clusters import Floats

ALPHA = 0.05
SPREAD = 4.0
"""How much questions differ: the weight of a question's own share of right answers (Beta), which ties systems."""


@dataclass(frozen=True, slots=True)
class Truth:
    """The accuracies of the systems of a made-up run, on `n` questions."""

    name: str
    accuracies: tuple[float, ...]
    n: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """Per cent of runs with a false claim, by way of adjusting; and of true ones, of all that could be made."""

    name: str
    systems: int
    n: int
    race: float
    all_pairs: float
    leader_alone: float
    shown_race: float
    shown_all_pairs: float


def alike(k: int, n: int) -> Truth:
    return Truth(f"{k} alike", (0.5,) * k, n)


def tied(top: int, k: int, below: float, n: int) -> Truth:
    """`top` systems alike, and the others worse by `below`."""
    return Truth(
        f"{top} of {k} alike, the others {below:g} below", (0.6,) * top + (0.6 - below,) * (k - top), n
    )


def ladder(k: int, step: float, n: int) -> Truth:
    """One best, each next one worse by a step."""
    return Truth(f"{k}, each {step:g} below the one before", tuple(0.7 - step * i for i in range(k)), n)


TRUTHS = (
    *(alike(k, n) for n in (60, 200) for k in (2, 4, 8, 14)),
    *(
        tied(top, k, below, n)
        for n in (60, 200)
        for k, top in ((4, 2), (8, 2), (8, 4), (14, 2), (14, 7), (14, 12))
        for below in (0.02, 0.1, 0.25, 0.5)
    ),
    *(ladder(k, step, n) for n in (60, 200) for k, step in ((4, 0.1), (8, 0.05), (14, 0.04))),
)


@cache
def mcnemar(more: int, less: int) -> float:
    """Exact, two-sided (scipy's binomial test is the independent source)."""
    return float(binomtest(more, more + less).pvalue) if more + less else 1.0


def drawn(truth: Truth, rng: np.random.Generator) -> Floats:
    """Systems × questions, right or wrong: on an easy question every system is right more often."""
    ease = rng.beta(SPREAD / 2, SPREAD / 2, truth.n)
    share = np.array(truth.accuracies)[:, None]
    chance = share + (ease - 0.5) * 2 * np.minimum(share, 1 - share)
    right: Floats = (rng.random(chance.shape) < chance).astype(float)
    return right


Claims = list[tuple[int, int]]
"""Pairs of a system and one that is said to be worse."""


def claims(right: Floats) -> tuple[Claims, Claims, Claims]:
    """The leader's claims: by the race, by Holm over all pairs, by Holm over the leader's pairs."""
    k, leader = len(right), int(right.sum(axis=1).argmax())
    gains = {(a, b): int((right[a] > right[b]).sum()) for a in range(k) for b in range(k) if a != b}
    pairs = list(itertools.combinations(range(k), 2))
    ps = {(a, b): mcnemar(*sorted((gains[a, b], gains[b, a]))) for a, b in pairs}
    rivals = [other for other in range(k) if other != leader]
    own = [ps[min(leader, other), max(leader, other)] for other in rivals]
    every = dict(zip(pairs, paired.holm([ps[pair] for pair in pairs]), strict=True))

    def claimed(adjusted: Sequence[float | None]) -> Claims:
        rows = zip(rivals, adjusted, strict=True)
        return [
            (leader, other)
            for other, p in rows
            if p is not None and p < ALPHA and gains[leader, other] > gains[other, leader]
        ]

    return (
        claimed([p for p, _ in paired.race(own)]),
        claimed([every[min(leader, other), max(leader, other)] for other in rivals]),
        claimed(paired.holm(own)),
    )


def outcome(truth: Truth, rows: int, seed: int = 0) -> Outcome:
    rng = np.random.default_rng([seed, truth.n, len(truth.accuracies)])
    accuracies = truth.accuracies
    false, shown, possible = np.zeros(3), np.zeros(3), 0
    for _ in range(rows):
        made = claims(drawn(truth, rng))
        for way, found in enumerate(made):
            wrong = [pair for pair in found if accuracies[pair[1]] >= accuracies[pair[0]]]
            false[way] += bool(wrong)
            shown[way] += len(found) - len(wrong)
        possible += sum(accuracy < max(accuracies) for accuracy in accuracies)
    wrong_share, right_share = 100 * false / rows, 100 * shown / max(possible, 1)
    return Outcome(
        truth.name, len(accuracies), truth.n, *map(float, wrong_share), *map(float, right_share[:2])
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=4000, metavar="N", help="runs a figure (default 4,000)")
    rows = parser.parse_args().rows
    found = []
    print("| truth | n | false: race | all pairs | leader's pairs | shown: race | all pairs |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for truth in TRUTHS:
        row = outcome(truth, rows)
        found.append(asdict(row))
        shown = (row.race, row.all_pairs, row.leader_alone, row.shown_race, row.shown_all_pairs)
        print(f"| {row.name} | {row.n} | {' | '.join(f'{value:.1f}' for value in shown)} |", flush=True)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
