"""What a search found, in words: the same on the terminal and in a report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.quantities import counted, percent
from harness.run.devsplit import LEAST_DEV
from harness.run.facts import Tuned
from harness.run.tuning.choice import Why


def sentence(tuned: Tuned) -> str:
    """What is compared and why, a clause: "the default stays: …"."""
    tried, questions = counted(tuned.tried, "setting"), counted(tuned.questions, "dev question")
    default = percent(tuned.default_score)
    p = "" if tuned.p is None else f", p = {max(tuned.p, 0.001):.2g}"
    scores = f"{percent(tuned.best_score)} against {default} of the default, on {questions}{p}"
    match Why(tuned.why):
        case Why.BETTER:
            return f"{in_words(tuned.settings)}, the best of {tried}: {scores}"
        case Why.CHANCE:
            best = f"the best of {tried} ({in_words(tuned.best or {})})"
            return f"the default stays: {best} may be better by chance, {scores}"
        case Why.NOTHING_BETTER:
            return f"the default stays: none of {tried} was better than its {default} on {questions}"
        case Why.FEW:
            return f"the default stays: choosing takes {LEAST_DEV} dev questions, and there are {tuned.questions}"
        case Why.UNABLE:
            return "the default stays: it could not be tried on dev"


def in_words(settings: Mapping[str, Any]) -> str:
    """Settings as a task file names them: `retrieval.k 5, retrieval.chunk_tokens 128`."""
    return ", ".join(f"{name} {_value(value)}" for name, value in settings.items()) or "the default"


_LONGEST = 60
"""Characters of a text that a table shows."""


def _value(value: Any) -> str:
    text = f"{value:g}" if isinstance(value, float) else " ".join(str(value).split())
    if not isinstance(value, str) or " " not in text:
        return text
    return f"“{text if len(text) <= _LONGEST else f'{text[:_LONGEST].rstrip()}…'}”"
