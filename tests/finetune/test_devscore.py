"""The epoch that is kept: by the task's metric on generated answers, then by the dev loss."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from harness.engines.engine import Decoding, Message, Request
from harness.engines.local import LocalModel
from harness.engines.store import ModelFolder
from harness.engines.transformers_engine import TransformersEngine
from harness.finetune import train as loop
from harness.finetune.devscore import DevScorer
from harness.finetune.encoding import encode_example
from harness.finetune.lora import WATCHED, LoraTrainer, _split, peft_config
from harness.finetune.store import load_or_train
from harness.finetune.trainer import DevMetric, Example, Outcome, Training
from harness.records import Question
from harness.spec.system import LoRA
from tests.fakes import Silent
from tests.tiny import tiny_engine

RECIPE = LoRA("t", rank=4, learning_rate=2e-2, batch_size=4, max_epochs=8)
METRIC = DevMetric("exact_match")


@pytest.fixture
def model(tiny_model: ModelFolder) -> LocalModel:
    return tiny_engine(tiny_model).model


def example(number: int, reply: str) -> Example:
    text = f"{chr(97 + number % 26)}{number}?"
    request = Request((Message("system", "Be brief."), Message("user", text)), Decoding(6, ("\n",)))
    return Example(request, reply, f"f{number // 2}", Question(f"q{number}", text, (reply,)))


EXAMPLES = tuple(example(number, "tuuu"[number % 4] + "k") for number in range(16))


def test_the_score_is_that_of_answers_written_one_by_one(model: LocalModel) -> None:
    engine = TransformersEngine(model)
    replies = [engine.complete([one.request])[0].text for one in EXAMPLES]
    asked = [
        replace(one, question=Question("q", "?", (reply if number % 4 else "another",)))
        for number, (one, reply) in enumerate(zip(EXAMPLES, replies, strict=True))
    ]
    tokens = [encode_example(model.chat, one) for one in asked]
    assert DevScorer(model, DevMetric("label"), asked, tokens)([False] * 16) == 12 / 16


def test_an_answer_that_is_reproduced_is_not_written_again(model: LocalModel) -> None:
    tokens = [encode_example(model.chat, one) for one in EXAMPLES]
    scorer = DevScorer(model, METRIC, EXAMPLES, tokens)
    assert scorer([False] * 16) == 0.0, "the model knows nothing"
    assert scorer([number < 4 for number in range(16)]) == 4 / 16


def test_an_answer_that_decoding_would_cut_is_written(model: LocalModel) -> None:
    long = example(1, "a long reply of many words")
    tokens = [encode_example(model.chat, long)]
    assert DevScorer(model, METRIC, [long], tokens)([True]) == 0.0, "6 tokens are no such reply"


def run_with(scores: Sequence[float], model: LocalModel, patience: int = 2) -> Outcome:
    tokens = [encode_example(model.chat, one) for one in EXAMPLES]
    given = iter(scores)
    recipe = replace(RECIPE, max_epochs=len(scores), patience=patience, learning_rate=1e-3)
    with model.adapting(peft_config(recipe)) as adapted:
        return loop.train(adapted, tokens[:8], tokens[8:], recipe, 0, Silent(), "x", lambda _: next(given))


def test_the_epoch_with_the_best_score_is_kept_whatever_the_loss(model: LocalModel) -> None:
    outcome = run_with([0.1, 0.6, 0.2, 0.2], model, patience=4)
    assert (outcome.kept_epoch, outcome.dev_score) == (2, 0.6)
    losses = [point.dev_loss for point in outcome.loss_curve if point.dev_loss is not None]
    assert outcome.dev_loss == losses[1]
    assert outcome.dev_loss != min(losses), "it fell on"


def test_of_equal_scores_the_lower_loss_is_kept(model: LocalModel) -> None:
    outcome = run_with([0.5, 0.5, 0.5], model)
    losses = [point.dev_loss for point in outcome.loss_curve if point.dev_loss is not None]
    assert outcome.dev_loss == min(losses)


def test_training_stops_when_the_score_no_longer_rises(model: LocalModel) -> None:
    outcome = run_with([0.5, 0.9, 0.4, 0.4, 0.4], model)
    assert outcome.epochs == 4
    assert outcome.stopped == "neither dev score nor dev loss got better"


def test_without_dev_questions_some_of_train_are_held_back_and_told(
    model: LocalModel, tmp_path: Path
) -> None:
    many = tuple(example(number, "tuvw"[number % 4] + "k") for number in range(48))
    training = Training("lora", replace(RECIPE, max_epochs=2), many, (), 0, METRIC)
    record = load_or_train(LoraTrainer(model), training, tmp_path, Silent()).record
    assert (record.watched, record.held_back) == (5, 5)
    assert record.dev_metric == "exact_match"
    assert record.dev_score is not None
    scored = [point.dev_score for point in record.loss_curve if point.dev_loss is not None]
    assert record.kept_epoch is not None
    assert record.dev_score == scored[record.kept_epoch - 1]


def test_no_more_dev_questions_are_asked_than_an_epoch_is_worth() -> None:
    many = tuple(example(number, "a") for number in range(200))
    fit, watched = _split(Training("lora", RECIPE, EXAMPLES, many, 3, METRIC))
    assert (len(fit), len(watched)) == (16, WATCHED)
    assert list(watched) == random.Random(3).sample(many, WATCHED)


def test_the_metric_and_the_right_answers_are_part_of_the_key(model: LocalModel) -> None:
    trainer, training = LoraTrainer(model), Training("lora", RECIPE, EXAMPLES[:8], EXAMPLES[8:], 0, METRIC)
    first, *others = EXAMPLES[8:]
    assert first.question is not None
    more = replace(first, question=replace(first.question, answers=("tk", "other")))
    variants = (training, replace(training, metric=None), replace(training, dev=(more, *others)))
    assert len({trainer.key(one) for one in variants}) == 3
