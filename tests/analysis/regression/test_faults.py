"""Faults put into the program on purpose, and changes that are none: the gate has to tell them apart.

Each fault runs the real program (over fakes) once more and is judged against a run without it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.regression.changes import Cause
from harness.analysis.regression.findings import LatencyFigures, Outcome
from harness.analysis.regression.rules import Expect
from harness.corpus.retriever import DenseRetriever
from harness.engines.engine import PromptFacts, Request
from harness.files import sha256_text
from harness.run import prompts
from tests.analysis.regression.reruns import edit_manifest, edit_rows, fallen, judged, run_world
from tests.fakes import WordEmbedder
from tests.run.worlds import FallibleEngine, go, make_task, make_tools, questions, settings_of


def test_an_unchanged_rerun_passes_every_rule(tmp_path: Path, baseline: Path) -> None:
    after = run_world(tmp_path / "after")
    found = judged(after, baseline)
    assert found.outcome is judged(after, baseline, Expect.SAME).outcome is Outcome.PASS
    assert found.exit_code == 0
    assert fallen(found) == fallen(found, Outcome.INCONCLUSIVE) == set()
    passed = fallen(found, Outcome.PASS)
    assert {("lora", "adapter"), ("rag", "index"), ("rag", "retrieved"), ("rag", "recall")} <= passed
    assert {("rag", "latency"), ("base", "accuracy"), ("few-shot", "prompts"), ("base", "answers")} <= passed


def test_a_new_machine_passes(rerun: Path, baseline: Path) -> None:
    edit_manifest(rerun, lambda about: about["machine"].update(cpu="another", platform="elsewhere", cores=64))
    found = judged(rerun, baseline)
    assert found.outcome is Outcome.PASS
    assert {change.cause for change in found.changes} == {Cause.MACHINE}


def test_reordered_questions_pass(tmp_path: Path, baseline: Path) -> None:
    task = make_task(tmp_path / "after" / "tasks", test=questions()[::-1])
    tools = make_tools(tmp_path / "after" / "cache")
    settings = settings_of(
        task, "base", "few-shot", "rag", "lora", "oracle", use_cache=False, latency_queries=8
    )
    found = judged(go(settings, [task], tools, tmp_path / "after" / "run"), baseline)
    assert found.exit_code == 0
    assert fallen(found) == fallen(found, Outcome.INCONCLUSIVE) == set()


def test_a_retriever_that_loses_its_last_passage_is_caught(
    tmp_path: Path, baseline: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = DenseRetriever.search
    monkeypatch.setattr(
        DenseRetriever, "search", lambda self, texts, k: [found[:2] for found in search(self, texts, 2)]
    )
    found = judged(run_world(tmp_path / "after"), baseline, Expect.SAME)
    assert found.exit_code == 4
    assert ("rag", "retrieved") in fallen(found)
    assert {strategy for strategy, _ in fallen(found)} == {"rag"}


def test_a_lost_system_message_is_caught(
    tmp_path: Path, baseline: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = prompts.TaskFilePrompts._messages
    monkeypatch.setattr(prompts.TaskFilePrompts, "_messages", lambda *given: whole(*given)[1:])
    found = judged(run_world(tmp_path / "after"), baseline, Expect.SAME)
    assert found.exit_code == 4
    assert {(name, "prompts") for name in ("base", "few-shot", "rag", "oracle")} <= fallen(found)
    (said,) = [one.detail for one in found.findings if (one.strategy, one.rule) == ("base", "prompts")]
    assert "at character 2: '[system] Answer shortly." in said


def test_an_adapter_that_is_silently_not_loaded_is_caught(tmp_path: Path, baseline: Path) -> None:
    class Deaf(FallibleEngine):
        def complete(self, requests: Any, adapter: Any = None, *, job: Any = ()) -> Any:
            return super().complete(requests, None, job=job)

    found = judged(run_world(tmp_path / "after", engine=Deaf()), baseline, Expect.SAME)
    assert found.exit_code == 4
    assert fallen(found) == {("lora", "answers")}


def test_a_prompt_that_is_cut_from_the_front_is_caught(tmp_path: Path, baseline: Path) -> None:
    class Cutting(FallibleEngine):
        def inspect(self, request: Request) -> PromptFacts:
            facts = super().inspect(request)
            return replace(facts, sha256=sha256_text(self.text(request)[-120:]))

        def text(self, request: Request) -> str:
            return super().text(request)[-120:]

    found = judged(run_world(tmp_path / "after", engine=Cutting()), baseline, Expect.SAME)
    assert found.exit_code == 4
    assert ("rag", "prompts") in fallen(found)


def test_another_embedder_is_caught(tmp_path: Path, baseline: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WordEmbedder, "sha256", "d" * 64)
    found = judged(run_world(tmp_path / "after"), baseline, Expect.SAME)
    assert found.exit_code == 4
    assert {("rag", "index"), ("oracle", "index")} <= fallen(found)
    (index,) = [one for one in found.findings if (one.strategy, one.rule) == ("rag", "index")]
    assert index.detail.endswith("; embedder sha256: eeeeeeeeeeee → dddddddddddd")


def test_another_stop_string_is_caught(tmp_path: Path, baseline: Path) -> None:
    task = make_task(tmp_path / "after" / "tasks")
    task.path.write_text(task.path.read_text("utf-8").replace('["\\n"]', '["\\n", "."]'), "utf-8")
    from harness.spec.task import load_task

    task = load_task(task.path)
    tools = make_tools(tmp_path / "after" / "cache")
    settings = settings_of(
        task, "base", "few-shot", "rag", "lora", "oracle", use_cache=False, latency_queries=8
    )
    found = judged(go(settings, [task], tools, tmp_path / "after" / "run"), baseline, Expect.SAME)
    assert found.exit_code == 4
    assert ("base", "settings") in fallen(found)
    (said,) = {one.detail for one in found.findings if one.rule == "settings"}
    assert said == 'answer.stop: ["\\n"] → ["\\n", "."]'


def test_an_altered_price_sheet_is_caught(rerun: Path, baseline: Path) -> None:
    edit_manifest(rerun, lambda about: about["price_sheet"]["machine"].update(usd_per_hour=9.0))
    found = judged(rerun, baseline, Expect.SAME)
    assert found.exit_code == 4
    assert {rule for _, rule in fallen(found)} == {"prices"}


def test_emptied_answers_are_caught(rerun: Path, baseline: Path) -> None:
    edit_rows(rerun, "answers", lambda at, row: {**row, "prediction": ""} if at % 10 == 0 else row)
    found = judged(rerun, baseline, Expect.SAME)
    assert found.exit_code == 4
    assert {rule for _, rule in fallen(found)} == {"answers"}


def test_a_strategy_that_takes_twice_as_long_is_caught(rerun: Path, baseline: Path) -> None:

    def slower(_: int, row: dict[str, Any]) -> dict[str, Any]:
        return {**row, "e2e_s": 2 * row["e2e_s"]} if row["strategy"] == "rag" else row

    edit_rows(rerun, "timings", slower)
    found = judged(rerun, baseline)
    assert found.exit_code == 4
    assert fallen(found) == {("rag", "latency")}
    (one,) = [one for one in found.findings if one.outcome is Outcome.FAIL]
    assert isinstance(one.figures, LatencyFigures)
    assert one.figures.slowdown == pytest.approx(2.0)


def test_a_fake_clock_that_runs_twice_as_long_in_the_search_is_caught(
    tmp_path: Path, baseline: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embed = WordEmbedder.embed_queries

    def slow(self: WordEmbedder, texts: Any, prefix: str) -> Any:
        self.clock.advance(0.75)  # rag takes 0.25 + 0.5 s of the fake clock, and now 1.5 s
        return embed(self, texts, prefix)

    monkeypatch.setattr(WordEmbedder, "embed_queries", slow)
    found = judged(run_world(tmp_path / "after"), baseline)
    assert fallen(found) == {("rag", "latency")}


def test_an_adapter_trained_on_another_machine_may_have_other_last_bits(rerun: Path, baseline: Path) -> None:

    def retrained(about: dict[str, Any]) -> None:
        about["adapters"][0]["record"]["sha256"] = "9" * 64

    edit_manifest(rerun, retrained)
    edit_rows(rerun, "answers", lambda _, row: {**row, "adapter": "9" * 64} if row["adapter"] else row)
    assert ("lora", "adapter") in fallen(judged(rerun, baseline))
    edit_manifest(rerun, lambda about: about["machine"].update(cpu="another"))
    assert fallen(judged(rerun, baseline)) == set()
    edit_manifest(rerun, lambda about: about["adapters"][0]["record"]["recipe"].update(rank=64))
    assert fallen(judged(rerun, baseline)) == {("lora", "adapter")}


def test_a_few_answers_may_differ_on_another_machine_and_many_may_not(rerun: Path, baseline: Path) -> None:
    edit_manifest(rerun, lambda about: about["libraries"].update(torch="99.0"))
    edit_rows(rerun, "answers", lambda at, row: {**row, "prediction": "other"} if at == 3 else row)
    few = judged(rerun, baseline)
    assert fallen(few) == set()
    assert [one.detail for one in few.findings if one.rule == "answers" and "as a few may" in one.detail]
    edit_rows(rerun, "answers", lambda at, row: {**row, "prediction": "other"} if at < 4 else row)
    many = judged(rerun, baseline)
    assert {rule for _, rule in fallen(many)} == {"answers"}
