"""How a decision ended, and how that is said."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a task's decision ended."""

    RECOMMENDED = "recommended"
    BEST_OF_JUDGED = "best_of_judged"
    """Recommended of those that could be judged; one that could not might have won."""
    UNDECIDED = "undecided"
    NONE_FEASIBLE = "none_feasible"
    NOT_COMPUTED = "not_computed"


STATUS_WORDS = {
    Verdict.RECOMMENDED: "recommended",
    Verdict.BEST_OF_JUDGED: "the best of those that could be judged",
    Verdict.UNDECIDED: "undecided",
    Verdict.NONE_FEASIBLE: "no strategy meets the requirements",
    Verdict.NOT_COMPUTED: "nothing to choose between",
}


def recommendation(status: Verdict, favourite: str | None) -> str:
    """A clause: `rag is recommended`, `undecided, rag is ahead`."""
    words = STATUS_WORDS[status]
    if status in (Verdict.RECOMMENDED, Verdict.BEST_OF_JUDGED):
        return f"{favourite} is {words}"
    return f"{words}, {favourite} is ahead" if status is Verdict.UNDECIDED and favourite else words


class Basis(StrEnum):
    """What the choice goes by: expected dollars, or accuracy where an error or a query has no price."""

    VALUE = "value"
    ACCURACY = "accuracy"


@dataclass(frozen=True, slots=True)
class Standing:
    """A decision in short. `why_not`: why nothing can be chosen; `unfit`: why nothing may be recommended."""

    status: Verdict
    recommended: str | None
    favourite: str | None
    why_not: str = ""
    unfit: str | None = None

    @property
    def in_words(self) -> str:
        return recommendation(self.status, self.favourite)

    def same_as(self, other: Standing) -> bool:
        """Whether both say the same, whatever the reason."""
        own = (self.status, self.recommended, self.favourite)
        return own == (other.status, other.recommended, other.favourite)


@dataclass(frozen=True, slots=True)
class MetricVerdict:
    """How the decision ends where another metric counts as the accuracy. `same`: as under the primary one."""

    metric: str
    status: Verdict
    recommended: str | None
    favourite: str | None
    same: bool

    @property
    def in_words(self) -> str:
        """`lora is recommended`, and the like: a clause."""
        return recommendation(self.status, self.favourite)
