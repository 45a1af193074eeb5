"""The exact prompt of every question, from its parts: what all prompts of a system share, and what differs.

A run keeps one prompt of each system as the model read it. It is taken apart here, and put together again from the
evidence. Where that gives the same text, `assets/page.js` does so for every other question, and the page need not hold
a text a question and system; elsewhere the page shows the prompt that was kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from harness.analysis.evidence import Evidence
from harness.engines.control import MARK
from harness.records import AnswerRow, Passage, PromptSample
from harness.report.view import visible
from harness.run.wording import BETWEEN, reply_of, user_content
from harness.scoring.citations import NUMBER, citation
from harness.spec.context import Nearest, passages_of
from harness.spec.system import System
from harness.spec.taskspec import TaskSpec

_MARKED = re.compile(r"%%\d+%%")
_HERE = "\ue000"
"""Stands for what differs while a wording is taken apart: a private character of Unicode."""


class PromptForm(NamedTuple):
    """What all prompts of a system share.

    `before`, `after`: what stands around the examples and the question's own turn. `question`: what stands around the
    question in a turn. `turns`: what stands behind an example's question and behind its reply; None where no question
    has examples of its own. `passages`: what stands before the first passage, between two, and behind the last; None
    where none are shown. `cited`: what stands around the number that a passage begins with; None where it has none.
    """

    before: str
    after: str
    question: tuple[str, str]
    turns: tuple[str, str] | None
    passages: tuple[str, str, str] | None
    cited: tuple[str, str] | None


class KeptPrompt(NamedTuple):
    """The one prompt of a system that is known, and its question's id."""

    question: str
    text: str


Shown = tuple[str, str]
"""An example as it is shown: its question and its reply."""


def form_of(run: Evidence, task: str, system: System) -> PromptForm | KeptPrompt | None:
    """How the page makes the prompts of a system; None where the run kept none of it."""
    sample = run.prompts.get((task, system.name))
    if sample is None:
        return None
    text = sample.text.replace(MARK, "")
    form = _form(run, task, system, sample, text)
    return PromptForm(*map(_visible, form)) if form else KeptPrompt(*map(visible, (sample.question_id, text)))


def _visible(part: Any) -> Any:
    return visible(part) if isinstance(part, str) else part and tuple(map(visible, part))


def examples_of(run: Evidence, task: str, ids: Iterable[str]) -> dict[str, Shown]:
    """The training questions with these ids as prompts show them, by id."""
    spec, wanted = run.manifest.tasks[task].spec, set(ids)
    if not isinstance(spec, TaskSpec) or not wanted:
        return {}
    rows = (row.question for row in (run.training or {}).get(task, ()) if row.question.id in wanted)
    return {row.id: (row.question, reply_of(row, spec.answer.refusal)) for row in rows}


def parts_of(run: Evidence, task: str, answer: AnswerRow) -> tuple[list[Shown], list[str]]:
    """The examples and passages of an answer's prompt, in its order: the best of each last."""
    known = examples_of(run, task, answer.examples)
    examples = [known[name] for name in reversed(answer.examples) if name in known]
    found = (run.passages.get((task, row.chunk_id)) for row in answer.retrieved[: answer.shown_passages])
    passages = ["\n".join(filter(None, (passage.title, passage.text))) for passage in found if passage]
    return examples, passages[::-1]


def assembled(
    form: PromptForm, question: str, examples: Sequence[Shown] = (), passages: Sequence[str] = ()
) -> str:
    """The prompt of a question, with its examples and passages in the order in which they stand in it."""

    def asked(text: str) -> str:
        return text.join(form.question)

    turn = asked(question)
    if form.passages and passages:
        lead, between, behind = form.passages
        cited = form.cited
        blocks = [f"{str(n).join(cited)} {text}" if cited else text for n, text in enumerate(passages, 1)]
        turn = f"{lead}{between.join(blocks)}{behind}{turn}"
    after_question, after_reply = form.turns or ("", "")
    shown = (f"{asked(text)}{after_question}{reply}{after_reply}" for text, reply in examples)
    return "".join([form.before, *shown, turn, form.after])


def _form(run: Evidence, task: str, system: System, sample: PromptSample, text: str) -> PromptForm | None:
    """None where the prompt that was kept is not what its parts come to."""
    spec = run.manifest.tasks[task].spec
    asked = run.questions.get(task, {}).get(sample.question_id)
    answer = run.answers[task, system.name].first_to(sample.question_id)
    if not isinstance(spec, TaskSpec) or asked is None or answer is None:
        return None
    nearest = any(isinstance(part, Nearest) for part in system.context)
    form = PromptForm(
        "",
        "",
        _around(spec.user_message(_HERE)),
        _turns(sample) if nearest else None,
        *_wording(spec, system),
    )
    middle = assembled(form, asked.question.question, *parts_of(run, task, answer))
    place = text.rfind(middle)
    return form._replace(before=text[:place], after=text[place + len(middle) :]) if place >= 0 else None


def _around(text: str) -> tuple[str, str]:
    before, _, after = text.partition(_HERE)
    return before, after


def _turns(sample: PromptSample) -> tuple[str, str]:
    """What the chat template writes behind an example's question and behind its reply."""
    pieces = _MARKED.split(sample.skeleton)
    return (pieces[2], pieces[3]) if len(pieces) > 4 else ("", "")


def _wording(spec: TaskSpec, system: System) -> tuple[tuple[str, str, str] | None, tuple[str, str] | None]:
    """What stands around passages, and around their numbers, as the prompts of a run write them."""
    if not passages_of(system.context):
        return None, None
    cited = spec.answer.citations
    lead, behind = _around(user_content("", [Passage("one", "one", "", _HERE)], cited))
    if not cited:
        return (lead, BETWEEN, behind), None
    before, after = cited.split(NUMBER)
    return (lead.removesuffix(f"{citation(cited, 1)} "), BETWEEN, behind), (before, after)
