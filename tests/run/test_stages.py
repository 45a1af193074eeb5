"""A run can be reported at every stage: it says how far it is, and decides nothing while a rival has not answered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.analysis.derive import derive
from harness.analysis.reading import read_run
from harness.analysis.results.run import RunResult
from harness.report.write import write_reports
from harness.run.compare import compare
from harness.run.settings import Settings
from harness.spec.task import Task
from tests.run.worlds import FallibleEngine, Killed, make_task, make_tools, settings_of

STRATEGIES = ("base", "few-shot", "rag", "oracle", "lora")


def stages(folder: Path, settings: Settings, tasks: list[Task]) -> list[RunResult]:
    """What the report says at each stage of a run."""
    seen: list[RunResult] = []
    compare(
        settings,
        tasks,
        make_tools(folder / "cache"),
        folder / "run",
        resume=False,
        command="harness compare",
        reached=lambda _: seen.append(derive(read_run(folder / "run"))),
    )
    return seen


def test_every_stage_of_a_run_says_how_far_it_is(tmp_path: Path) -> None:
    tasks = [make_task(tmp_path), make_task(tmp_path, "general", probes="general", with_corpus=False)]
    seen = stages(tmp_path, settings_of(tasks[0], *STRATEGIES, latency_queries=2), tasks)
    found = [results.unfinished for results in seen]
    assert all(found)
    counts = [row.answered for row in found if row]
    assert counts == sorted(counts)
    assert counts[0] == 1
    assert counts[-1] == found[0].systems if found[0] else False
    first, last = seen[0].unfinished, seen[-1].unfinished
    assert first
    assert first.in_words.startswith(f"Unfinished: 1 of {first.systems} systems answered, not yet timed.")
    assert "few-shot, rag, oracle and lora on workshop" in first.in_words
    assert last
    assert not last.waiting
    assert derive(read_run(tmp_path / "run")).unfinished is None


def test_nothing_is_decided_while_a_rival_has_not_answered(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    seen = stages(tmp_path, settings_of(task, *STRATEGIES, latency_queries=2), [task])
    decisions = [results.tasks["workshop"].decision for results in seen]
    assert decisions[0].headline == "Nothing is decided yet: few-shot, rag and lora have not answered."
    waiting = [bool(results.unfinished and results.unfinished.waiting) for results in seen]
    assert [decision.favourite is None for decision in decisions] == waiting
    assert any(waiting)
    assert not all(waiting)
    assert decisions[-1].unfit == "the run is not complete"
    assert all(decision.recommended is None for decision in decisions)


def test_a_browser_reads_the_page_again_only_while_the_run_goes_on(tmp_path: Path) -> None:
    task, page = make_task(tmp_path), tmp_path / "run" / "report.html"
    pages: list[str] = []

    def reached(_for_a_while: bool) -> None:
        write_reports(page.parent, live=True)
        pages.append(page.read_text(encoding="utf-8"))

    tools = make_tools(tmp_path / "cache")
    settings = settings_of(task, "base", "lora")
    compare(settings, [task], tools, page.parent, resume=False, command="", reached=reached)
    assert len(pages) == 3
    assert all('<meta http-equiv="refresh"' in text for text in pages)
    write_reports(tmp_path / "run", live=True)
    text = page.read_text(encoding="utf-8")
    assert '<meta http-equiv="refresh"' not in text
    assert "Unfinished" not in text


def test_a_run_that_was_killed_is_reported_as_unfinished(tmp_path: Path) -> None:
    task, engine = make_task(tmp_path), FallibleEngine(batch=2)
    tools = make_tools(tmp_path / "cache", engine)
    with pytest.raises(Killed):
        compare(settings_of(task, "base", "rag"), [task], tools, tmp_path / "run", resume=False, command="")
    write_reports(tmp_path / "run")
    results = json.loads((tmp_path / "run" / "results.json").read_text(encoding="utf-8"))
    assert results["unfinished"]["systems"] == 2
    assert "Unfinished: " in (tmp_path / "run" / "report.md").read_text(encoding="utf-8")
    assert 'http-equiv="refresh"' not in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
