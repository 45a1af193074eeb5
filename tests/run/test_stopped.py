"""Signals and full disks in the middle of a run: a sentence with the way to go on, and nothing is lost."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main
from harness.errors import HarnessError, RunInterrupted
from harness.process import stoppable
from harness.run.folder import RunFolder
from harness.spec.task import Task
from tests.analysis.runs import write_run
from tests.commands import tasks_here
from tests.run.worlds import (
    FallibleEngine,
    answers_of,
    go,
    make_tools,
    manifest,
    rows,
    settings_of,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits of POSIX")

UNTRAINED = ("base", "rag", "few-shot")
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def signalled(number: signal.Signals) -> type[BaseException]:
    """An error that, where it would be raised, is a signal to this process instead."""

    class Signal(KeyboardInterrupt):
        def __init__(self) -> None:
            signal.raise_signal(number)
            raise AssertionError("the signal was not taken")

    return Signal


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("moment", [{"batch": 2}, {"timed": 3}])
def test_a_second_signal_takes_nothing_from_the_first(
    task: Task,
    tmp_path: Path,
    number: signal.Signals,
    moment: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = settings_of(task, *UNTRAINED, latency_queries=2)
    update = RunFolder.update

    def disturbed(folder: RunFolder, **fields: Any) -> None:
        if fields.get("status") == "interrupted":
            signal.raise_signal(number)
        update(folder, **fields)

    monkeypatch.setattr(RunFolder, "update", disturbed)
    engine = FallibleEngine(**moment, error=signalled(number))
    with stoppable(for_good=False), pytest.raises(RunInterrupted, match=f"--resume {tmp_path / 'r'}"):
        go(settings, [task], make_tools(tmp_path / "c", engine), tmp_path / "r")
    assert manifest(tmp_path / "r")["status"] == "interrupted"
    go(settings, [task], make_tools(tmp_path / "c"), tmp_path / "r", resume=True)
    whole = go(settings, [task], make_tools(tmp_path / "d"), tmp_path / "whole")
    assert answers_of(tmp_path / "r") == answers_of(whole)
    timed = [(row["system"], row["block"]) for row in rows(tmp_path / "r", "timings")]
    assert len(timed) == len(set(timed)) == 6


def test_signals_are_as_they_were_after_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    assert main(["models", "list"]) == 0
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_what_is_ignored_stays_ignored() -> None:
    """As SIGHUP under nohup, and SIGINT of what a script runs in the background."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stoppable(for_good=False):
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_stop_while_reports_are_written_says_how_to_have_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(*_arguments: Any, **_options: Any) -> None:
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HARNESS_CACHE", "cache")
    tasks_here(with_corpus=False)
    Path("script").write_text('{"reply": "x"}\n')
    argv = ("compare", "workshop", "--strategies", "base", "--model", "scripted:script", "--output", "run")
    with monkeypatch.context() as patch:
        patch.setattr("harness.report.write.derive", stop)
        assert main(argv) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert said == "harness: stopped. The run is complete; write its reports with: harness report run"
    assert main(["report", "run"]) == 0


def test_a_stop_of_a_report_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("harness.report.write.derive", lambda *_, **__: signal.raise_signal(signal.SIGHUP))
    assert main(["report", str(write_run(tmp_path / "run"))]) == 1
    assert capsys.readouterr().err == "harness: stopped.\n"


@pytest.mark.parametrize("kilobytes", [6, 9, 12, 16, 24])
def test_a_disk_that_fills_up_costs_nothing_that_was_answered(
    task: Task, tmp_path: Path, kilobytes: int
) -> None:
    """A limit on the size of files stands for the disk: manifest, questions and answers meet it at other moments."""
    resource = pytest.importorskip("resource")
    settings = settings_of(task, *UNTRAINED, latency_queries=2, use_cache=False)
    whole = go(settings, [task], make_tools(tmp_path / "d"), tmp_path / "whole")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes << 10, before[1]))
    try:
        with pytest.raises(HarnessError, match="File too large") as caught:
            go(settings, [task], make_tools(tmp_path / "c"), tmp_path / "r")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    if (tmp_path / "r" / "run.json").exists():
        assert f"go on with: harness compare --resume {tmp_path / 'r'}" in str(caught.value)
        assert not [
            file for file in (tmp_path / "r").glob("*.jsonl") if not file.read_bytes().endswith(b"\n")
        ]
        go(settings, [task], make_tools(tmp_path / "c"), tmp_path / "r", resume=True)
        assert answers_of(tmp_path / "r") == answers_of(whole)
    assert not [path for path in tmp_path.rglob(".*") if path.name != ".lock"]
