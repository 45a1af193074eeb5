"""What a run shows of itself before it answers: written once, however often it is resumed, and judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.reading import read_run
from harness.engines.engine import AdapterRef, Completion, Message, RenderedPrompt, Request
from harness.spec.task import Task, load_task
from tests.analysis.runs import derived
from tests.run.worlds import (
    SYSTEM,
    FallibleEngine,
    Killed,
    go,
    lines,
    make_task,
    make_tools,
    names,
    questions,
    rows,
    settings_of,
    train,
)

UNTRAINED = ("base", "few-shot", "rag", "oracle")


def light(folder: Path, name: str) -> dict[str, Any]:
    found = derived(read_run(folder))["tasks"]["workshop"]["validity"]
    (check,) = [check for check in found if check["check"] == name]
    return dict(check)


def test_training_questions_are_kept_with_their_split(tmp_path: Path) -> None:
    path = make_task(tmp_path).path
    lines(tmp_path / "workshop" / "dev.jsonl", [{"id": "d", "question": "Who swept it?", "answers": ["Ann"]}])
    text = path.read_text().replace("  train:", "  dev: workshop/dev.jsonl\n  train:")
    path.write_text(text)
    task = load_task(path)
    folder = go(settings_of(task, "base"), [task], make_tools(tmp_path / "c"), tmp_path / "r")
    kept = rows(folder, "training")
    assert [(row["task"], row["split"], row["id"]) for row in kept] == [
        *(("workshop", "train", row["id"]) for row in train()),
        ("workshop", "dev", "d"),
    ]
    assert kept[0]["answers"] == ["5 euros"]
    assert kept[0]["fact_id"] == "price-drill"
    assert [row.question.id for row in (read_run(folder).training or {})["workshop"]] == [
        question.id for question in (*task.train, *task.dev)
    ]


def test_one_prompt_of_each_job_is_kept_beside_its_skeleton(task: Task, tmp_path: Path) -> None:
    settings = settings_of(task, *UNTRAINED)
    folder = go(settings, [task], make_tools(tmp_path / "c"), tmp_path / "r")
    kept = {names(folder)[row["system"]]: row for row in rows(folder, "prompts")}
    assert list(kept) == list(UNTRAINED)
    question = questions()[0]["question"]
    assert kept["base"]["text"] == f"[system] {SYSTEM}\n[user] {question}\n[assistant]"
    assert kept["base"]["skeleton"] == "[system] %%0%%\n[user] %%1%%\n[assistant]"
    assert "The drill" in kept["rag"]["text"]
    assert kept["rag"]["skeleton"] == kept["base"]["skeleton"]
    assert kept["few-shot"]["messages"] == 2 + 2 * task.spec.examples.k
    assert kept["few-shot"]["skeleton"].count("[assistant]") == task.spec.examples.k + 1
    assert light(folder, "chat_template")["status"] == "pass"
    assert light(folder, "chat_template")["strategies"] == list(UNTRAINED)


@pytest.mark.parametrize("batch", [1, 3])
def test_a_resumed_run_has_every_line_once(task: Task, tmp_path: Path, batch: int) -> None:
    settings = settings_of(task, *UNTRAINED, use_cache=False)
    with pytest.raises(Killed):
        go(settings, [task], make_tools(tmp_path / "c", FallibleEngine(batch=batch)), tmp_path / "r")
    first = {name: (tmp_path / "r" / f"{name}.jsonl").read_bytes() for name in ("training", "prompts")}
    go(settings, [task], make_tools(tmp_path / "c"), tmp_path / "r", resume=True)
    assert {name: (tmp_path / "r" / f"{name}.jsonl").read_bytes() for name in first} == first
    for name, keys in (("training", ("task", "id")), ("prompts", ("task", "system"))):
        named = [tuple(row[key] for key in keys) for row in rows(tmp_path / "r", name)]
        assert len(named) == len(set(named)) > 1


def test_seeds_share_their_prompts(task: Task, tmp_path: Path) -> None:
    tools = make_tools(tmp_path / "c")
    folder = go(settings_of(task, "base", "lora", "rag", seeds=2), [task], tools, tmp_path / "r")
    assert [names(folder)[row["system"]] for row in rows(folder, "prompts")] == ["base", "lora", "rag"]
    assert light(folder, "adapter_changes_logits")["status"] == "pass"


class RenderedTwice(FallibleEngine):
    """What goes wrong where a caller renders what was rendered already."""

    def show(
        self, request: Request, turns: Sequence[Message], *, thinking: bool | None = False
    ) -> RenderedPrompt:
        shown = super().show(request, turns, thinking=thinking)
        return replace(shown, text=self.render([Message("user", shown.text)]))


class TemplateTwice(FallibleEngine):
    """The same, where the template itself is made: the skeleton is as wrong as the prompt."""

    def render(
        self,
        messages: Sequence[Message],
        *,
        prefill: bool = False,
        thinking: bool | None = False,
    ) -> str:
        return super().render([Message("user", super().render(messages))])


class BeginningTwice(FallibleEngine):
    """A tokenizer that adds a begin token to a text that has one."""

    def show(
        self, request: Request, turns: Sequence[Message], *, thinking: bool | None = False
    ) -> RenderedPrompt:
        return replace(
            super().show(request, turns, thinking=thinking), first_tokens=(1, 1, 7), added_tokens=(1,)
        )


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (RenderedTwice, "stands 2 times"),
        (TemplateTwice, "ends twice"),
        (BeginningTwice, "begins twice"),
    ],
)
def test_a_doubled_template_is_seen_from_the_run(
    task: Task, tmp_path: Path, broken: type[FallibleEngine], words: str
) -> None:
    tools = make_tools(tmp_path / "c", broken())
    folder = go(settings_of(task, "base", "rag"), [task], tools, tmp_path / "r")
    check = light(folder, "chat_template")
    assert (check["status"], check["figure"], list(check["strategies"])) == ("fail", 2.0, ["base", "rag"])
    assert words in check["detail"]


class IdleEngine(FallibleEngine):
    """Answers as the base whatever adapter is asked for (the adapter was never attached)."""

    def complete(
        self, requests: Sequence[Request], adapter: AdapterRef | None = None, *, job: Sequence[Request] = ()
    ) -> list[Completion]:
        return super().complete(requests, None, job=job)


@pytest.mark.parametrize(("engine", "status"), [(FallibleEngine, "pass"), (IdleEngine, "fail")])
def test_an_adapter_that_is_never_attached_is_seen_from_the_run(
    task: Task, tmp_path: Path, engine: type[FallibleEngine], status: str
) -> None:
    tools = make_tools(tmp_path / "c", engine())
    folder = go(settings_of(task, "base", "lora"), [task], tools, tmp_path / "r")
    assert light(folder, "adapter_changes_logits")["status"] == status
    assert light(folder, "same_prompts")["status"] == "pass"
