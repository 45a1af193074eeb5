"""What the author of a task should look at, though a run can do with it: repeated questions, answers that lose their
meaning under the task's metrics.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

from harness.errors import shown
from harness.quantities import counted, listed
from harness.records import Question
from harness.scoring.characters import plain
from harness.scoring.kinds import yes_or_no
from harness.scoring.normal import normalise
from harness.scoring.squad import squad_normalise
from harness.scoring.text import exact_match
from harness.spec.forms import AnswerForm, FormReader
from harness.spec.kinds import METRIC as KIND_MATCH
from harness.spec.questions import same_words
from harness.spec.task import Task
from harness.spec.taskspec import TaskSpec

OURS = ("contains", "exact_match", "kind_match", "f1")
SQUAD = ("squad_exact_match", "squad_f1")
SHOWN = 3


def remarks(task: Task) -> Iterator[str]:
    """One sentence for each thing, with the file and line of its first example."""
    yield from _repeated(task)
    if isinstance(task.spec, TaskSpec) and (alike := spelt_alike(task.spec.answer.labels or ())):
        more = f", and so with {counted(len(alike) - 1, 'other label')}" if len(alike) > 1 else ""
        yield (
            f"{task.path}: {listed(alike[0])} are one label in several spellings{more}, and a reply is right in one of "
            "them alone. Spell each label in one way, here and in the question files."
        )
    if isinstance(task.spec, TaskSpec) and task.spec.answer.json_schema:
        yield from _unheld(task, FormReader(AnswerForm(schema=task.spec.answer.json_schema)))
    if not isinstance(task.spec, TaskSpec) or task.spec.answer.type != "text":
        return
    yield from _kinds(task, task.spec)
    questions = [q for q in (*task.test, *task.train, *task.dev) if not q.choices]
    for names, normal, written in ((OURS, _normal, _digits_and_signs), (SQUAD, squad_normalise, _normal)):
        used = [name for name in task.spec.metrics if name in names]
        if used:
            yield from _lost(task, questions, listed(used), normal)
            yield from _collisions(task, questions, listed(used), normal, written)


def left_out(task: Task) -> Iterator[str]:
    """The first questions that were left out, and how many more: of real data there may be thousands."""
    yield from task.left_out[:SHOWN]
    if more := len(task.left_out[SHOWN:]):
        yield f"{task.path}: {counted(more, 'question is', 'questions are')} left out besides."


def spelt_alike(names: Iterable[str]) -> list[list[str]]:
    """Names that are the same but for case, blanks and signs: `Pay bill` and `pay_bill`; each group in order."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(re.sub(r"[\W_]+", "", name.casefold()) or name, []).append(name)
    return [group for group in groups.values() if len(group) > 1]


def _unheld(task: Task, reader: FormReader) -> Iterator[str]:
    """Questions that no reply of the schema answers rightly."""
    asked = [question for question in (*task.test, *task.train, *task.dev) if question.answerable]
    lost = [question for question in asked if not any(map(reader.fits, question.answers))]
    if lost:
        yield (
            f"{task.lines[lost[0].id]}: no right answer fits answer.json_schema, as of {len(lost)} of "
            f"{counted(len(asked), 'question')}; a strategy that is held to it ([constrained]) cannot be right there."
        )


def _kinds(task: Task, spec: TaskSpec) -> Iterator[str]:
    """Kinds of answers that no metric goes by, or a metric without any."""
    of_kind = [q for q in task.test if q.parts or q.tolerance or q.pattern]
    if of_kind and KIND_MATCH not in spec.metrics:
        yield (
            f"{task.lines[of_kind[0].id]}: has parts, a tolerance or a pattern, which only the metric {KIND_MATCH} "
            f"goes by: so it is with {counted(len(of_kind), 'test question')}; add it to metrics."
        )
    yes_no = [question for question in task.test if _yes_or_no(question) and not question.choices]
    if yes_no and spec.metrics[0] == "contains":
        yield (
            f"{task.lines[yes_no[0].id]}: is answered by yes or no, which may stand in a reply that says neither "
            f'("there is no fee"): so it is with {counted(len(yes_no), "test question")}; put {KIND_MATCH} first in '
            "metrics."
        )
    if KIND_MATCH in spec.metrics and not of_kind and not any(map(_yes_or_no, task.test)):
        yield (
            f"{task.path}: no test question has parts, a tolerance or a pattern, or is answered by yes or no, so "
            f"{KIND_MATCH} is the same as contains."
        )


def _yes_or_no(question: Question) -> bool:
    return question.answerable and yes_or_no(question.answers)


def _repeated(task: Task) -> Iterator[str]:
    """Test questions that are asked more than once, and questions of one file whose answers exclude each other."""
    groups = [group for group in _grouped(task.test, same_words) if len(group) > 1]
    if groups:
        first, second = groups[0][:2]
        again = sum(len(group) - 1 for group in groups)
        yield (
            f"{task.lines[second.id]}: is the same question as {task.lines[first.id]}; "
            f"{again} of {counted(len(task.test), 'test question')} repeat an earlier one, and count once with it."
        )
    for questions in (task.test, task.train, task.dev):
        pairs = [
            (group[0], other)
            for group in _grouped(questions, same_words)
            for other in group[1:]
            if not _agree(group[0], other)
        ]
        if pairs:
            first, second = pairs[0]
            yield (
                f"{task.lines[second.id]}: is the same question as {task.lines[first.id]}, but the answers contradict "
                f"each other ({_answer(first)}, {_answer(second)}): no reply can be right for both. "
                f"So it is with {counted(len(pairs), 'question')}."
            )


def _grouped(questions: Iterable[Question], key: Callable[[Question], Hashable]) -> list[list[Question]]:
    groups: dict[Hashable, list[Question]] = {}
    for question in questions:
        groups.setdefault(key(question), []).append(question)
    return list(groups.values())


def _agree(one: Question, other: Question) -> bool:
    if one.answerable != other.answerable:
        return False
    return not one.answerable or any(exact_match(answer, other.answers) for answer in one.answers)


def _answer(question: Question) -> str:
    return shown(question.answers[0]) if question.answers else "none"


def _lost(
    task: Task, questions: Sequence[Question], metrics: str, normal: Callable[[str], str]
) -> Iterator[str]:
    """Answers of which no letter, digit or symbol is left: nothing, or the punctuation itself."""
    lost = [(q, text) for q in questions for text in q.answers if not any(map(_tells, normal(text)))]
    if lost:
        question, text = lost[0]
        quoted = ", or has it alone in quotes," if normal is _normal else ""
        yield (
            f"{task.lines[question.id]}: the answer {shown(text)} is punctuation or articles alone; under {metrics} "
            f"only a reply that is nothing else{quoted} is right. So it is with {counted(len(lost), 'answer')}."
        )


def _tells(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in "LNS" and category != "Sk"  # accents and backticks that stand alone


def _collisions(
    task: Task,
    questions: Sequence[Question],
    metrics: str,
    normal: Callable[[str], str],
    written: Callable[[str], str],
) -> Iterator[str]:
    """Answers of different questions that are written differently and are one once normalised."""
    first: dict[str, tuple[Question, str]] = {}
    pairs: list[tuple[Question, str, Question, str]] = []
    for question in questions:
        for text in question.answers:
            known_question, known_text = first.setdefault(normal(text), (question, text))
            if written(text) != written(known_text) and known_question is not question:
                pairs.append((known_question, known_text, question, text))
    if pairs:
        one, text, other, other_text = pairs[0]
        examples = listed((f"{shown(pair[1])} and {shown(pair[3])}" for pair in pairs[1:]), SHOWN, apart="; ")
        yield (
            f"{task.lines[other.id]}: the answer {shown(other_text)} equals {shown(text)} "
            f"({task.lines[one.id]}) under {metrics}, so either is right for both"
            f"{examples and f'; so are {examples}'}."
        )


def _normal(text: str) -> str:
    return normalise(text).text


_TELLING = re.compile(r"\d[\d.,:/]*\d|[^\w\s'\"‘’“”.,;:!?()\[\]*`_-]|\d")


def _digits_and_signs(text: str) -> str:
    """The numbers and symbols of an answer as they are written, but for the spelling of thousands, of dashes and of
    currencies, of which scoring knows which are one."""
    found = [part for part in _TELLING.findall(plain(text)) if unicodedata.category(part[0]) != "Sc"]
    return " ".join(sorted(re.sub(r"(?<=\d)[,'](?=\d{3})", "", part) for part in found))
