"""Training: packing is exact, the recipe is followed, and failures stop it."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.engines.store import ModelFolder
from harness.engines.transformers_engine import TransformersEngine
from harness.errors import TrainingFailed
from harness.finetune import train as training
from harness.finetune.packing import Example, epoch_batches, hold_back, pack, packs
from harness.finetune.recipe import Recipe, peft_config
from harness.finetune.store import Job, adapter_folder, load_or_train
from tests.fakes import Silent

SYSTEM = tuple(range(5, 25))


def examples(count: int = 12) -> tuple[Example, ...]:
    return tuple(
        Example((*SYSTEM, 30 + n, 40, 50 + n % 3), (60 + n % 4, 61, 0), f"f{n // 2}") for n in range(count)
    )


@pytest.fixture
def engine(tiny_model: ModelFolder) -> TransformersEngine:
    return TransformersEngine(tiny_model, device="cpu", dtype="float32")


def test_packed_examples_have_the_loss_of_single_ones(engine: TransformersEngine) -> None:
    items = [Example((*SYSTEM, *range(30, 31 + n)), (60 + n, 61, 0)) for n in range(6)]
    with torch.inference_mode():
        together = float(training.summed_loss(engine._model, pack(items, len(SYSTEM))))
        alone = 0.0
        for item in items:
            ids = torch.tensor([[*item.prompt, *item.target]])
            logits = engine._model(ids).logits[0].log_softmax(-1)
            start = len(item.prompt) - 1
            alone -= sum(float(logits[start + at, token]) for at, token in enumerate(item.target))
    assert together == pytest.approx(alone, rel=1e-4)


@given(st.lists(st.integers(1, 300), min_size=1, max_size=30), st.integers(50, 400))
def test_packs_keep_every_example_once_and_their_limit(sizes: list[int], limit: int) -> None:
    items = [Example(tuple(range(size)), (0,)) for size in sizes]
    done = packs(items, 0, limit)
    assert [item for part in done for item in part] == items
    assert all(len(part) == 1 or sum(item.own(0) for item in part) <= limit for part in done)


def test_a_fact_is_held_back_only_in_one_wording_of_several() -> None:
    train, held = hold_back(examples(80), random.Random(0))
    assert len(held) == 8
    assert {item.fact_id for item in held} <= {item.fact_id for item in train}
    lonely = [Example((1, 2), (3,), f"fact{n}") for n in range(80)]
    assert hold_back(lonely, random.Random(0)) == (lonely, [])


def test_an_epoch_shows_every_example_once() -> None:
    items = list(examples(50))
    batches = epoch_batches(items, 8, random.Random(3))
    assert sorted((item for batch in batches for item in batch), key=items.index) == items
    assert batches != epoch_batches(items, 8, random.Random(4))


def job(**changes: object) -> Job:
    recipe = Recipe(rank=4, learning_rate=2e-2, batch_size=4, max_epochs=10)
    fields = {"task": "t", "strategy": "lora", "examples": examples(), "dev": (), "recipe": recipe, "seed": 0}
    return Job(**{**fields, **changes})  # type: ignore[arg-type]


def test_training_learns_and_is_stored_with_its_curve(engine: TransformersEngine, tmp_path: Path) -> None:
    adapter = load_or_train(engine, job(), tmp_path, Silent())
    record = adapter.record
    losses = [point.train_loss for point in record.loss_curve if point.train_loss is not None]
    assert losses[-1] < losses[0] / 2, losses
    assert 0 <= record.train_fit <= 1
    assert (adapter.folder / "adapter_model.safetensors").is_file()
    assert not list(adapter.folder.glob("*.bin"))
    again = load_or_train(engine, job(), tmp_path, Silent())
    assert again.reused
    assert again.record == record


def test_the_logits_move_as_far_as_training_moved_them(engine: TransformersEngine) -> None:
    """Against two plain passes, one before the adapter is there and one with it."""
    items = list(examples(6))
    with torch.inference_mode():
        before = [engine._model(torch.tensor([[*item.prompt, *item.target]])).logits[0] for item in items]
    with engine.adapting(peft_config(Recipe(rank=4))) as model:
        assert training.logit_shift(model, items, len(SYSTEM)) == 0.0, "a fresh adapter changes nothing"
        training.train(model, items, (), Recipe(rank=4, learning_rate=2e-2, max_epochs=2), 0, Silent(), "x")
        moved = training.logit_shift(model, items, len(SYSTEM))
        total, count = 0.0, 0
        for item, base in zip(items, before, strict=True):
            with torch.inference_mode():
                logits = model(torch.tensor([[*item.prompt, *item.target]])).logits[0]
            start = len(item.prompt) - 1
            difference = (logits - base)[start : start + len(item.target)].abs()
            total, count = total + float(difference.sum()), count + difference.numel()
    assert moved == pytest.approx(total / count, rel=1e-3)
    assert moved > 0.01


def test_an_adapter_from_before_the_shift_was_recorded_is_still_used(
    engine: TransformersEngine, tmp_path: Path
) -> None:
    path = load_or_train(engine, job(), tmp_path, Silent()).folder / "training.json"
    record = json.loads(path.read_text())
    assert record.pop("logit_shift") > 0
    path.write_text(json.dumps(record))
    again = load_or_train(engine, job(), tmp_path, Silent())
    assert (again.reused, again.record.logit_shift) == (True, None)


def test_the_same_seed_gives_the_same_adapter(engine: TransformersEngine, tmp_path: Path) -> None:
    first = load_or_train(engine, job(), tmp_path / "a", Silent())
    second = load_or_train(engine, job(), tmp_path / "b", Silent())
    assert first.record.sha256 == second.record.sha256


def test_the_key_names_everything_that_shapes_an_adapter(engine: TransformersEngine) -> None:
    keys = {
        one.key(engine.identity)
        for one in (
            job(),
            job(seed=1),
            job(examples=examples(11)),
            job(dev=examples(2)),
            job(recipe=Recipe()),
        )
    }
    assert len(keys) == 5


@pytest.mark.parametrize("damage", ["truncate", "foreign"])
def test_a_damaged_adapter_is_trained_again_and_said_so(
    engine: TransformersEngine, tmp_path: Path, damage: str
) -> None:
    first = load_or_train(engine, job(), tmp_path, Silent())
    weights = first.folder / "adapter_model.safetensors"
    if damage == "truncate":
        weights.write_bytes(weights.read_bytes()[:100])
    else:
        record = json.loads((first.folder / "training.json").read_text())
        (first.folder / "training.json").write_text(json.dumps({**record, "key": "other"}))
    progress = Silent()
    second = load_or_train(engine, job(), tmp_path, progress)
    assert not second.reused
    assert second.record.sha256 == first.record.sha256
    assert "damaged or foreign" in progress.notes[0]


def test_divergence_stops_training_with_a_sentence_and_keeps_nothing(
    engine: TransformersEngine, tmp_path: Path
) -> None:
    wild = job(recipe=Recipe(rank=4, learning_rate=1e6, batch_size=4, max_epochs=6))
    with pytest.raises(TrainingFailed, match=r"learning_rate"):
        load_or_train(engine, wild, tmp_path, Silent())
    assert not adapter_folder(tmp_path, wild.key(engine.identity)).exists()


def test_training_stops_when_dev_no_longer_improves(engine: TransformersEngine) -> None:
    strangers = [Example((*SYSTEM, 90, 91), (200 + n, 0)) for n in range(4)]
    with engine.adapting(peft_config(Recipe(rank=4))) as model:
        outcome = training.train(
            model, examples(), strangers, Recipe(rank=4, learning_rate=2e-2, batch_size=4, max_epochs=10, patience=1),
            0, Silent(), "x",
        )  # fmt: skip
    assert outcome.epochs < 10
    assert "dev loss" in outcome.stopped
    assert outcome.dev_loss == pytest.approx(
        min(p.dev_loss for p in outcome.curve if p.dev_loss is not None), abs=1e-5
    )
