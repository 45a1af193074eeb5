"""Where the accuracy goes: base → rag → oracle → 1.0, and what became of each question that rag got wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from harness.analysis.accuracy import ScoredAnswers
from harness.analysis.results.figures import Waterfall, WaterfallStep
from harness.analysis.retrieval import Texts
from harness.analysis.statistics.intervals import mean
from harness.records import Passage, Question, RankedDoc
from harness.scoring.refusal import is_refusal
from harness.spec.context import Kind
from harness.spec.strategy import named
from harness.spec.system import ModelRef, System


def _shows(system: System, kind: Kind) -> bool:
    """Whether such passages are all that tells it from the model as it is."""
    return not system.adapted and not system.marks and system.kinds == (kind,)


LADDER: dict[str, Callable[[System], bool]] = {
    named(): lambda system: system.bare,
    named("retrieved"): lambda system: _shows(system, "retrieved"),
    named("gold"): lambda system: _shows(system, "gold"),
}
"""Name of a rung → which system stands on it.

rag − base is what found passages add, oracle − rag what better ones could, 1 − oracle what the generator loses."""
BARE, READER, CONTROL = LADDER
PERFECT = "perfect"

BINS = ("retrieval_missed", "passage_dropped", "reader_failed", "answer_cut", "refusal_wrong")
"""Why an answer is wrong. The first cause along the way counts, so that each falls into one:

A question without an answer, answered all the same: refusal_wrong. Else, where no passage shown holds an answer:
passage_dropped if one does that the budget took out of the prompt, retrieval_missed if none does. Else the
reader had it before it: answer_cut if the token limit ended its reply, refusal_wrong if it declined,
reader_failed otherwise.
"""


class Sources:
    """Which passages of a run hold the answer to a question.

    A passage holds it that has a right answer word for word. Where no passage of the gold documents does (the
    answer is worded otherwise there), any passage of a gold document is taken to hold it.
    """

    def __init__(self, passages: Mapping[tuple[str, str], Passage], texts: Texts) -> None:
        self._texts = texts
        self._of_doc: dict[tuple[str, str], list[str]] = {}
        for (task, chunk_id), passage in passages.items():
            self._of_doc.setdefault((task, passage.doc_id), []).append(chunk_id)

    def holding(self, task: str, question: Question, retrieved: Iterable[RankedDoc]) -> list[bool]:
        """For each passage retrieved, best first, whether it holds an answer."""
        gold = set(question.gold_docs)
        of_gold = [chunk for doc in question.gold_docs for chunk in self._of_doc.get((task, doc), ())]
        if gold and not any(self._says(task, chunk, question) for chunk in of_gold):
            return [passage.doc_id in gold for passage in retrieved]
        return [self._says(task, passage.chunk_id, question) for passage in retrieved]

    def _says(self, task: str, chunk_id: str, question: Question) -> bool:
        return self._texts.says(task, chunk_id, question) is True


def waterfall(
    systems: Mapping[str, System],
    scored: Mapping[str, ScoredAnswers],
    metric: str,
    refusal: str | None,
    sources: Sources,
) -> Waterfall:
    """The ladder of one task, and why rag's wrong answers are wrong; both maps are keyed by the system's name.

    An answer is wrong whose score is below 1: for graded metrics, a partly right one too. bins and n_wrong are
    None where rag was not run; the bins add up to n_wrong.
    """
    standing = _standing(systems)
    rungs = {rung: scored[name] for rung, name in standing.items()}
    rows = _named(steps(rungs, metric), standing)
    reader = rungs.get(READER)
    values = reader.by(metric) if reader else []
    if reader is None or values.count(None) == len(values):
        return Waterfall(rows, None, None)
    bins = dict.fromkeys(BINS, 0)
    for place, value in enumerate(values):
        if value is not None and value < 1:
            bins[bin_of(reader, place, refusal, sources)] += 1
    return Waterfall(rows, bins, sum(bins.values()))


def _standing(systems: Mapping[str, System]) -> dict[str, str]:
    """Rung → the system that stands on it. All are of one model, that of which most rungs were run (of equals the
    first): what two models differ in is no gain of a rung.
    """
    by_model: dict[ModelRef, dict[str, str]] = {}
    for name, system in systems.items():
        for rung, stands_on in LADDER.items():
            if stands_on(system):
                by_model.setdefault(system.model, {}).setdefault(rung, name)
    return max(by_model.values(), key=len, default={})


def _named(rows: Sequence[WaterfallStep], standing: Mapping[str, str]) -> tuple[WaterfallStep, ...]:
    """Rungs under the names of their systems, which say of which model they are."""
    return tuple(
        replace(row, step=standing.get(row.step, row.step), over=standing.get(row.over or "", row.over))
        for row in rows
    )


def steps(rungs: Mapping[str, ScoredAnswers], metric: str) -> tuple[WaterfallStep, ...]:
    """Accuracy of each rung on the `n` questions that all of them answered, and its gain over the one before.

    The last step is 1.0. mean and gain are None where a rung was not run; the next one gains over the last
    that was, named in `over`.
    """
    known = {
        name: [
            (question, value)
            for question, value in zip(rung.answers.question_id, rung.by(metric), strict=True)
            if value is not None
        ]
        for name, rung in rungs.items()
    }
    asked = [{question for question, _ in values} for values in known.values() if values]
    common = set.intersection(*asked) if asked else set()
    rows: list[WaterfallStep] = []
    below: tuple[str, float] | None = None
    for name in (*LADDER, PERFECT):
        values = [value for question, value in known.get(name, ()) if question in common]
        reached = 1.0 if name == PERFECT and common else mean(values)
        if reached is None:
            rows.append(WaterfallStep(name, None, None, None, 0))
            continue
        gain, over = (reached - below[1], below[0]) if below else (None, None)
        rows.append(WaterfallStep(name, reached, gain, over, len(common)))
        below = (name, reached)
    return tuple(rows)


def bin_of(scored: ScoredAnswers, place: int, refusal: str | None, sources: Sources) -> str:
    """The bin of a wrong answer, of those of a system; see `BINS`."""
    answers, question = scored.answers, scored.asked[place].question
    if not question.answerable:
        return "refusal_wrong"
    holding = sources.holding(answers.task, question, answers.retrieved[place])
    shown = answers.shown_passages[place]
    if not any(holding[:shown]):
        wanted = shown + answers.dropped_passages[place]
        return "passage_dropped" if any(holding[:wanted]) else "retrieval_missed"
    if answers.finish_reason[place] == "length":
        return "answer_cut"
    return "refusal_wrong" if is_refusal(answers.prediction[place], refusal) else "reader_failed"
