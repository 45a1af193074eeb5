"""What to do about a check that fails or warns: steps that several rows of the table of checks share."""

from __future__ import annotations

import math

from harness.analysis.validity.check import Case
from harness.steps import Step, compare_again

TRIES = 8
"""Settings of each strategy that a remedy lets `--tune` try."""


def again(case: Case, text: str, *flags: str) -> Step:
    """Compare the task again, with these flags."""
    return Step(text, compare_again(case.run.manifest.command, case.task, *flags))


def validate(case: Case, text: str) -> Step:
    return Step(text, f"harness tasks validate {case.task}")


def longer_answers(case: Case) -> Step:
    return _more(case, "Give answers more room, in the task file", "answer", max_tokens=2)


def longer_prompts(case: Case) -> Step:
    return _more(
        case, "Give prompts more room, or show fewer passages (retrieval.k)", "retrieval", max_prompt_tokens=2
    )


def harder_training(case: Case) -> Step:
    text = "Train it harder, in the task file"
    return _more(
        case, text, "finetune", most={"learning_rate": 0.1, "max_epochs": 10}, learning_rate=2, max_epochs=2
    )


REPLAY = 0.25
"""As many general prompts as this share of the training questions gave back most of what was forgotten, where that was
measured (docs/method.md)."""


def softer_training(case: Case) -> Step:
    """Replay, or half the rate where the training replays already."""
    text = "Serve the adapter for its own task alone, or let it keep what the base model answers, in the task file"
    own = getattr(case.run.manifest.tasks[case.task].spec, "finetune", None)
    if own is not None and own.replay is None:
        return Step(text, f"finetune: {{replay: {REPLAY}}}")
    return _more(
        case, "Serve the adapter for its own task alone, or train it less", "finetune", learning_rate=0.5
    )


def shorter_replies(case: Case) -> Step:
    """`contains` is what fails to see such replies."""
    spec = case.run.manifest.tasks[case.task].spec
    others = [name for name in spec.metrics if name != "exact_match"]
    text = "Ask for the answer alone (prompt.system), or let only that count, in the task file"
    return Step(text, f"metrics: [{', '.join(('exact_match', *others))}]")


def words_in_answers(case: Case) -> Step:
    """A stop text that stands before the first word of an answer leaves it empty."""
    answer = getattr(case.run.manifest.tasks[case.task].spec, "answer", None)
    if answer is not None and answer.stop:
        return Step(
            "A stop text may stand before the first word: leave it out, in the task file",
            "answer: {stop: []}",
        )
    return Step("Say in the task file's prompt.system what an answer looks like")


def no_copies(case: Case) -> Step:
    """Where copies are natural they are no dead end: a task can be split by case, or leave them out of training."""
    own = getattr(case.run.manifest.tasks[case.task].spec, "questions", None)
    return Step(
        "Leave near copies of test questions out of training; or split anew by case (a ticket, a template, a "
        "`cluster`), all of a case in one file",
        "questions: {near_copies: leave_out}" if own else "",
    )


def _more(case: Case, text: str, section: str, most: dict[str, float] | None = None, **times: float) -> Step:
    """A line of the task file with settings so many times what the run had; none where it has no such section."""
    own = getattr(case.run.manifest.tasks[case.task].spec, section, None)
    if own is None:
        return Step(text)
    most = most or {}
    values = {
        name: min(getattr(own, name) * factor, most.get(name, math.inf)) for name, factor in times.items()
    }
    return Step(
        text, f"{section}: {{{', '.join(f'{name}: {_written(value)}' for name, value in values.items())}}}"
    )


def _written(value: float) -> str:
    """As YAML reads a number: without an exponent."""
    return f"{value:.7f}".rstrip("0").rstrip(".")
