"""Dev questions that are split from train: as many as tell something, and as the test questions stand to training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.run.devsplit import LEAST_DEV, with_dev
from harness.spec.task import Task, load_task
from tests.run.worlds import lines, write_task


def task_with(tmp_path: Path, train: list[dict[str, Any]], test_fact: str | None = None) -> Task:
    path = write_task(tmp_path, with_corpus=False)
    lines(tmp_path / "workshop" / "train.jsonl", train)
    test = [
        {"id": "q", "question": "How heavy is it?", "answers": ["5 kg"]}
        | ({"fact_id": test_fact} if test_fact else {})
    ]
    lines(tmp_path / "workshop" / "test.jsonl", test)
    return load_task(path)


def train(facts: int, wordings: int) -> list[dict[str, Any]]:
    return [
        {"id": f"t{fact}-{n}", "question": f"Wording {n} of {fact}?", "answers": ["x"], "fact_id": f"f{fact}"}
        for fact in range(facts)
        for n in range(wordings)
    ]


def test_where_test_asks_for_taught_facts_single_wordings_are_held_out(tmp_path: Path) -> None:
    split = with_dev(task_with(tmp_path, train(60, 4), test_fact="f3"), 0)
    assert len(split.dev) == 48
    assert len(split.train) == 192
    taught = {question.fact_id for question in split.train}
    held = [question.fact_id for question in split.dev]
    assert set(held) <= taught
    assert len(set(held)) == len(held)
    assert "in other words" in split.remarks[-1]


def test_else_whole_facts_are_held_out(tmp_path: Path) -> None:
    split = with_dev(task_with(tmp_path, train(60, 4)), 0)
    assert len(split.dev) == 48
    assert not {question.fact_id for question in split.dev} & {question.fact_id for question in split.train}


def test_the_split_hangs_on_the_seed_and_loses_nothing(tmp_path: Path) -> None:
    task = task_with(tmp_path, train(60, 4))
    one, again, other = with_dev(task, 0), with_dev(task, 0), with_dev(task, 1)
    assert one.dev == again.dev != other.dev
    assert {*one.dev, *one.train} == {*task.train}


def test_few_training_questions_are_left_alone(tmp_path: Path) -> None:
    task = task_with(tmp_path, train(LEAST_DEV * 3 - 1, 1))
    assert with_dev(task, 0) is task


def test_a_dev_file_is_taken_as_it_is(tmp_path: Path) -> None:
    task = task_with(tmp_path, train(60, 4))
    from dataclasses import replace

    own = replace(task, dev=task.train[:5])
    assert with_dev(own, 0) is own
