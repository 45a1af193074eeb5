"""Where the accuracy goes: base → rag → oracle → 1.0, and what became of each question `rag` got wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.analysis.accuracy import ScoredAnswer
from harness.analysis.means import mean
from harness.analysis.retrieval import Texts
from harness.records import Passage
from harness.scoring.text import contains_normalised, is_refusal
from harness.spec.strategy import Source, Weights, named

LADDER = (
    named(Weights.BASE),
    named(Weights.BASE, Source.RETRIEVED),
    named(Weights.BASE, Source.GOLD),
)
BARE, READER, CONTROL = LADDER
"""rag − base is what found passages add, oracle − rag what better ones could, 1 − oracle what the reader loses."""

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

    def holding(self, one: ScoredAnswer) -> list[bool]:
        """For each passage retrieved, best first, whether it holds an answer."""
        task, question = one.row.task, one.asked.question
        gold = set(question.gold_docs)
        of_gold = [chunk for doc in question.gold_docs for chunk in self._of_doc.get((task, doc), ())]
        if gold and not any(self._says(task, chunk, question.answers) for chunk in of_gold):
            return [passage["doc_id"] in gold for passage in one.row.retrieved]
        return [self._says(task, passage["chunk_id"], question.answers) for passage in one.row.retrieved]

    def _says(self, task: str, chunk_id: str, answers: Sequence[str]) -> bool:
        text = self._texts.normalised(task, chunk_id)
        return bool(text) and contains_normalised(text or "", answers)


def waterfall(
    scored: Mapping[str, Sequence[ScoredAnswer]], metric: str, refusal: str | None, sources: Sources
) -> dict[str, Any]:
    """{steps, bins, n_wrong} of one task; `scored` maps a strategy to its answers.

    An answer is wrong whose score is below 1: for graded metrics, a partly right one too. bins and n_wrong are
    None where `rag` was not run; the bins add up to n_wrong.
    """
    scored = {name: [one for one in some if metric in one.scores] for name, some in scored.items()}
    found = scored.get(READER) or ()
    wrong = [one for one in found if one.scores[metric] < 1]
    bins = dict.fromkeys(BINS, 0)
    for one in wrong:
        bins[bin_of(one, refusal, sources)] += 1
    return {
        "steps": steps({name: scored[name] for name in LADDER if scored.get(name)}, metric),
        "bins": bins if found else None,
        "n_wrong": len(wrong) if found else None,
    }


def steps(scored: Mapping[str, Sequence[ScoredAnswer]], metric: str) -> list[dict[str, Any]]:
    """Accuracy of each rung on the `n` questions that all of them answered, and its gain over the one before.

    The last step is 1.0. mean and gain are None where a strategy was not run; the next one gains over the last
    that was, named in `over`.
    """
    asked = [{one.row.question_id for one in some} for some in scored.values()]
    common = set.intersection(*asked) if asked else set()
    rows: list[dict[str, Any]] = []
    below: tuple[str, float] | None = None
    for name in (*LADDER, "perfect"):
        values = [one.scores[metric] for one in scored.get(name, ()) if one.row.question_id in common]
        reached = 1.0 if name == "perfect" and common else mean(values)
        gain = reached - below[1] if reached is not None and below else None
        over = below[0] if gain is not None and below else None
        n = len(common) if reached is not None else 0
        rows.append({"step": name, "mean": reached, "gain": gain, "over": over, "n": n})
        below = (name, reached) if reached is not None else below
    return rows


def bin_of(one: ScoredAnswer, refusal: str | None, sources: Sources) -> str:
    """The bin of a wrong answer; see `BINS`."""
    row = one.row
    if not one.asked.question.answerable:
        return "refusal_wrong"
    holding = sources.holding(one)
    wanted = row.shown_passages + row.dropped_passages
    if not any(holding[: row.shown_passages]):
        return "passage_dropped" if any(holding[:wanted]) else "retrieval_missed"
    if row.finish_reason == "length":
        return "answer_cut"
    return "refusal_wrong" if is_refusal(row.prediction, refusal) else "reader_failed"
