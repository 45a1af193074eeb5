"""Protects the window: no prompt that the model cannot read is sent, and what is too long is told with its numbers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.engines.engine import UNKNOWN_WINDOW
from harness.errors import InputError, InputErrors
from harness.records import TemplateFacts
from harness.report.write import write_reports
from harness.run.facts import Obstacle
from harness.run.fitting import ASK_RAG, too_large
from harness.run.manifest_file import read_manifest
from harness.spec.task import Task, load_task
from tests.report.results import written
from tests.run.worlds import (
    TOOLS,
    FallibleEngine,
    answers_of,
    context_of,
    go,
    lines,
    make_task,
    make_tools,
    manifest,
    questions,
    rows,
    settings_of,
    system,
    train,
    write_task,
)

REPLY = 8
"""The `max_tokens` of the world's tasks; tokens of its engine are characters."""


class OneTurn(FallibleEngine):
    def template_facts(self) -> TemplateFacts:
        return TemplateFacts(several_turns=False)


def test_a_corpus_that_fits_stands_whole_in_every_prompt(task: Task, tmp_path: Path) -> None:
    """Its documents in the order of their ids, the same words at the front of each."""
    tools = make_tools(tmp_path / "cache")
    settings = settings_of(task, "base", "full-context", latency_queries=2)
    folder = go(settings, [task], tools, tmp_path / "run")
    engine = tools.model.engine
    assert isinstance(engine, FallibleEngine)
    prompts = [text for batch in engine.batches for text in batch if "Documents:" in text]
    assert len(prompts) == 24
    fronts = {text.partition("Question:")[0] for text in prompts}
    (front,) = fronts
    places = [front.index(f"The {tool} stands in room") for tool in sorted(TOOLS)]
    assert places == sorted(places)
    assert all(not row["retrieved"] for row in rows(folder, "answers"))
    write_reports(folder)
    result = written(folder)["tasks"]["workshop"]["strategies"]["full-context"]
    assert result["retrieval"] is None
    assert result["system"]["context"] == [{"kind": "whole"}]
    assert "full-context: timed cold" in (folder / "report.html").read_text(encoding="utf-8")


def test_a_corpus_beyond_the_window_is_told_with_its_numbers_and_never_cut(
    task: Task, tmp_path: Path
) -> None:
    engine = FallibleEngine()
    engine.window = 600
    settings = settings_of(task, "base", "full-context")
    folder = go(settings, [task], make_tools(tmp_path / "cache", engine), tmp_path / "run")
    reason = manifest(folder)["not_applicable"]["workshop"]["full-context"]["why"]
    assert re.fullmatch(
        r"the corpus \(8 documents\) makes prompts of 6\d\d tokens, and fake reads 600, 8 of them for the reply",
        reason,
    )
    assert {name for _, name, _, _ in answers_of(folder)} == {"base"}


def test_a_corpus_far_beyond_the_window_is_not_even_counted(task: Task, tmp_path: Path) -> None:
    engine = FallibleEngine()
    context = context_of(task, tmp_path / "c", engine)
    engine.window = 20
    why = "the corpus has 501 characters in 8 documents, and of tokens fake reads 20"
    assert too_large(context, system(task, "full-context")) == Obstacle(why, ASK_RAG)
    engine.window = UNKNOWN_WINDOW
    assert too_large(context, system(task, "full-context")) is None


def longest(task: Task, cache: Path) -> int:
    """Characters of the longest prompt without context."""
    context = context_of(task, cache)
    return max(prompt.facts.longest for prompt in context.prompts(system(task, "base"), task.test))


def test_a_prompt_and_its_reply_may_fill_the_window(task: Task, tmp_path: Path) -> None:
    engine = FallibleEngine()
    engine.window = longest(task, tmp_path / "c") + REPLY
    folder = go(settings_of(task, "base"), [task], make_tools(tmp_path / "cache", engine), tmp_path / "run")
    assert len(answers_of(folder)) == 24


def test_questions_longer_than_the_window_are_refused_together_before_anything_is_asked(
    tmp_path: Path,
) -> None:
    asked = questions()
    asked[3]["question"] = "Read this. " * 30 + asked[3]["question"]
    asked[7]["question"] = "Read that. " * 40 + asked[7]["question"]
    task = make_task(tmp_path, test=asked)
    engine = FallibleEngine()
    engine.window = 300
    for strategies in (("base", "few-shot"), ("rag",)):
        output = tmp_path / strategies[0]
        with pytest.raises(InputErrors) as caught:
            go(settings_of(task, *strategies), [task], make_tools(tmp_path / "cache", engine), output)
        told = str(caught.value).splitlines()
        assert [line.partition(": ")[0].rpartition("/")[2] for line in told] == [
            "test.jsonl:4",
            "test.jsonl:8",
        ]
        assert "'saw-0' makes a prompt of" in told[0]
        assert "reads 300, 8 of them for the reply" in told[0]
        assert not rows(output, "answers")
    assert engine.batches == []


def test_a_system_whose_context_makes_it_too_long_does_not_apply(task: Task, tmp_path: Path) -> None:
    engine = FallibleEngine()
    engine.window = longest(task, tmp_path / "c") + REPLY
    tools = make_tools(tmp_path / "cache", engine)
    settings = settings_of(task, "base", "few-shot", "rag", "lora")
    folder = go(settings, [task], tools, tmp_path / "run")
    facts = manifest(folder)
    reason = facts["not_applicable"]["workshop"]["few-shot"]["why"]
    assert f"24 of 24 prompts are longer than the {engine.window} tokens that fake reads" in reason
    assert f"with {REPLY} for the reply" in reason
    answered = {name for _, name, _, _ in answers_of(folder)}
    assert answered == {"base", "rag", "lora"}  # passages are dropped until a prompt fits
    assert max(row["prompt_tokens"] for row in rows(folder, "answers")) <= engine.window - REPLY
    write_reports(folder)
    assert list(written(folder)["tasks"]["workshop"]["strategies"]) == ["base", "rag", "lora"]
    again = go(settings, [task], tools, tmp_path / "run", resume=True)
    assert answers_of(again) == answers_of(folder)


def test_where_nothing_fits_the_reasons_are_told(task: Task, tmp_path: Path) -> None:
    engine = FallibleEngine()
    engine.window = longest(task, tmp_path / "c") + REPLY
    with pytest.raises(InputError, match="few-shot: 24 of 24 prompts are longer"):
        go(settings_of(task, "few-shot"), [task], make_tools(tmp_path / "cache", engine), tmp_path / "run")


def test_examples_need_a_template_of_several_turns(task: Task, tmp_path: Path) -> None:
    tools = make_tools(tmp_path / "cache", OneTurn())
    folder = go(settings_of(task, "base", "few-shot"), [task], tools, tmp_path / "run")
    assert "writes one turn only" in manifest(folder)["not_applicable"]["workshop"]["few-shot"]["why"]
    assert {name for _, name, _, _ in answers_of(folder)} == {"base"}


def test_training_examples_longer_than_the_window_are_left_out_and_counted(tmp_path: Path) -> None:
    path, rare = write_task(tmp_path), train()[0]
    long = {**rare, "id": "t-long", "question": "Read this. " * 40, "fact_id": "long"}
    lines(tmp_path / "workshop" / "train.jsonl", [*train(), long])
    task = load_task(path)
    engine = FallibleEngine()
    engine.window = longest(task, tmp_path / "c") + REPLY
    tools = make_tools(tmp_path / "cache", engine)
    folder = go(settings_of(task, "lora"), [task], tools, tmp_path / "run")
    (trained,) = read_manifest(folder).adapters
    assert (trained.left_out, trained.record.examples) == (1, len(train()))
    told = "workshop · lora: 1 training example left out: longer than the model reads"
    assert any(told in note for note in tools.progress.notes)  # type: ignore[attr-defined]
