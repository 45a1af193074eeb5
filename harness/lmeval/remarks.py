"""What a task of lm-eval's cannot do here, and what its author should look at: sentences, no mistakes."""

from __future__ import annotations

from collections.abc import Sequence

from harness.lmeval import teachable
from harness.lmeval.opened import Opened
from harness.records import Question
from harness.spec.context import KINDS

OWN_PROMPTS = {
    "nearest": "lm-eval makes its prompts, and chooses the examples in them itself",
    "whole": "lm-eval makes its prompts, and passages alone have a place in them",
    "learnt": "lm-eval makes its prompts, and training documents have no place as passages in them",
}
"""What no task of lm-eval's can have."""
_WHOLE = "it scores whole texts (loglikelihood_rolling), before which nothing can stand"


def remarks(opened: Opened, test: Sequence[Question], train: Sequence[Question]) -> list[str]:
    """What its author should look at, as sentences."""
    return [
        *_scales(opened),
        *_no_accuracy(opened),
        *_no_option(opened, test),
        *teachable.remarks(opened, test, train),
    ]


def _no_accuracy(opened: Opened) -> list[str]:
    if opened.spec.metrics:
        return []
    reasons = "; ".join(f"{name} is {why}" for name, why in opened.unfit.items())
    return [f"none of its metrics can stand as accuracy: {reasons or 'it has none'}."]


def _no_option(opened: Opened, test: Sequence[Question]) -> list[str]:
    """Documents whose labels are hidden, as in the test splits of many data sets."""
    without = [question.id for question in test if not question.answers]
    if opened.kind != "multiple_choice" or not without:
        return []
    return [
        f"{len(without)} of {len(test)} documents have no right option, such as {without[0]}: no answer to them counts "
        "as right."
    ]


def _scales(opened: Opened) -> list[str]:
    return [
        f"{name} is scored from 0 to {scale:g}; its scores are divided by {scale:g}, and shown as shares."
        for name, scale in opened.spec.scales.items()
    ]


def obstacles(opened: Opened) -> dict[str, str]:
    """What the task cannot have in a prompt: kind of context → why, a clause."""
    if opened.rolling:
        return dict.fromkeys(KINDS, _WHOLE)
    why = _no_examples(opened)
    return {**OWN_PROMPTS, **({"examples": why} if why else {})}


def _no_examples(opened: Opened) -> str | None:
    """Why the task cannot show examples, as a clause."""
    config = opened.task.config
    tested = config.test_split or config.validation_split
    pool = opened.task.fewshot_cfg.split or (
        None
        if opened.task.fewshot_cfg.samples
        else config.training_split or config.validation_split or tested
    )
    if config.num_fewshot == 0:
        return "its lm-eval task says num_fewshot: 0"
    if pool is not None and pool == tested:
        return "lm-eval would take its examples from the test documents"
    most = len(opened.task.sampler.df)
    if most < opened.shots:
        return f"it shows {opened.shots} examples, and the task has {most} to choose from"
    try:
        opened.task.fewshot_context(opened.test[0], num_fewshot=1)
    except Exception as error:  # noqa: BLE001 - templates and code of the task may raise anything
        return f"lm-eval cannot show its documents as examples ({type(error).__name__}: {error})"
    return None
