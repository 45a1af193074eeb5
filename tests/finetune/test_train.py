"""Training: packing is exact, the recipe is followed, and failures stop it."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import SafetensorError

from harness.engines.engine import Continuation, Message, Request
from harness.engines.local import LocalModel
from harness.engines.store import ModelFolder
from harness.engines.transformers_engine import TransformersEngine
from harness.errors import HarnessError, TrainingFailed
from harness.finetune import train as loop
from harness.finetune.encoding import encode_example
from harness.finetune.lora import WEIGHTS, LoraTrainer, peft_config
from harness.finetune.loss import summed_loss
from harness.finetune.measure import logit_shift
from harness.finetune.packing import TokenExample, epoch_batches, hold_back, pack, packs
from harness.finetune.replay import general_prompts, replay_requests, replayed
from harness.finetune.store import adapter_folder, load_or_train
from harness.finetune.trainer import Example, Training
from harness.spec.system import LoRA
from harness.spec.task import load_task
from tests.fakes import Silent
from tests.tiny import tiny_engine

TASKS = Path(__file__).parents[2] / "tasks"
SYSTEM = tuple(range(5, 25))
RECIPE = LoRA("t", rank=4, learning_rate=2e-2, batch_size=4, max_epochs=10)


def token_examples(count: int = 12) -> tuple[TokenExample, ...]:
    return tuple(
        TokenExample((*SYSTEM, 30 + n, 40, 50 + n % 3), (60 + n % 4, 61, 0), f"f{n // 2}")
        for n in range(count)
    )


def examples(count: int = 12) -> tuple[Example, ...]:
    system = Message("system", "Answer briefly, please.")
    return tuple(
        Example(
            Request((system, Message("user", f"{chr(97 + n)}j{n % 3}?"))), f"{'tuvw'[n % 4]}k", f"f{n // 2}"
        )
        for n in range(count)
    )


@pytest.fixture
def model(tiny_model: ModelFolder) -> LocalModel:
    return tiny_engine(tiny_model).model


@pytest.fixture
def trainer(model: LocalModel) -> LoraTrainer:
    return LoraTrainer(model)


def test_packed_examples_have_the_loss_of_single_ones(model: LocalModel) -> None:
    items = [TokenExample((*SYSTEM, *range(30, 31 + n)), (60 + n, 61, 0)) for n in range(6)]
    with torch.inference_mode():
        together = float(summed_loss(model.weights, pack(items, len(SYSTEM))))
        alone = 0.0
        for item in items:
            ids = torch.tensor([[*item.prompt, *item.target]])
            logits = model.weights(ids).logits[0].log_softmax(-1)
            start = len(item.prompt) - 1
            alone -= sum(float(logits[start + at, token]) for at, token in enumerate(item.target))
    assert together == pytest.approx(alone, rel=1e-4)


@given(st.lists(st.integers(1, 300), min_size=1, max_size=30), st.integers(50, 400))
def test_packs_keep_every_example_once_and_their_limit(sizes: list[int], limit: int) -> None:
    items = [TokenExample(tuple(range(size)), (0,)) for size in sizes]
    done = packs(items, 0, limit)
    assert [item for part in done for item in part] == items
    assert all(len(part) == 1 or sum(item.own(0) for item in part) <= limit for part in done)


def test_a_fact_is_held_back_only_in_one_wording_of_several() -> None:
    train, held = hold_back(token_examples(80), random.Random(0))
    assert len(held) == 8
    assert {item.fact_id for item in held} <= {item.fact_id for item in train}
    lonely = [TokenExample((1, 2), (3,), f"fact{n}") for n in range(80)]
    assert hold_back(lonely, random.Random(0)) == (lonely, [])


def test_an_epoch_shows_every_example_once() -> None:
    items = list(token_examples(50))
    batches = epoch_batches(items, 8, random.Random(3))
    assert sorted((item for batch in batches for item in batch), key=items.index) == items
    assert batches != epoch_batches(items, 8, random.Random(4))


def fine_tune(**changes: object) -> Training:
    fields = {"strategy": "lora", "recipe": RECIPE, "examples": examples(), "dev": (), "seed": 0}
    return Training(**{**fields, **changes})  # type: ignore[arg-type]


def test_an_example_is_the_prompt_as_it_is_asked_and_the_reply_with_its_end(model: LocalModel) -> None:
    chat, example = model.chat, examples()[5]
    encoded = encode_example(chat, example)
    assert not isinstance(example.request.prompt, str)
    assert encoded.prompt == chat.encode(chat.render(example.request.prompt))
    assert encoded.target == (*chat.encode("uk"), chat.end_token)
    assert encoded.fact_id == example.fact_id


def test_a_continuation_is_learnt_in_the_place_of_a_reply(model: LocalModel) -> None:
    chat = model.chat
    encoded = encode_example(chat, Example(Request("Who? ", continuations=(Continuation("me"),))))
    assert encoded.prompt == chat.encode("Who?")
    assert encoded.target == (*chat.encode(" me"), chat.end_token)


def test_a_whole_text_is_learnt_as_far_as_the_model_reads(model: LocalModel) -> None:
    chat = model.chat
    short = encode_example(chat, Example(Request("who", whole=True)))
    assert short.prompt == (chat.first_token,)
    assert short.target == (*chat.encode("who"), chat.end_token)
    long = encode_example(chat, Example(Request("x" * (chat.context_tokens + 50), whole=True)))
    assert len(long.prompt) + len(long.target) == chat.context_tokens


def test_what_the_base_model_answers_is_learnt_as_well_where_replay_is_asked_for(
    model: LocalModel, trainer: LoraTrainer, tmp_path: Path
) -> None:
    plain, replaying = fine_tune(), fine_tune(recipe=replace(RECIPE, replay=0.5, max_epochs=1))
    assert trainer.key(plain) != trainer.key(replaying)
    requests = replay_requests(0.5, 12, 0)
    learnt = replayed(model, requests)
    answers = TransformersEngine(model).complete(requests, None)
    ends = {model.chat.end_token}
    assert [one.target[-1] in ends for one in learnt] == [a.finish_reason != "length" for a in answers]
    record = load_or_train(trainer, replaying, tmp_path, Silent()).record
    assert record.steps == 3 + 2, "three batches of the task's examples and two of general prompts"


def test_no_general_prompt_is_a_question_of_a_shipped_task() -> None:
    asked = {question.question for path in TASKS.glob("*.yaml") for question in load_task(path).test}
    assert len(set(general_prompts())) == len(general_prompts()) == 80
    assert not asked & set(general_prompts())


def test_training_learns_and_is_stored_with_its_curve(trainer: LoraTrainer, tmp_path: Path) -> None:
    adapter = load_or_train(trainer, fine_tune(), tmp_path, Silent())
    record = adapter.record
    losses = [point.train_loss for point in record.loss_curve if point.train_loss is not None]
    assert losses[-1] < losses[0] / 2, losses
    assert 0 <= record.train_fit <= 1
    assert (record.task, record.strategy, record.examples) == ("t", "lora", 12)
    assert record.recipe["alpha"] == 8
    assert adapter.bytes == (adapter.folder / WEIGHTS).stat().st_size
    assert not list(adapter.folder.glob("*.bin"))
    again = load_or_train(trainer, fine_tune(), tmp_path, Silent())
    assert again.reused
    assert again.record == record


def test_the_logits_move_as_far_as_training_moved_them(model: LocalModel) -> None:
    """Against two plain passes, one before the adapter is there and one with it."""
    items, recipe = list(token_examples(6)), LoRA("t", rank=4, learning_rate=2e-2, max_epochs=2)
    with torch.inference_mode():
        before = [model.weights(torch.tensor([[*item.prompt, *item.target]])).logits[0] for item in items]
    with model.adapting(peft_config(recipe)) as adapted:
        assert logit_shift(adapted, items, len(SYSTEM)) == 0.0, "a fresh adapter changes nothing"
        loop.train(adapted, items, (), recipe, 0, Silent(), "x")
        moved = logit_shift(adapted, items, len(SYSTEM))
        total, count = 0.0, 0
        for item, base in zip(items, before, strict=True):
            with torch.inference_mode():
                logits = adapted(torch.tensor([[*item.prompt, *item.target]])).logits[0]
            start = len(item.prompt) - 1
            difference = (logits - base)[start : start + len(item.target)].abs()
            total, count = total + float(difference.sum()), count + difference.numel()
    assert moved == pytest.approx(total / count, rel=1e-3)
    assert moved > 0.01


def test_an_adapter_from_before_the_shift_was_recorded_is_still_used(
    trainer: LoraTrainer, tmp_path: Path
) -> None:
    path = load_or_train(trainer, fine_tune(), tmp_path, Silent()).folder / "training.json"
    record = json.loads(path.read_text())
    assert record.pop("logit_shift") > 0
    path.write_text(json.dumps(record))
    again = load_or_train(trainer, fine_tune(), tmp_path, Silent())
    assert (again.reused, again.record.logit_shift) == (True, None)


def test_the_same_seed_gives_the_same_adapter(trainer: LoraTrainer, tmp_path: Path) -> None:
    first = load_or_train(trainer, fine_tune(), tmp_path / "a", Silent())
    second = load_or_train(trainer, fine_tune(), tmp_path / "b", Silent())
    assert first.record.sha256 == second.record.sha256


def test_the_key_names_everything_that_shapes_an_adapter(trainer: LoraTrainer) -> None:
    first, *others = examples()
    reworded = (replace(first, reply="no"), *others)
    variants = (
        fine_tune(),
        fine_tune(seed=1),
        fine_tune(examples=examples(11)),
        fine_tune(examples=reworded),
        fine_tune(dev=examples(2)),
        fine_tune(recipe=LoRA("t")),
    )
    assert len({trainer.key(one) for one in variants}) == len(variants)
    same = (fine_tune(strategy="lora+rag"), fine_tune(recipe=replace(RECIPE, task="u", max_examples=12)))
    assert {trainer.key(one) for one in same} == {trainer.key(fine_tune())}


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        ("truncate", "adapter_model.safetensors was altered"),
        ("foreign", "another base"),
        ("base", "another base"),
        ("configuration", "adapter_config.json was altered"),
        ("lost", "adapter_config.json is missing"),
        ("pickle", "adapter_model.bin does not belong there"),
        ("record", "no record of a training"),
    ],
)
def test_a_damaged_adapter_is_trained_again_and_said_so(
    trainer: LoraTrainer, tmp_path: Path, damage: str, named: str
) -> None:
    first = load_or_train(trainer, fine_tune(), tmp_path, Silent())
    weights, config, told = (
        first.folder / name for name in (WEIGHTS, "adapter_config.json", "training.json")
    )
    record = json.loads(told.read_text())
    if damage == "truncate":
        weights.write_bytes(weights.read_bytes()[:100])
    elif damage == "foreign":
        told.write_text(json.dumps({**record, "key": "other"}))
    elif damage == "base":
        told.write_text(json.dumps({**record, "base_sha256": "0" * 64}))
    elif damage == "configuration":
        config.write_text(config.read_text().replace('"lora_alpha": 8', '"lora_alpha": 80'))
    elif damage == "lost":
        config.unlink()
    elif damage == "pickle":
        (first.folder / "adapter_model.bin").write_bytes(b"x")
    else:
        told.write_text("[]")
    progress = Silent()
    second = load_or_train(trainer, fine_tune(), tmp_path, progress)
    assert not second.reused
    assert second.record.sha256 == first.record.sha256
    assert "damaged or foreign" in progress.notes[0]
    assert named in progress.notes[0]


def test_a_full_disk_is_named_and_nothing_half_written_is_kept(
    trainer: LoraTrainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise SafetensorError("I/O error: No space left on device (os error 28)")

    with monkeypatch.context() as patch:
        patch.setattr("peft.peft_model.safe_save_file", full)
        with pytest.raises(HarnessError, match=r"No space left on device.*--resume"):
            load_or_train(trainer, fine_tune(), tmp_path, Silent())
    assert not [path for path in (tmp_path / "adapters").iterdir() if path.suffix != ".lock"]
    assert not load_or_train(trainer, fine_tune(), tmp_path, Silent()).reused


def test_divergence_stops_training_with_a_sentence_and_keeps_nothing(
    trainer: LoraTrainer, tmp_path: Path
) -> None:
    wild = fine_tune(recipe=replace(RECIPE, learning_rate=1e6, max_epochs=6))
    with pytest.raises(TrainingFailed, match=r"learning_rate"):
        load_or_train(trainer, wild, tmp_path, Silent())
    assert not adapter_folder(tmp_path, trainer.key(wild)).exists()


def test_training_stops_when_dev_no_longer_improves(model: LocalModel) -> None:
    strangers = [TokenExample((*SYSTEM, 90, 91), (200 + n, 0)) for n in range(4)]
    recipe = replace(RECIPE, patience=1)
    with model.adapting(peft_config(recipe)) as adapted:
        outcome = loop.train(adapted, token_examples(), strangers, recipe, 0, Silent(), "x")
    assert outcome.epochs < 10
    assert "dev loss" in outcome.stopped
    assert outcome.dev_loss == pytest.approx(
        min(p.dev_loss for p in outcome.loss_curve if p.dev_loss is not None), abs=1e-5
    )
