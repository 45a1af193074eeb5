"""What answers cite, judged by what they were shown: a right passage, another one, or one that was never shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from harness.analysis.accuracy import ScoredAnswer, ScoredAnswers, estimate
from harness.analysis.results.figures import Citations, Estimate
from harness.analysis.statistics.intervals import means
from harness.records import Question
from harness.scoring.citations import cited, without_citations
from harness.scoring.refusal import is_refusal
from harness.spec.lmevalspec import LmEvalSpec
from harness.spec.system import System
from harness.spec.taskspec import TaskSpec

Kind = Literal["none", "gold", "shown", "never_shown"]


def citations(
    scored: ScoredAnswers,
    system: System,
    spec: TaskSpec | LmEvalSpec,
    clusters: Mapping[str, str],
) -> Citations | None:
    """How a system cites; None where the task asks for no citations, or it shows no passages.

    Counted are answers to answerable questions that show a passage and do not refuse. An answer falls into one kind:
    one wrong number is enough for the worse one. `gold` is of questions that name gold documents.
    """
    form = spec.answer.citations if isinstance(spec, TaskSpec) else None
    if form is None or system.passages is None:
        return None
    assert isinstance(spec, TaskSpec)
    counted = [
        (answer.asked.question, kind_of(answer, form))
        for answer in scored
        if answer.row.shown_passages
        and answer.asked.question.answerable
        and not is_refusal(without_citations(answer.row.prediction, form), spec.answer.refusal)
    ]
    with_gold = [] if system.reads_train else [one for one in counted if one[0].gold_docs]

    def share(answers: Iterable[tuple[Question, Kind]], *which: Kind) -> Estimate:
        """How often answers are of such a kind."""
        return estimate(means((question.id, float(kind in which)) for question, kind in answers), clusters)

    return Citations(
        form=form,
        cited=share(counted, "gold", "shown", "never_shown"),
        gold=share(with_gold, "gold"),
        shown=share(with_gold, "shown"),
        never_shown=share(counted, "never_shown"),
    )


def kind_of(answer: ScoredAnswer, form: str) -> Kind:
    """Passages are numbered from 1 in the order of the prompt, in which the best one stands last."""
    numbers, row = cited(answer.row.prediction, form), answer.row
    if not numbers:
        return "none"
    if any(not 1 <= number <= row.shown_passages for number in numbers):
        return "never_shown"
    named = {row.retrieved[row.shown_passages - number].doc_id for number in numbers}
    return "gold" if named <= {*answer.asked.question.gold_docs} else "shown"
