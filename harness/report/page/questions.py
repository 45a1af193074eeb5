"""Every question and every answer, as compact rows that the page's table reads.

Of a run that is too large for a page, one question in so many, which the page says. Texts that many rows share
(documents, passages) stand once and are named by their number. The rows are arrays in the page's JSON;
`assets/page.js` names their fields in the order of these types.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from harness.analysis.accuracy import ScoredAnswer, ScoredAnswers, Scores
from harness.analysis.evidence import Asked, Evidence
from harness.analysis.results.run import RunResult, TaskResult
from harness.quantities import spelled, whole
from harness.records import RankedDoc
from harness.report.page.prompts import KeptPrompt, PromptForm, Shown, examples_of, form_of
from harness.report.view import visible
from harness.spec.system import System


class Reply(NamedTuple):
    """`retrieved`: numbers of passages, best first, of which the first `shown` stood in the prompt.

    `examples`: ids of those that were found for the question, the nearest first.
    """

    score: float | None
    prediction: str
    prompt_tokens: int
    completion_tokens: int
    finish_reason: str
    e2e_s: float | None
    shown: int
    retrieved: tuple[int, ...]
    examples: tuple[str, ...]


class QuestionRow(NamedTuple):
    """`answerable`: 0 or 1. `gold`: numbers of documents. `replies`: one a system, None where it gave none."""

    id: str
    question: str
    answers: tuple[str, ...]
    tags: tuple[str, ...]
    answerable: int
    gold: tuple[int, ...]
    fact_seen: bool | None
    replies: tuple[Reply | None, ...]


class ShownPassage(NamedTuple):
    """`document`: its number. `text` is empty where no prompt showed the passage.

    `place`: the page, slide or sheet it stands at, where its document has such parts.
    """

    document: int
    title: str
    text: str
    place: str


@dataclass(frozen=True, slots=True)
class Questions:
    """The questions of one task.

    `retrieving`: which systems' passages were found by retrieval. `contrasts`: pairs of systems (by number); people
    first look for questions that the first has right and the second wrong. `prompts`: how each system's are made.
    `examples`: those that were found for a question, by id, as prompts show them.
    `note`: which questions stand here, where not all do.
    """

    strategies: tuple[str, ...]
    retrieving: tuple[bool, ...]
    prompts: tuple[PromptForm | KeptPrompt | None, ...]
    examples: dict[str, Shown]
    contrasts: tuple[tuple[int, int], ...]
    documents: list[str]
    passages: list[ShownPassage]
    rows: tuple[QuestionRow, ...]
    note: str = ""


MOST_CHARACTERS, FEWEST_CHARACTERS = 8_000_000, 500_000
"""Of questions, replies and passages in one page, and of its comparisons, so that it stays below 10 MB."""
PER_PAIR = 900
"""Characters that two systems beside each other take in the rest of the page."""
PER_REPLY = 60
"""Characters of a reply's figures."""


def questions(run: Evidence, scores: Scores, results: RunResult) -> dict[str, Questions]:
    """The questions of every task that was asked anything, as many as a page holds."""
    pairs = sum(len(task.comparisons) for task in results.tasks.values())
    room = max(FEWEST_CHARACTERS, MOST_CHARACTERS - PER_PAIR * pairs)
    most = max(map(len, run.questions.values()), default=0)
    step = 1
    # Of half the questions, more than half of the passages were shown: many share one.
    while (size := _characters(run, scores, step)) > room and step < most:
        step = max(step + 1, step * size // room)
    return {
        name: _task(run, name, task, scores, step)
        for name, task in results.tasks.items()
        if name in run.questions
    }


def _characters(run: Evidence, scores: Scores, step: int) -> int:
    """About as many as one question in `step` takes, with its answers and what was shown for it."""
    chosen = {task: _chosen(some, step) for task, some in run.questions.items()}
    replies, shown = 0, set[tuple[str, str]]()
    for (task, _), scored in scores.items():
        answers = scored.answers
        columns = zip(
            answers.question_id, answers.prediction, answers.retrieved, answers.shown_passages, strict=True
        )
        for name, reply, found, number in columns:
            if name in chosen[task]:
                replies += len(reply) + PER_REPLY
                shown.update([(task, passage.chunk_id) for passage in found[:number]])
    passages = (run.passages[place] for place in shown if place in run.passages)
    asked = (len(one.question.question) + PER_REPLY for some in chosen.values() for one in some.values())
    return sum(asked) + replies + sum(len(passage.text) + len(passage.title) for passage in passages)


def _chosen(asked: Mapping[str, Asked], step: int) -> dict[str, Asked]:
    """One question in `step`."""
    return dict(itertools.islice(asked.items(), 0, None, step))


def _note(chosen: int, asked: int, step: int) -> str:
    if chosen == asked:
        return ""
    return (
        f"This page holds {whole(chosen)} of the {whole(asked)} questions that were asked, one in {spelled(step)}, so "
        "that it stays small. All answers stand in answers.jsonl, and all figures are of all questions."
    )


def _task(run: Evidence, name: str, task: TaskResult, scores: Scores, step: int) -> Questions:
    systems = [row.system for row in task.strategies.values()]
    chosen = _chosen(run.questions[name], step)
    answered = [_first_answers(scores[name, system.name], chosen) for system in systems]
    timed = [
        {
            row.question_id: round(row.e2e_s, 4)
            for row in run.timings.get((name, system.name), ())
            if row.deployed
        }
        for system in systems
    ]
    texts = _Texts(run, name, itertools.chain.from_iterable(answers.values() for answers in answered))
    rows = []
    for number, asked in chosen.items():
        question = asked.question
        replies = [
            _reply(answers[number], seconds.get(number), task.primary_metric, texts)
            if number in answers
            else None
            for answers, seconds in zip(answered, timed, strict=True)
        ]
        rows.append(
            QuestionRow(
                visible(question.id),
                visible(question.question),
                tuple(map(visible, question.answers)),
                tuple(map(visible, question.tags)),
                int(question.answerable),
                tuple(map(texts.document, question.gold_docs)),
                asked.fact_seen,
                tuple(replies),
            )
        )
    return Questions(
        tuple(system.name for system in systems),
        tuple(system.retrieved is not None and not system.reads_train for system in systems),
        tuple(form_of(run, name, system) for system in systems),
        _examples(run, name, answered),
        _contrasts(name, systems),
        list(map(visible, texts.documents)),
        list(texts.passages.values()),
        tuple(rows),
        _note(len(chosen), len(run.questions[name]), step),
    )


def _examples(run: Evidence, task: str, answered: Sequence[dict[str, ScoredAnswer]]) -> dict[str, Shown]:
    """The examples that any question was shown as its own."""
    shown = {name for answers in answered for answer in answers.values() for name in answer.row.examples}
    found = examples_of(run, task, shown).items()
    return {visible(name): (visible(question), visible(reply)) for name, (question, reply) in found}


def _first_answers(scored: ScoredAnswers, chosen: Mapping[str, Asked]) -> dict[str, ScoredAnswer]:
    """Question id → its answer; where several seeds answered, the first one's."""
    first: dict[str, int] = {}
    for place, name in enumerate(scored.answers.question_id):
        first.setdefault(name, place)
    return {name: scored[first[name]] for name in chosen if name in first}


def _contrasts(task: str, systems: Sequence[System]) -> tuple[tuple[int, int], ...]:
    """Retrieval alone against a fine-tune alone, both ways, and the control with gold passages against retrieval."""
    own = [
        (number, system)
        for number, system in enumerate(systems)
        if not system.trained_elsewhere(task) and not system.marks
    ]
    shown = [number for number, system in own if system.kinds == ("retrieved",) and not system.adapted]
    tuned = [number for number, system in own if system.adapted and not system.context]
    given = [number for number, system in own if system.gold]
    both_ways = (pair for a, b in itertools.product(shown, tuned) for pair in ((a, b), (b, a)))
    return (*both_ways, *itertools.product(given, shown))


class _Texts:
    """Numbers for documents and passages, given in the order in which they are first met."""

    def __init__(self, run: Evidence, task: str, answers: Iterable[ScoredAnswer]) -> None:
        self._run, self._task = run, task
        self._shown = {p.chunk_id for a in answers for p in a.row.retrieved[: a.row.shown_passages]}
        self._numbers: dict[str, int] = {}
        self.documents: dict[str, int] = {}
        self.passages: dict[str, ShownPassage] = {}

    def document(self, name: str) -> int:
        return self.documents.setdefault(name, len(self.documents))

    def passage(self, found: RankedDoc) -> int:
        name = found.chunk_id
        if name not in self.passages:
            known = self._run.passages.get((self._task, name))
            title = visible(known.title) if known else ""
            text = visible(known.text) if known and name in self._shown else ""
            place = visible(known.place) if known else ""
            self.passages[name] = ShownPassage(self.document(found.doc_id), title, text, place)
        return self._numbers.setdefault(name, len(self._numbers))


def _reply(answer: ScoredAnswer, seconds: float | None, metric: str | None, texts: _Texts) -> Reply:
    row, score = answer.row, answer.scores.get(metric or "")
    return Reply(
        None if score is None else round(score, 4),
        visible(row.prediction),
        row.prompt_tokens,
        row.completion_tokens,
        row.finish_reason,
        seconds,
        row.shown_passages,
        tuple(map(texts.passage, row.retrieved)),
        tuple(map(visible, row.examples)),
    )
