"""Prompts as a job keeps them: no text, and yet the same requests to the byte, each time."""

from __future__ import annotations

import gc
import random
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.engines.engine import Message, PromptFacts, Request
from harness.engines.tokens import shared_prefix
from harness.records import Question
from harness.run.columns import Front
from harness.run.prepare import TaskContext
from harness.run.prompts import Prompt, TaskFilePrompts
from harness.spec.strategy import STRATEGIES
from harness.spec.task import Task
from tests.run.worlds import context_of, make_task, system

MOST_BYTES = 200
"""Of a prompt that is kept: a dozenth of its text here."""


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Prompt]:
    """The prompts of the task, in the order in which they are made and measured."""
    seen: list[Prompt] = []
    prompt = TaskFilePrompts.prompt

    def watched(self: TaskFilePrompts, *args: Any) -> Prompt:
        seen.append(prompt(self, *args))
        return seen[-1]

    monkeypatch.setattr(TaskFilePrompts, "prompt", watched)
    return seen


@pytest.mark.parametrize("budget", [2000, 300])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_request_made_anew_is_the_one_that_was_measured(
    task: Task, tmp_path: Path, made: list[Prompt], strategy: str, budget: int
) -> None:
    """Also where the budget drops passages."""
    retrieval = task.spec.retrieval.model_copy(update={"max_prompt_tokens": budget})
    task = replace(task, spec=task.spec.model_copy(update={"retrieval": retrieval}))
    prompts = context_of(task, tmp_path / "cache").prompts(system(task, strategy), task.test)
    assert [*prompts] == made
    assert [prompt.request for prompt in prompts] == [prompt.request for prompt in made]
    assert prompts[-1].request == made[-1].request
    assert prompts[2:4] == made[2:4]


def test_options_are_asked_as_they_were(tmp_path: Path, made: list[Prompt]) -> None:
    test = [
        {"id": f"c{n}", "question": f"Which is it, {n}?", "answers": ["left"], "choices": ["left", f"{n}"]}
        for n in range(5)
    ]
    task = make_task(tmp_path, answer="choice", test=test, with_train=False, with_corpus=False)
    prompts = context_of(task, tmp_path / "cache").prompts(system(task, "base"), task.test)
    assert [prompt.request for prompt in prompts] == [prompt.request for prompt in made]
    assert prompts.request(3).continuations[1].text == "3"


def many(task: Task, count: int) -> tuple[Question, ...]:
    text = "Who keeps the drill that stands beside the saw, and since when does it stand there? " * 20
    return tuple(replace(task.test[0], id=f"q{n}", question=f"{text}{n}") for n in range(count))


@pytest.mark.parametrize(
    "strategy", ["base", "few-shot", "few-shot-nearest", "rag", "full-context", "oracle"]
)
def test_a_kept_prompt_holds_no_text(task: Task, tmp_path: Path, strategy: str) -> None:
    """What is searched and found belongs to all systems of a task: it is there when the second one asks."""
    context, asked = context_of(task, tmp_path / "cache"), many(task, 400)
    first = context.prompts(system(task, strategy), asked)
    tracemalloc.start()
    try:
        second = context.prompts(system(task, strategy), asked)
        gc.collect()
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(first) == len(second) == len(asked)
    assert held / len(asked) < MOST_BYTES


def test_systems_that_find_alike_share_what_is_found(task: Task, tmp_path: Path) -> None:
    context = context_of(task, tmp_path / "cache")
    other = TaskContext(task, context.engine, context.retrievers, 0, context.finders)  # of another model
    for strategy in ("rag", "oracle", "few-shot-nearest"):
        mine, theirs = (one.prompts(system(task, strategy), task.test) for one in (context, other))
        assert all(a.retrieved is b.retrieved for a, b in zip(mine, theirs, strict=True))
        assert all(a.nearest is b.nearest for a, b in zip(mine, theirs, strict=True))
    found = {
        ranked.passage.chunk_id: ranked.passage
        for prompt in context.prompts(system(task, "rag"), task.test)
        for ranked in prompt.retrieved
    }
    for strategy in ("rag", "oracle", "few-shot+rag"):
        for prompt in context.prompts(system(task, strategy), task.test):
            assert all(one.passage is found[one.passage.chunk_id] for one in prompt.retrieved)


@pytest.mark.parametrize("seed", range(20))
def test_two_prompts_share_at_the_front_what_all_of_them_share(seed: int) -> None:
    rng = random.Random(seed)
    front = [rng.randrange(3) for _ in range(rng.randrange(4))]
    read = [
        tuple(
            (*front, *(rng.randrange(3) for _ in range(rng.randint(1, 4)))) for _ in range(rng.randint(1, 2))
        )
        for _ in range(rng.randint(1, 9))
    ]
    found = Front()
    for beginnings in read:
        found.add(Prompt.of(Request(""), PromptFacts(1, 1, "", beginnings=beginnings)))
    two = [tokens for place in found.places for tokens in read[place]]
    assert shared_prefix(two) == shared_prefix(tokens for one in read for tokens in one)


def test_where_nobody_tells_tokens_text_decides() -> None:
    found = Front()
    assert found.places == ()
    for text in ("Who keeps the saw?", "Who keeps the drill?", "Who keeps the plane?"):
        request = Request((Message("system", "Be brief."), Message("user", text)))
        found.add(Prompt.of(request, PromptFacts(1, 1, "")))
    assert found.places == (1, 0)
