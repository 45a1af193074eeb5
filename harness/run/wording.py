"""The words of a prompt that are not the author's: how passages stand before a question, and what a reply says."""

from __future__ import annotations

from collections.abc import Sequence

from harness.engines.engine import Message
from harness.records import Passage, Question
from harness.scoring.citations import citation
from harness.spec.task import Task


def target_text(task: Task, question: Question) -> str:
    """The reply that training and examples show: the first answer, or the refusal."""
    return reply_of(question, task.own.answer.refusal)


def reply_of(question: Question, refusal: str | None) -> str:
    return question.answers[0] if question.answerable else refusal or ""


def user_turn(
    task: Task, question: Question, passages: Sequence[Passage], citations: str | None = None
) -> Message:
    """The question as the user asks it, behind its passages. `citations`: the form in which replies shall name one."""
    return Message("user", user_content(task.own.user_message(question.question), passages, citations))


def user_content(asked: str, passages: Sequence[Passage], citations: str | None) -> str:
    """A user's turn: what is asked, behind its passages where it has some."""
    if not passages:
        return asked
    cite = f"{CITE.format(citation(citations, 1))}\n\n" if citations else ""
    return f"{documents(passages, citations)}\n\n{cite}Question: {asked}"


BETWEEN = "\n\n"
"""Two passages."""
CITE = "End the answer with the number of the document that it is from, as {} for the first."


def documents(passages: Sequence[Passage], citations: str | None = None) -> str:
    """The passages as they stand before a question, the best one nearest to it (arXiv 2407.01219); or nothing.

    Where they may be cited, each begins with how: numbers go up from the first in the prompt.
    """
    blocks = ["\n".join(filter(None, (passage.title, passage.text))) for passage in reversed(passages)]
    if citations:
        blocks = [f"{citation(citations, number)} {block}" for number, block in enumerate(blocks, 1)]
    return BETWEEN.join(["Documents:", *blocks]) if blocks else ""
