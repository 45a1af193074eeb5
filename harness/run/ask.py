"""Asking a server one question: with fewer passages where the prompt is too long for it, and failures as values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from harness.engines.engine import Completion
from harness.errors import ModelUnavailable, NoAnswer, PromptTooLong
from harness.records import FailureRow, Question
from harness.run.prepare import MAKING, ReadyJob
from harness.run.prompts import Prompt

MOST_IN_A_ROW = 20
"""After so many questions without an answer, one after the other, the server is taken to be gone."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no answer, a clause. `final`: asking again does not change it."""

    reason: str
    attempts: int
    final: bool

    def row(self, ready: ReadyJob, question: Question, *, repeat: int = 0, timed: bool = False) -> FailureRow:
        """The line of evidence for a question of a job."""
        return FailureRow(
            task=ready.job.task,
            system=ready.job.system.id,
            question_id=question.id,
            seed=ready.job.seed,
            reason=self.reason,
            attempts=self.attempts,
            repeat=repeat,
            final=self.final,
            timed=timed,
        )


def failure(error: NoAnswer) -> Failure:
    """An error as a value."""
    return Failure(str(error), error.attempts, isinstance(error, PromptTooLong))


@dataclass
class Streak:
    """Counts questions without an answer that follow one another. What is too long says nothing of the server."""

    name: str
    _length: int = field(default=0, init=False)

    def answered(self) -> None:
        self._length = 0

    def failed(self, failure: Failure) -> None:
        """Raises ModelUnavailable at the last of `MOST_IN_A_ROW`."""
        if failure.final:
            return
        self._length += 1
        if self._length >= MOST_IN_A_ROW:
            raise ModelUnavailable(
                f"{self.name} gave no answer to {MOST_IN_A_ROW} questions in a row; the last time: {failure.reason}."
            )


def shortened(ready: ReadyJob, place: int, prompt: Prompt) -> Prompt | None:
    """The prompt of a question without its lowest-ranked passage, which counts as dropped; None where none is left."""
    if not prompt.shown:
        return None
    fewer = prompt.retrieved[: prompt.shown - 1]
    with MAKING:
        shorter = ready.context.prompt(ready.job.system, ready.questions[place], fewer, prompt.nearest)
    dropped = prompt.dropped + prompt.shown - shorter.shown
    return replace(shorter, retrieved=prompt.retrieved, dropped=dropped)


def ask(
    ready: ReadyJob, place: int, complete: Callable[[Prompt], Completion]
) -> tuple[Prompt, Completion | Failure]:
    """Ask a question, with one passage fewer each time that its prompt is too long. `complete` raises NoAnswer.

    Gives the prompt that was asked last, and what came of it.
    """
    prompt = ready.prompts[place]
    while True:
        try:
            return prompt, complete(prompt)
        except PromptTooLong as error:
            shorter = shortened(ready, place, prompt)
            if shorter is None:
                return prompt, failure(error)
            prompt = shorter
        except NoAnswer as error:
            return prompt, failure(error)
