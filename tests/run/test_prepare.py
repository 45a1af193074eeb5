"""What is known before the first answer: which facts a fine-tune has seen, and on what it is trained."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from harness.records import Question
from harness.run.plan import sample
from harness.run.prepare import fact_seen
from harness.spec.task import Task
from tests.run.worlds import context_of, make_task, make_tools, system


def about(fact_id: str | None, *, answerable: bool = True) -> Question:
    return Question("q", "?", ("a",), fact_id=fact_id, answerable=answerable)


def with_max_examples(task: Task, count: int) -> Task:
    finetune = task.spec.finetune.model_copy(update={"max_examples": count})
    return dataclasses.replace(task, spec=task.spec.model_copy(update={"finetune": finetune}))


def test_a_fact_is_seen_where_training_asks_for_it_in_other_words(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    assert fact_seen(task, about("price-drill"), 0) is True
    assert fact_seen(task, about("price-hammer"), 0) is False


def test_seen_has_no_sense_without_fact_training_or_answer(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    assert fact_seen(task, about(None), 0) is None
    assert fact_seen(task, about("price-drill", answerable=False), 0) is None
    assert fact_seen(dataclasses.replace(task, train=()), about("price-drill"), 0) is None


def test_a_fact_left_out_of_training_is_not_seen(tmp_path: Path) -> None:
    """What counts is what the fine-tune was trained on, not what the file holds."""
    task = with_max_examples(make_task(tmp_path), 8)
    kept = sample(task.train, 8, 0)
    assert len(kept) == 8 < len(task.train)
    for question in task.train:
        if question.fact_id:
            assert fact_seen(task, about(question.fact_id), 0) is (question in kept)
    assert len(context_of(task, tmp_path).training(system(task, "lora"), 0).examples) == 8


def test_the_adapters_key_holds_prompts_seed_and_recipe(tmp_path: Path) -> None:
    """An adapter from other data, prompts or settings must not be taken for this one."""
    task = make_task(tmp_path)
    trainer = make_tools(tmp_path).model.trainer
    assert trainer

    def key(task: Task, strategy: str = "lora", seed: int = 0) -> str:
        return trainer.key(context_of(task, tmp_path).training(system(task, strategy), seed))

    prompt = task.spec.prompt.model_copy(update={"system": "Answer at length."})
    finetune = task.spec.finetune.model_copy(update={"rank": 8})
    keys = [
        key(task),
        key(task, "lora+rag"),
        key(task, seed=1),
        key(dataclasses.replace(task, train=task.train[1:])),
        key(dataclasses.replace(task, spec=task.spec.model_copy(update={"prompt": prompt}))),
        key(dataclasses.replace(task, spec=task.spec.model_copy(update={"finetune": finetune}))),
    ]
    assert len(set(keys)) == len(keys)
    assert key(task) == keys[0]
