"""What a search found, in words: the same on the terminal and in a report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from harness.quantities import counted, percent
from harness.run.devsplit import LEAST_DEV
from harness.run.facts import Tuned
from harness.run.tuning.choice import Why


def sentence(tuned: Tuned) -> str:
    """What is compared and why, a clause: "the default stays: …"."""
    return _WORDS[Why(tuned.why)](tuned)


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


def _scores(tuned: Tuned) -> str:
    """Of the best besides the default, against it."""
    p = "" if tuned.p is None else f", p = {max(tuned.p, 0.001):.2g}"
    return (
        f"{percent(tuned.best_score)} against {percent(tuned.default_score)} of the default, on "
        f"{counted(tuned.questions, 'dev question')}{p}"
    )


def _better(tuned: Tuned) -> str:
    return f"{in_words(tuned.settings)}, the best of {counted(tuned.tried, 'setting')}: {_scores(tuned)}"


def _chance(tuned: Tuned) -> str:
    best = f"the best of {counted(tuned.tried, 'setting')} ({in_words(tuned.best or {})})"
    return f"the default stays: {best} may be better by chance, {_scores(tuned)}"


def _nothing_better(tuned: Tuned) -> str:
    of_default = f"{percent(tuned.default_score)} on {counted(tuned.questions, 'dev question')}"
    return f"the default stays: none of {counted(tuned.tried, 'setting')} was better than its {of_default}"


def _few(tuned: Tuned) -> str:
    return f"the default stays: choosing takes {LEAST_DEV} dev questions, and there are {tuned.questions}"


def _unable(tuned: Tuned) -> str:  # noqa: ARG001
    return "the default stays: it could not be tried on dev"


_WORDS: dict[Why, Callable[[Tuned], str]] = {
    Why.BETTER: _better,
    Why.CHANCE: _chance,
    Why.NOTHING_BETTER: _nothing_better,
    Why.FEW: _few,
    Why.UNABLE: _unable,
}
