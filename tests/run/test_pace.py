"""How long a run takes: expected from a few seconds of measuring, said before it starts and after each step."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.engines.engine import AdapterRef, Clock, Decoding, Engine, Message, Request
from harness.report.planned import blocks
from harness.run.compare import dry_run
from harness.run.pace import Kind, Pace
from harness.run.speed import Samples, Speed, computed_tokens, measure
from tests.fakes import Silent
from tests.run.worlds import (
    PAIR,
    FallibleEngine,
    context_of,
    go,
    make_task,
    make_tools,
    pair_of_tools,
    settings_of,
    system,
)

SPEED = Speed(0.01, 0.1, 0.02, 0.2, {"workshop": 5.0})


def known(_engine: Engine, _samples: Samples, _clock: Clock) -> Speed:
    return SPEED


class Hand:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_what_is_left_follows_the_steps_that_are_over() -> None:
    clock, progress = Hand(), Silent()
    steps = {(Kind.ANSWERS, "a"): 10.0, (Kind.ANSWERS, "b"): 20.0, (Kind.TRAINING, "t"): 100.0}
    pace = Pace(steps, progress, clock)
    assert pace.left == 130
    with pace.step((Kind.ANSWERS, "a"), "workshop · base", "24 answers"):
        clock.now = 30.0
    slower = (30 + 2 * 15) / (10 + 2 * 15)  # beside two steps of mean length that took what was expected
    assert pace.left == pytest.approx(20 * slower + 100), "longer answers make no training longer"
    with pace.step((Kind.TRAINING, "t"), "workshop · lora", "trained"):
        clock.now += 50
    assert pace.left == pytest.approx(20 * slower)
    with pace.step((Kind.ANSWERS, "b"), "workshop · rag", "24 answers"):
        clock.now += 60
    assert progress.notes == [
        "  workshop · base: 24 answers in 30.0 s; about 130 s left",
        "  workshop · lora: trained in 50.0 s; about 30.0 s left",
        "  workshop · rag: 24 answers in 60.0 s",
    ]


def told(steps: Sequence[tuple[Kind, float, float]]) -> list[tuple[float, float]]:
    """After each step of a run, what was said to be left and what was left; (kind, expected, taken) in seconds."""
    clock = Hand()
    names = [(kind, str(number)) for number, (kind, _, _) in enumerate(steps)]
    expected = {name: seconds for name, (_, seconds, _) in zip(names, steps, strict=True)}
    pace, left = Pace(expected, Silent(), clock), sum(taken for _, _, taken in steps)
    said = []
    for name, (_, _, taken) in zip(names, steps, strict=True):
        with pace.step(name, "a step"):
            clock.now += taken
        left -= taken
        said.append((pace.left or 0.0, left))
    return said


BUSY = (
    *((Kind.ANSWERS, expected, taken) for expected, taken in (
        (5.7, 46.4), (11.7, 71.1), (19.8, 53.4), (15.7, 30.8), (12.9, 50.1), (18.1, 39.7), (22.2, 28.3), (28.3, 31.2),
        (23.6, 89.1), (32.4, 42.7), (21.9, 38.3),
    )),
    (Kind.TRAINING, 71.0, 71.0), (Kind.ANSWERS, 5.7, 10.4), (Kind.ANSWERS, 11.7, 3.9), (Kind.TRAINING, 371.2, 577.0),
    (Kind.ANSWERS, 5.7, 20.2), (Kind.ANSWERS, 19.8, 41.3),
    (Kind.TIMING, 207.6, 137.2), (Kind.TIMING, 18.5, 19.2), (Kind.TIMING, 150.8, 77.0),
)  # fmt: skip
"""`compare --quick` on two cores that others used, too, as it was recorded: what each step was expected to take, and
took. The first, a short one, took eight times as long; training and timing did not. The first training was stopped
meanwhile, and stands as expected."""


def test_a_first_short_step_that_was_slow_tells_little_of_the_long_ones() -> None:
    said = told(BUSY)
    first, truth = said[0]
    assert 0.75 < first / truth < 1.33
    assert all(0.6 < a / b < 1.75 for a, b in said[:-1]), "nor does any step that follows mislead"


def test_where_nothing_is_slower_than_another_evidence_wins_soon() -> None:
    """Twelve steps, all of them three times as slow as expected."""
    said = told([(Kind.ANSWERS, 10.0, 30.0)] * 12)
    assert [round(a / b, 2) for a, b in said[:-1]][::5] == [0.56, 0.83, 0.9]


def test_where_nobody_knows_only_the_time_is_said() -> None:
    clock, progress = Hand(), Silent()
    pace = Pace(None, progress, clock)
    with pace.step((Kind.ANSWERS, "a"), "workshop · base", "24 answers"):
        clock.now = 2.0
    assert (pace.left, progress.notes) == (None, ["  workshop · base: 24 answers in 2.00 s"])


def test_where_only_proportions_are_known_something_must_be_over_first() -> None:
    clock, progress = Hand(), Silent()
    pace = Pace({(Kind.ANSWERS, name): 1000.0 for name in "abc"}, progress, clock, guessed=True)
    assert pace.left is None
    with pace.step((Kind.ANSWERS, "a"), "workshop · base", "24 answers"):
        clock.now = 20.0
    assert progress.notes == ["  workshop · base: 24 answers in 20.0 s; about 40.0 s of answers left"]


def test_a_first_short_step_of_several_workers_tells_little() -> None:
    """Eight workers begin eight steps; the shortest is over after as long as it should take."""
    clock = Hand()
    steps = {(Kind.ANSWERS, str(number)): 100.0 for number in range(15)} | {(Kind.ANSWERS, "short"): 10.0}
    pace = Pace(steps, Silent(), clock, workers=8)
    assert pace.left == pytest.approx(1510 / 8)
    with contextlib.ExitStack() as others:
        for number in range(7):
            others.enter_context(pace.step((Kind.ANSWERS, str(number)), "a step"))
        with pace.step((Kind.ANSWERS, "short"), "a step"):
            clock.now = 10.0
        assert pace.left == pytest.approx((1510 - 80) / 8)
        clock.now = 300.0
    assert pace.left is not None
    assert 250 < pace.left < 350, (
        "seven steps took three times as long as they should, and one worker was idle"
    )


def test_a_model_is_measured_with_a_few_short_answers() -> None:
    engine = FallibleEngine()
    asked = [Request((Message("user", f"question number {n}"),), Decoding(40)) for n in range(12)]
    speed = measure(engine, {"workshop": asked}, engine.clock)
    assert min(speed.read_s, speed.alone_read_s) > 0
    assert speed.written["workshop"] <= 40
    assert all(len(batch) <= 12 for batch in engine.batches)


def test_a_run_says_before_and_after_each_step_how_long_it_takes(tmp_path: Path) -> None:
    task, tools = make_task(tmp_path), replace(make_tools(tmp_path / "cache"), measure=known)
    go(settings_of(task, "base", "lora", latency_queries=2), [task], tools, tmp_path / "run")
    notes: list[str] = tools.progress.notes  # type: ignore[attr-defined]
    (before,) = [note for note in notes if "of disk" in note]
    assert "to answer" in before
    assert "to train" in before
    assert "to time" in before
    steps = [note for note in notes if " in " in note and "·" in note]
    assert "workshop · base: 24 answers in" in steps[0]
    assert " left" in steps[0]
    assert any("workshop · lora: trained in" in note for note in notes)


def test_a_plan_says_how_long_it_takes_here(tmp_path: Path) -> None:
    task, tools = make_task(tmp_path), replace(make_tools(tmp_path / "cache"), measure=known)
    settings = settings_of(task, "base", "lora", latency_queries=2)
    planned = dry_run(settings, [task], tools, None)
    (base, lora) = planned.jobs
    most = 0.01 * (base.prompt_tokens - timed(base, 1)) + 0.1 * 5 * 24
    assert 0.1 * 5 * 24 < base.seconds < most, "what all prompts share is read once"
    assert lora.seconds == pytest.approx(base.seconds, rel=0.01)
    assert planned.training_s
    assert planned.timing_s
    sentences = [block for block in blocks(planned) if isinstance(block, str)]
    assert any("to train" in sentence for sentence in sentences)


def timed(row: Any, times: int) -> float:
    """The tokens of questions that are timed, which the row counts too."""
    return float(row.prompt_tokens / row.requests * 2 * times)


def test_what_examples_share_is_trained_on_once(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    context = context_of(task, tmp_path / "cache")
    training = context.training(system(task, "lora"), 0)
    examples, engine = training.examples, context.engine
    whole = sum(engine.inspect(example.request).tokens for example in examples)
    once = computed_tokens(examples, engine, len(examples))
    assert 0 < once < whole
    assert once < computed_tokens(examples, engine, 4), "each batch reads it anew"


class Weights(FallibleEngine):
    """Says whether its weights are in memory."""

    loaded = False

    def load(self, adapter: AdapterRef | None) -> None:
        self.loaded = True
        super().load(adapter)

    def release(self) -> None:
        self.loaded = False


def test_of_several_models_one_is_measured_at_a_time(tmp_path: Path) -> None:
    task, small, large = make_task(tmp_path), Weights(), Weights()

    def alone(engine: Engine, samples: Samples, clock: Clock) -> Speed:
        engine.load(None)
        assert not (small.loaded and large.loaded)
        return known(engine, samples, clock)

    tools = replace(pair_of_tools(tmp_path / "cache", small, large), measure=alone)
    planned = dry_run(settings_of(task, "base", models=PAIR), [task], tools, None)
    assert planned.whole_s
    assert not small.loaded
    assert not large.loaded
