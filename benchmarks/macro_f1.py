"""Do 95 % intervals of macro-F1 cover 95 %? Measured on made-up runs, beside the percentile bootstrap of clusters.

    python -m benchmarks.macro_f1          # about a minute on one core; --rows 100 for a quick look

Labels are equally frequent or as 1, 1/2, 1/3, …; a wrong reply is mostly the next label, else none. Questions of one
cluster take their cluster's common outcome with probability √ρ. Prints the Markdown table of docs/measured.md.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.analysis.statistics.clusters import Floats
from harness.analysis.statistics.macro_f1 import macro_f1

DRAWS = 500
NEXT = 0.7
"""Of the wrong replies, those that are the next label."""


@dataclass(frozen=True)
class Made:
    """Runs of `clusters` × `size` questions over so many labels; `right`: the mean share of right replies."""

    labels: int
    clusters: int
    size: int
    right: float
    skewed: bool
    rho: float = 0.0

    @property
    def joint(self) -> Floats:
        """The chance of each right label and reply, shape (labels, labels + 1); the last reply is no label."""
        n = self.labels
        frequent = 1 / np.arange(1, n + 1) if self.skewed else np.ones(n)
        right = self.right + np.linspace(-0.1, 0.1, n)
        replies = np.zeros((n, n + 1))
        for label in range(n):
            replies[label, label] = right[label]
            replies[label, (label + 1) % n] += NEXT * (1 - right[label])
            replies[label, n] = (1 - NEXT) * (1 - right[label])
        return np.asarray(frequent[:, None] / frequent.sum() * replies)

    def draw(self, rng: np.random.Generator) -> NDArray[np.intp]:
        """A run: the place of each question in `joint`."""
        chances, n = self.joint.ravel(), self.clusters * self.size
        common = rng.choice(len(chances), self.clusters, p=chances).repeat(self.size)
        own = rng.choice(len(chances), n, p=chances)
        return np.where(rng.random(n) < np.sqrt(self.rho), common, own)


def figure(joint: Floats) -> Floats:
    """Macro-F1 of counts or chances, shape (…, labels, labels + 1); labels that nothing asks for do not count."""
    asked, given = joint.sum(axis=-1), joint.sum(axis=-2)[..., :-1]
    both = np.diagonal(joint, axis1=-2, axis2=-1)
    scores = np.where(asked > 0, 2 * both / np.maximum(asked + given, 1e-12), 0.0)
    return np.asarray(scores.sum(axis=-1) / (asked > 0).sum(axis=-1))


def bootstrap(made: Made, cells: NDArray[np.intp], rng: np.random.Generator) -> Floats:
    counts = np.zeros((made.clusters, made.joint.size))
    np.add.at(counts, (np.arange(len(cells)) // made.size, cells), 1)
    drawn = rng.multinomial(made.clusters, np.full(made.clusters, 1 / made.clusters), size=DRAWS) @ counts
    return np.asarray(np.quantile(figure(drawn.reshape(DRAWS, *made.joint.shape)), (0.025, 0.975)))


def covered(made: Made, runs: int) -> tuple[float, float]:
    """Percent of runs whose interval holds the truth: ours, the bootstrap's."""
    rng = np.random.default_rng(0)
    truth, hits = float(figure(made.joint)), np.zeros(2)
    for _ in range(runs):
        cells = made.draw(rng)
        names = [
            (str(a), "" if b == made.labels else str(b))
            for a, b in zip(*np.divmod(cells, made.labels + 1), strict=True)
        ]
        questions = {str(n): {cell: 1.0} for n, cell in enumerate(names)}
        interval = macro_f1(questions, {name: str(int(name) // made.size) for name in questions})[1]
        assert interval is not None
        low, high = bootstrap(made, cells, rng)
        hits += interval[0] <= truth <= interval[1], low <= truth <= high
    return float(100 * hits[0] / runs), float(100 * hits[1] / runs)


SIZES = ((3, 60), (8, 60), (8, 200), (21, 230))
MADE = (
    *(Made(k, n, 1, right, skewed) for k, n in SIZES for skewed in (False, True) for right in (0.5, 0.9)),
    *(
        Made(k, n, 5, right, skewed=True, rho=0.3)
        for k, n in ((3, 12), (8, 40), (21, 46))
        for right in (0.5, 0.9)
    ),
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=300, help="runs a figure")
    runs = parser.parse_args().rows
    print("| labels | questions | frequencies | right | ρ | covered | bootstrap |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for made in MADE:
        ours, theirs = covered(made, runs)
        questions = f"{made.clusters} × {made.size}" if made.size > 1 else str(made.clusters)
        frequencies = "skewed" if made.skewed else "equal"
        what = f"{made.labels} | {questions} | {frequencies} | {made.right:.0%} | {made.rho:g}"
        print(f"| {what} | {ours:.1f} | {theirs:.1f} |", flush=True)


if __name__ == "__main__":
    main()
