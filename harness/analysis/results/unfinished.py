"""A run that goes on: how many of its systems have answered, and which have not."""

from __future__ import annotations

from dataclasses import dataclass

from harness.quantities import counted, listed
from harness.ranges import Count


@dataclass(frozen=True, slots=True)
class Unfinished:
    """`systems`: of the plan, each once a task. `waiting`: task → those that have not answered all its questions.

    `timed`: of how many tasks some times are known; None where nothing is to be timed.
    """

    systems: Count
    answered: Count
    waiting: dict[str, tuple[str, ...]]
    timed: Count | None

    @property
    def in_words(self) -> str:
        """Sentences for a reader who meets the page before the run has ended."""
        times = {None: "", 0: ", not yet timed"}.get(self.timed, ", partly timed")
        said = f"Unfinished: {self.answered} of {counted(self.systems, 'system')} answered{times}."
        if not self.waiting:
            return said
        waiting = "; ".join(f"{listed(names)} on {task}" for task, names in self.waiting.items())
        return f"{said} Still to answer: {waiting}."


def not_decided(names: tuple[str, ...]) -> str:
    """Why nothing is decided while rivals have not answered, a sentence; nothing where none is waited for."""
    if not names:
        return ""
    return f"Nothing is decided yet: {listed(names)} {'has' if len(names) == 1 else 'have'} not answered."
