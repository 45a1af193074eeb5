"""The plan: what runs, under whose adapter, and why something does not apply."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from harness.errors import InputError
from harness.records import Question
from harness.run.obstacles import NO_FINE_TUNE, NO_GOLD
from harness.run.plan import limited, sample
from harness.run.settings import Effort, Settings, effort
from harness.spec.strategy import DEFAULT_STRATEGIES, STRATEGIES
from harness.steps import Step
from tests.run.worlds import make_task, plan_of, questions

EVERY = tuple(STRATEGIES)


def test_a_full_task_serves_every_strategy_in_the_order_asked(tmp_path: Path) -> None:
    plan = plan_of([make_task(tmp_path)], EVERY)
    assert [job.system.name for job in plan.jobs] == list(STRATEGIES)
    assert plan.not_applicable == {"workshop": {}}
    assert [job.system.name for job in plan.trainings] == ["lora", "lora+rag"]
    trained = [job.system.adapter for job in plan.trainings]
    assert [adapter and [part.kind for part in adapter.context] for adapter in trained] == [[], ["retrieved"]]


def test_the_default_is_a_candidate_of_each_kind_and_the_controls(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    names = ["base", "few-shot", "few-shot-nearest", "rag", "lora", "oracle", "rag-on-train"]
    assert Settings(tasks=()).strategies == DEFAULT_STRATEGIES == tuple(names)
    plan = plan_of([task], Settings(tasks=()).strategies)
    assert [job.system.name for job in plan.jobs] == names


def test_what_controls_a_fine_tune_runs_beside_one_alone(tmp_path: Path) -> None:
    """Without a corpus too: its passages are the training questions."""
    task = make_task(tmp_path, with_corpus=False)
    assert [job.system.name for job in plan_of([task], ["rag-on-train", "lora"]).jobs] == [
        "rag-on-train",
        "lora",
    ]
    plan = plan_of([task], ["base", "rag-on-train"])
    assert plan.not_applicable["workshop"] == {"rag-on-train": NO_FINE_TUNE}
    assert [job.timed for job in plan_of([task], ["lora", "rag-on-train"]).jobs] == [True, False]


def test_what_does_not_apply_is_named_with_its_reason(tmp_path: Path) -> None:
    bare = make_task(tmp_path, with_train=False, with_corpus=False)
    plan = plan_of([bare], EVERY)
    assert [job.system.name for job in plan.jobs] == ["base"]
    reasons = plan.not_applicable["workshop"]
    assert set(reasons) == set(STRATEGIES) - {"base"}
    assert "no corpus" in reasons["rag"].why
    assert "no training questions to fine-tune on" in reasons["lora"].why
    assert "no training questions to show" in reasons["few-shot"].why
    assert "no corpus" in reasons["oracle"].why
    assert "no corpus to show whole" in reasons["full-context"].why
    assert "no training questions to retrieve from" in reasons["rag-on-train"].why
    assert reasons["lora"].step == Step("Name some in the task file", "questions: {train: FILE}")


def test_the_oracle_needs_gold_documents(tmp_path: Path) -> None:
    without = [{**row, "gold_docs": []} for row in questions()]
    plan = plan_of([make_task(tmp_path, test=without)], EVERY)
    assert plan.not_applicable["workshop"] == {"oracle": NO_GOLD}


def test_every_adapter_answers_the_general_tasks_without_context(tmp_path: Path) -> None:
    knows = make_task(tmp_path, "facts")
    general = make_task(tmp_path, "general", probes="general", with_train=False, with_corpus=False)
    plan = plan_of([general, knows], ["base", "lora", "lora+rag"])
    forgetting = {job.system.name: job for job in plan.jobs_of("general") if job.shows_forgetting}
    assert list(forgetting) == ["lora@facts", "lora+rag@facts"]
    trained = [job.adapter for job in plan.trainings]
    assert [job.adapter for job in forgetting.values()] == trained, "they are the adapters of the task"
    for job in forgetting.values():
        assert job.system.context == (), "what was forgotten is asked as the base is asked"
    assert not any(job.shows_forgetting for job in plan.jobs_of("facts"))


def test_a_general_task_is_not_asked_again_by_its_own_adapter(tmp_path: Path) -> None:
    plan = plan_of([make_task(tmp_path, probes="general")], ["lora"])
    assert [job.system.name for job in plan.jobs] == ["lora"]


def test_nothing_to_do_is_an_input_error_with_every_reason(tmp_path: Path) -> None:
    bare = make_task(tmp_path, with_train=False, with_corpus=False)
    with pytest.raises(InputError) as caught:
        plan_of([bare], ["rag", "lora"])
    message = str(caught.value)
    assert "workshop: rag: the task names no corpus" in message
    assert "workshop: lora: the task has no training questions" in message


def test_a_limit_takes_a_seeded_sample_in_file_order(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    first, again = (limited(task, Effort(5, None, None, 0), 3).test for _ in range(2))
    assert first == again
    assert len(first) == 5
    order = [question.id for question in task.test]
    assert [q.id for q in first] == sorted((q.id for q in first), key=order.index)
    assert len({limited(task, Effort(5, None, None, 0), seed).test for seed in range(5)}) > 1
    assert limited(task, Effort(5, None, None, 0), 3).train == task.train


def test_a_limit_above_the_number_of_questions_takes_all(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    assert sample(task.test, 1000, 0) == sample(task.test, None, 0) == task.test


@pytest.mark.parametrize("count", [1, 4, 10, 19, 20])
def test_questions_without_an_answer_keep_their_share_in_a_sample(count: int) -> None:
    asked = tuple(
        Question(f"q{n}", "Who?", () if n % 4 == 0 else ("me",), answerable=n % 4 != 0) for n in range(40)
    )
    some, more = (sample(asked, size, 0) for size in (count, count + 1))
    assert len(some) == count
    assert sum(not question.answerable for question in some) == round(count / 4)
    assert set(some) < set(more)


def test_a_sample_hangs_on_the_questions_and_not_on_their_order(tmp_path: Path) -> None:
    test = make_task(tmp_path).test
    assert set(sample(test[::-1], 6, 1)) == set(sample(test, 6, 1))
    assert len({*sample(test, 6, 1)} & {*sample(test[1:], 6, 1)}) >= 5


def test_quick_cuts_questions_epochs_and_timing(tmp_path: Path) -> None:
    todo = effort(Settings(tasks=(), quick=True))
    cut = limited(make_task(tmp_path), todo, 0)
    assert len(cut.test) == 8
    assert cut.spec.finetune.max_epochs == 2
    assert cut.spec.finetune.min_epochs <= 2
    assert todo.latency_queries == 3
    assert effort(Settings(tasks=(), quick=True, limit=4, latency_queries=0)) == dataclasses.replace(
        todo, questions=4, latency_queries=0
    )


def test_without_quick_the_flags_are_the_limits() -> None:
    assert effort(Settings(tasks=())) == Effort(None, None, None, 20)
    assert effort(Settings(tasks=(), limit=7, latency_queries=3)) == Effort(7, None, None, 3)
