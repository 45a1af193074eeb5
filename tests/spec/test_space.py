"""Settings that `--tune` may change, and the systems that come of them."""

from __future__ import annotations

from dataclasses import fields

from harness.spec.context import Examples, Gold, Retrieved
from harness.spec.settings import Examples as ExampleSettings
from harness.spec.settings import Finetune, Retrieval
from harness.spec.space import SECTIONS, SPACE, changed, neighbours, tunable
from harness.spec.system import LoRA, ModelRef, System

MODEL = ModelRef("fake")
PASSAGES = Retrieved(3, 64, 16, 2048, "words")
RAG = System("rag", "rag", MODEL, context=(PASSAGES,))
LORA = System("lora", "lora", MODEL, adapter=LoRA("task"))
BOTH = System("lora+rag", "lora+rag", MODEL, adapter=LoRA("task", (PASSAGES,)), context=(PASSAGES,))


def test_each_value_of_the_table_is_one_that_a_task_file_may_have() -> None:
    sections = {"examples": ExampleSettings, "retrieval": Retrieval, "finetune": Finetune}
    for row in SPACE:
        known = sections[SECTIONS[row.part]].model_fields
        if row.field in known:  # a seed is the run's
            sections[SECTIONS[row.part]](**{row.field: row.value})


def test_no_way_is_the_system_itself_and_none_comes_twice() -> None:
    for system in (RAG, LORA, BOTH):
        others = [changed(system, changes).id for changes in neighbours(system, 40, 0)]
        assert len({system.id, *others}) == 1 + len(others)
        assert len(others) > 10  # pairs follow the single ones


def test_a_learning_rate_comes_first_and_far_from_a_bad_default() -> None:
    slow = System("lora", "lora", MODEL, adapter=LoRA("task", learning_rate=5e-6))
    assert neighbours(slow, 2, 0) == [{"finetune.learning_rate": 5e-4}, {"finetune.learning_rate": 1e-3}]
    assert all("finetune.learning_rate" in changes for changes in neighbours(LORA, 3, 0))


def test_an_adapter_is_trained_on_prompts_with_the_changed_passages() -> None:
    system = changed(BOTH, {"retrieval.k": 5, "finetune.learning_rate": 1e-3})
    assert system.recipe
    assert system.recipe.context == system.context
    assert (system.context[0].k, system.recipe.learning_rate, system.name) == (5, 1e-3, "lora+rag")


def test_the_parts_of_a_system_take_turns() -> None:
    names = [next(iter(changes)) for changes in neighbours(BOTH, 4, 0)]
    assert [name.split(".")[0] for name in names] == ["finetune", "retrieval", "finetune", "retrieval"]


def test_small_passages_share_no_more_than_half() -> None:
    wide = System("rag", "rag", MODEL, context=(Retrieved(3, 256, 128, 2048, "words"),))
    retrieved = changed(wide, {"retrieval.chunk_tokens": 64}).retrieved
    assert retrieved
    assert retrieved.overlap_tokens == 32


def test_controls_and_the_bare_model_have_nothing_to_tune() -> None:
    oracle = System("oracle", "oracle", MODEL, context=(Gold(3, 64, 16, 2048, "words"),), control=True)
    assert not tunable(oracle)
    assert not tunable(System("base", "base", MODEL))
    assert tunable(System("few-shot", "few-shot", MODEL, context=(Examples(4),)))


def test_every_setting_of_the_table_is_a_field_of_its_part_or_of_none_yet() -> None:
    known = {
        "retrieved": {field.name for field in fields(Retrieved)},
        "adapter": {field.name for field in fields(LoRA)},
        "examples": {field.name for field in fields(Examples)},
    }
    for row in SPACE:
        if row.field in ("k", "chunk_tokens", "learning_rate", "rank", "seed"):
            assert row.field in known.get(row.part, {row.field})
