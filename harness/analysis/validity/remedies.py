"""What to do about a check that fails or warns: steps that several rows of the table of checks share."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

from harness.analysis.evidence import missed
from harness.analysis.validity.check import Case
from harness.records import ALL_EPOCHS
from harness.spec.system import LoRA, name_at_home
from harness.steps import Step, compare_again, validate_again

TRIES = 8
"""Settings of each strategy that a remedy lets `--tune` try."""


def again(case: Case, text: str, *flags: str) -> Step:
    """Compare the task again, with these flags."""
    return Step(text, compare_again(case.run.manifest.command, case.task, *flags))


def validate(case: Case, text: str) -> Step:
    return Step(text, validate_again(case.run.manifest.command, case.task))


def have_the_rest(case: Case) -> Step:
    """Nobody asks again for what is final: a prompt that is longer than the model reads."""
    lacking = [row for system in case.own for row in missed(case.run, (case.task, system.name))]
    if all(row.final for row in lacking):
        return Step(
            "Put less into the prompts (prompt.system, examples.k), or take a model that reads more: asking again "
            "brings no missing answer"
        )
    return Step("Ask again for what is missing", "harness compare --resume RUN")


def longer_answers(case: Case) -> Step:
    return _more(case, "Give answers more room, in the task file", "answer", max_tokens=2)


def longer_prompts(case: Case) -> Step:
    return _more(
        case, "Give prompts more room, or show fewer passages (retrieval.k)", "retrieval", max_prompt_tokens=2
    )


MOST_RATE, MOST_EPOCHS = 0.1, 10
"""What a task file may ask for."""


def harder_training(case: Case) -> Step:
    """A higher rate, and more epochs where all were used; neither where `--tune` tried such a rate in vain."""
    text, recipe = "Train it harder, in the task file", _recipe(case)
    if recipe is None:
        return Step(text)
    if any(rate > recipe.learning_rate for rate in _rates_tried(case)):
        return Step(
            "Higher learning rates were tried on dev and were no better: look for training answers that contradict "
            "each other, or take a larger model"
        )
    values = {"learning_rate": min(2 * recipe.learning_rate, MOST_RATE)}
    trained = [record for system in case.adapted for record in case.adapters(system).values()]
    if any(record.stopped == ALL_EPOCHS for record in trained):
        values["max_epochs"] = min(2 * recipe.max_epochs, MOST_EPOCHS)
    return Step(text, _line("finetune", values))


REPLAY = 0.25
"""As many general prompts as this share of the training questions gave back most of what was forgotten, where that was
measured (docs/method.md)."""


def softer_training(case: Case) -> Step:
    """Replay, or half the rate where the training replays already."""
    recipe, alone = _recipe(case), "Serve the adapter for its own task alone"
    if recipe is None:
        return Step(f"{alone}, or train it less")
    if recipe.replay is None:
        text = f"{alone}, or let it keep what the base model answers, in the task file"
        return Step(text, _line("finetune", {"replay": REPLAY}))
    return Step(f"{alone}, or train it less", _line("finetune", {"learning_rate": recipe.learning_rate / 2}))


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


def held_to_form(case: Case) -> Step:
    """The same strategies, and each of them held to the form of the answers."""
    free = [
        system for system in case.own if not system.control and system.form is None and not system.variant
    ]
    held = (name_at_home(system.strategy, system.model_label, ["constrained"]) for system in free)
    names = ",".join((*(system.home_name for system in free), *held))
    return again(
        case,
        "Take off what stands round the answers before they are used, or see what holding them to their form does",
        f"--strategies {shlex.quote(names)}",
    )


def no_copies(case: Case) -> Step:
    """Where copies are natural they are no dead end: a task can be split by case, or leave them out of training."""
    own = getattr(case.run.manifest.tasks[case.task].spec, "questions", None)
    return Step(
        "Leave near copies of test questions out of training; or split anew by case (a ticket, a template, a "
        "`cluster`), all of a case in one file",
        "questions: {near_copies: leave_out}" if own else "",
    )


def _recipe(case: Case) -> LoRA | None:
    """How the task's fine-tune was trained, by settings that `--tune` chose where it did; None: it was not here."""
    return next((system.recipe for system in case.adapted if system.recipe), None)


def _rates_tried(case: Case) -> Iterator[float]:
    """The learning rates that were tried on dev questions."""
    for (task, _), trials in case.run.trials.items():
        if task == case.task:
            rates = (trial.settings.get("finetune.learning_rate") for trial in trials)
            yield from (rate for rate in rates if isinstance(rate, int | float))


def _more(case: Case, text: str, section: str, **times: float) -> Step:
    """A line of the task file with settings so many times what the run had; none where it has no such section."""
    own = getattr(case.run.manifest.tasks[case.task].spec, section, None)
    if own is None:
        return Step(text)
    return Step(text, _line(section, {name: getattr(own, name) * factor for name, factor in times.items()}))


def _line(section: str, values: Mapping[str, float]) -> str:
    """A line of a task file. YAML reads a number with an exponent as a text."""
    settings = (f"{name}: {f'{value:.7f}'.rstrip('0').rstrip('.')}" for name, value in values.items())
    return f"{section}: {{{', '.join(settings)}}}"
