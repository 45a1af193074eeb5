"""How often a tuned system is called better than one that is as good, in made-up runs whose truth is known.

Each of two strategies has N settings. They are tried on dev questions, one is chosen by the rule of `--tune`
(`harness/run/tuning/choice.py`), and the two that were chosen are compared once on fresh test questions, as a report
does. Three truths: all settings of both alike (A/A); settings that differ, with equally good best ones; one strategy
whose settings differ much, one whose settings do not. Beside the rule stands "the best on dev, whatever chance
says", and judging on the very questions that were tuned on, which no run does.

    python benchmarks/tuning_alarms.py             # the table of docs/measured.md
    python benchmarks/tuning_alarms.py --rows 200  # a quick look
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np

from harness.analysis.statistics.clusters import Design, Floats
from harness.analysis.statistics.paired import compare
from harness.run.tuning.choice import Finalist, choose

ALPHA = 0.05
SPREAD = 4.0
"""How much questions differ: the weight of a question's own share of right answers (Beta), which ties systems."""


@dataclass(frozen=True, slots=True)
class Truth:
    """Shares of right answers of the settings of two strategies, the default of each first."""

    name: str
    a: tuple[float, ...]
    b: tuple[float, ...]
    dev: int
    test: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """Per cent of runs. `false`: the chosen ones are called different while they are alike, of the runs in which they
    are; `changed`: the default of `a` was replaced; `better`, `worse`: by a setting that is, in truth."""

    name: str
    settings: int
    dev: int
    test: int
    alike: int
    false: float | None
    false_best: float | None
    false_on_dev: float | None
    changed: float
    better: float
    worse: float


def truths() -> list[Truth]:
    made = []
    for n in (2, 4, 8):
        for dev, test in ((40, 120), (100, 200)):
            alike = (0.5,) * n
            ladder = (0.5, *(0.5 + 0.15 * (1 if at % 2 else -1) for at in range(n - 1)))
            made.append(Truth("all settings alike", alike, alike, dev, test))
            made.append(Truth("settings 15 points apart", ladder, ladder, dev, test))
            made.append(Truth("one strategy's settings differ", ladder, (0.65,) * n, dev, test))
    return made


def drawn(shares: tuple[float, ...], ease: Floats, rng: np.random.Generator) -> Floats:
    """Settings × questions, right or wrong: on an easy question every setting is right more often."""
    share = np.array(shares)[:, None]
    chance = share + (ease - 0.5) * 2 * np.minimum(share, 1 - share)
    right: Floats = (rng.random(chance.shape) < chance).astype(float)
    return right


def by_rule(scores: Floats) -> int:
    return choose([_finalist(row) for row in scores], {}).place


def by_best(scores: Floats) -> int:
    return int(scores.mean(axis=1).argmax())


def _finalist(row: Floats) -> Finalist:
    return Finalist({str(at): float(score) for at, score in enumerate(row)})


def called(a: Floats, b: Floats) -> bool:
    """Whether two systems are said to differ."""
    p = compare(b - a, Design.of([*map(str, range(len(a)))])).p
    return p is not None and p <= ALPHA


def outcome(truth: Truth, rows: int) -> Outcome:
    rng = np.random.default_rng(0)
    ways: dict[str, Callable[[Floats], int]] = {"rule": by_rule, "best": by_best}
    false, alike = dict.fromkeys((*ways, "dev"), 0), dict.fromkeys((*ways, "dev"), 0)
    changed = better = worse = 0
    for _ in range(rows):
        dev_ease, test_ease = (rng.beta(SPREAD / 2, SPREAD / 2, n) for n in (truth.dev, truth.test))
        on_dev = [drawn(shares, dev_ease, rng) for shares in (truth.a, truth.b)]
        on_test = [drawn(shares, test_ease, rng) for shares in (truth.a, truth.b)]
        for way, chosen_by in ways.items():
            a, b = (chosen_by(scores) for scores in on_dev)
            if truth.a[a] == truth.b[b]:
                alike[way] += 1
                false[way] += called(on_test[0][a], on_test[1][b])
            if way == "rule":
                changed += a != 0
                better += truth.a[a] > truth.a[0]
                worse += truth.a[a] < truth.a[0]
            elif (
                truth.a[a] == truth.b[0]
            ):  # the tuned one against the other's default, on the tuning's own questions
                alike["dev"] += 1
                false["dev"] += called(on_dev[1][0], on_dev[0][a])

    def share(way: str) -> float | None:
        return round(100 * false[way] / alike[way], 1) if alike[way] else None

    percent = 100 / rows
    return Outcome(
        truth.name, len(truth.a), truth.dev, truth.test, alike["rule"], share("rule"), share("best"), share("dev"),
        round(changed * percent, 1), round(better * percent, 1), round(worse * percent, 1),
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=2000)
    options = parser.parse_args()
    print(json.dumps([asdict(outcome(truth, options.rows)) for truth in truths()], indent=1))


if __name__ == "__main__":
    main()
