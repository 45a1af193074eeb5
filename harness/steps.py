"""What to do next: it stands with an open verdict, a failed check, a requirement that is not met and a strategy that
was left out. Apart from all results, since runs keep it, and flags need it and must be quick.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Step:
    """What to do next. `text`: a sentence without its full stop, and `figures` holds every number in it. `line`: the
    command, or the line of a task file, that does it; empty where there is none.
    """

    text: str
    line: str = ""
    figures: dict[str, float | str | None] = field(default_factory=dict)

    @property
    def in_words(self) -> str:
        return f"{self.text}: {self.line}" if self.line else f"{self.text}."
