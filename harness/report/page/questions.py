"""Every question and every answer, as compact rows that the page's table reads.

Texts that many rows share (documents, passages) stand once and are named by their number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.analysis.accuracy import ScoredAnswer
from harness.analysis.derive import Scores
from harness.analysis.evidence import Asked, Evidence
from harness.report.page.text import visible

Row = list[Any]


def questions(run: Evidence, scores: Scores) -> dict[str, Any]:
    """{TASK: {metric, strategies, documents, passages, rows}} for every task that was asked anything.

    rows: [id, question, answers, tags, answerable, gold documents, fact seen, [answer or None of each strategy]].
    An answer: [score, prediction, prompt tokens, completion tokens, finish reason, e2e seconds, shown, retrieved].
    retrieved: numbers of passages, best first, of which the first `shown` stood in the prompt.
    passages: [document, title, text]; the text is empty where no prompt showed the passage.
    """
    return {task: _task(run, task, scores) for task in run.questions}


def _task(run: Evidence, task: str, scores: Scores) -> dict[str, Any]:
    metric = next(iter(run.spec(task).get("metrics", ())), "")
    pairs = [pair for pair in run.pairs if pair[0] == task]
    answered = {pair[1]: _first_seed(scores.get(pair, ())) for pair in pairs}
    timed = {pair[1]: _timed(run, pair) for pair in pairs}
    texts = _Texts(run, task)
    texts.show(one for found in answered.values() for one in found.values())
    rows = []
    for name, asked in run.questions[task].items():
        replies = [
            _answer(found.get(name), timed[strategy].get(name), metric, texts)
            for strategy, found in answered.items()
        ]
        rows.append([*_question(asked, texts), replies])
    return {
        "metric": metric,
        "strategies": list(answered),
        "documents": texts.documents,
        "passages": texts.passages,
        "rows": rows,
    }


def _first_seed(scored: Sequence[ScoredAnswer]) -> dict[str, ScoredAnswer]:
    """Question id → its answer; where several seeds answered, the first one's."""
    found: dict[str, ScoredAnswer] = {}
    for one in scored:
        found.setdefault(one.row.question_id, one)
    return found


def _timed(run: Evidence, pair: tuple[str, str]) -> Mapping[str, float]:
    return {row.question_id: round(row.e2e_s, 4) for row in run.timings.get(pair, ()) if row.merged}


class _Texts:
    """Numbers for documents and passages, given in the order in which they are first met."""

    def __init__(self, run: Evidence, task: str) -> None:
        self._run, self._task = run, task
        self._numbers: dict[str, int] = {}
        self._documents: dict[str, int] = {}
        self._shown: set[str] = set()
        self.documents: list[str] = []
        self.passages: list[Row] = []

    def show(self, answers: Any) -> None:
        """Remember which passages stood in a prompt: only their texts are kept."""
        for one in answers:
            self._shown.update(p["chunk_id"] for p in one.row.retrieved[: one.row.shown_passages])

    def document(self, name: str) -> int:
        if name not in self._documents:
            self._documents[name] = len(self.documents)
            self.documents.append(visible(name))
        return self._documents[name]

    def passage(self, found: Mapping[str, Any]) -> int:
        name = found["chunk_id"]
        if name not in self._numbers:
            self._numbers[name] = len(self.passages)
            known = self._run.passages.get((self._task, name))
            title = visible(known.title) if known else ""
            text = visible(known.text) if known and name in self._shown else ""
            self.passages.append([self.document(found["doc_id"]), title, text])
        return self._numbers[name]


def _question(asked: Asked, texts: _Texts) -> Row:
    question = asked.question
    return [
        visible(question.id),
        visible(question.question),
        [visible(answer) for answer in question.answers],
        [visible(tag) for tag in question.tags],
        int(question.answerable),
        [texts.document(name) for name in question.gold_docs],
        asked.fact_seen,
    ]


def _answer(one: ScoredAnswer | None, seconds: float | None, metric: str, texts: _Texts) -> Row | None:
    if one is None:
        return None
    row = one.row
    return [
        round(one.scores[metric], 4) if metric in one.scores else None,
        visible(row.prediction),
        row.prompt_tokens,
        row.completion_tokens,
        row.finish_reason,
        seconds,
        row.shown_passages,
        [texts.passage(found) for found in row.retrieved],
    ]
