"""What classification comes to label by label, and JSON answers field by field; both are made of the replies alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from harness.analysis.accuracy import ScoredAnswers, estimate
from harness.analysis.results.figures import Estimate
from harness.analysis.results.labels import NO_LABEL, FieldFigures, LabelFigures, LabelResult
from harness.analysis.statistics.intervals import means
from harness.analysis.statistics.macro_f1 import Tally, macro_f1
from harness.scoring.structured import fates
from harness.spec.lmevalspec import LmEvalSpec
from harness.spec.taskspec import TaskSpec

MOST_FIELDS = 50
"""Of objects whose keys are data (names, dates) only so many have figures, the most frequent ones."""
Clusters = Mapping[str, str]


def by_label(scored: ScoredAnswers, spec: TaskSpec | LmEvalSpec, clusters: Clusters) -> LabelResult | None:
    """How a system classifies; None where the task has no labels, or nothing was answered."""
    labels = spec.answer.labels if isinstance(spec, TaskSpec) else None
    if not labels or not scored:
        return None
    known = frozenset(labels)
    of_question: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for reply, asked in zip(scored.answers.prediction, scored.asked, strict=True):
        of_question[asked.question.id].append(_cell(reply.strip(), asked.question.answers, known))
    cells = {
        name: {cell: count / len(some) for cell, count in Counter(some).items()}
        for name, some in of_question.items()
    }
    mean, interval = macro_f1(cells, clusters)
    low, high = interval or (None, None)
    counts = Counter(cell for some in of_question.values() for cell in some)
    right = Counter(cell[0] for some in of_question.values() for cell in some[:1])
    order = [label for label in labels if label in right]
    return LabelResult(
        Estimate(mean, low, high, len(cells)),
        _figures(Tally.of(cells.values()), {label: right[label] for label in order}),
        {
            label: {to: counts[label, to] for to in (*labels, NO_LABEL) if counts[label, to]}
            for label in order
        },
    )


def _cell(reply: str, right: Sequence[str], labels: frozenset[str]) -> tuple[str, str]:
    """The right label and that of the reply; where several are right, the one that was replied, else the first."""
    given = reply if reply in labels else NO_LABEL
    return (given if given in right else right[0]), given


def _figures(tally: Tally, right: Mapping[str, int]) -> dict[str, LabelFigures]:
    return {
        label: LabelFigures(
            n=n,
            precision=tally.both[label] / given if (given := tally.given[label]) else None,
            recall=tally.both[label] / tally.asked[label],
            f1=tally.f1(label) or 0.0,
        )
        for label, n in right.items()
    }


def by_field(
    scored: ScoredAnswers, spec: TaskSpec | LmEvalSpec, clusters: Clusters
) -> dict[str, FieldFigures]:
    """Each key of right JSON answers, the most frequent first; nothing where answers are no JSON."""
    if not isinstance(spec, TaskSpec) or spec.answer.type != "json":
        return {}
    found = [
        (asked.question.id, fates(reply, asked.question.answers))
        for reply, asked in zip(scored.answers.prediction, scored.asked, strict=True)
    ]
    times = Counter(key for _, fate in found for key, what in fate.items() if what != "invented")

    def share(answers: Iterable[tuple[str, bool]]) -> Estimate:
        return estimate(means((name, float(flag)) for name, flag in answers), clusters)

    return {
        key: FieldFigures(
            share(
                (name, fate[key] == "right")
                for name, fate in found
                if fate.get(key, "invented") != "invented"
            ),
            share((name, key in fate) for name, fate in found if fate.get(key, "invented") == "invented"),
        )
        for key in sorted(times, key=lambda key: (-times[key], key))[:MOST_FIELDS]
    }
