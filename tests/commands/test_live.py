"""The page of a run that goes on: how often it is written, and that nothing about it ends the run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.commands.live import FIRST_S, SHARE, LivePage, NotWritten, page_of, write_apart
from harness.errors import RunInterrupted
from tests.run.worlds import go, make_task, make_tools, settings_of


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def live(clock: Clock, write: Callable[[Path], None], said: list[str]) -> LivePage:
    return LivePage(Path("run"), said.append, clock, write)


def test_a_page_takes_a_small_share_of_the_run() -> None:
    clock, written = Clock(), list[float]()

    def write(_: Path) -> None:
        written.append(clock.now)
        clock.now += 2

    page = live(clock, write, [])
    for _ in range(1000):
        clock.now += 1
        page(False)
    assert written[0] == FIRST_S
    assert 2 * len(written) / clock.now == pytest.approx(SHARE, rel=0.2)


def test_before_something_long_it_is_written_if_there_is_more_to_show() -> None:
    clock, written = Clock(), list[Path]()
    page = live(clock, written.append, [])
    page(True)
    clock.now = FIRST_S
    page(True)
    assert not written, "nothing was answered"
    page(False)
    assert len(written) == 1
    page._next = clock.now + 100
    page(False)
    page(True)
    page(True)
    assert len(written) == 2


def test_where_the_page_is_is_said_once_it_is_there() -> None:
    clock, said = Clock(), list[str]()
    page = live(clock, lambda _: None, said)
    for _ in range(3):
        clock.now += 1000
        page(False)
    assert said == ["  What is known so far stands in run/report.html, which grows with the run"]


def test_where_it_cannot_be_written_that_is_said_once() -> None:
    clock, said = Clock(), list[str]()

    def write(_: Path) -> None:
        raise NotWritten("no room")

    page = live(clock, write, said)
    for _ in range(3):
        clock.now += 1000
        page(False)
    assert said == ["  The page is written at the end; it could not be before: no room"]


def test_it_is_written_by_a_process_of_its_own(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    run = go(settings_of(task, "base"), [task], make_tools(tmp_path / "cache"), tmp_path / "run")
    write_apart(run)
    assert "Compare" in (run / "report.html").read_text(encoding="utf-8")
    (run / "run.json").write_text("{", encoding="utf-8")
    with pytest.raises(NotWritten, match=r"run\.json"):
        write_apart(run)


def test_nothing_of_the_current_folder_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may hold anybody's task."""
    (tmp_path / "numpy.py").write_text("raise SystemExit('run')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotWritten, match=r"run\.json"):
        write_apart(tmp_path)


def _stopped(run: Path, written: bool) -> None:
    with page_of(run, lambda _: None) as page:
        page.written = written
        raise RunInterrupted("stopped")


def test_a_run_that_ends_early_leaves_a_page_that_says_so(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    run = go(settings_of(task, "base"), [task], make_tools(tmp_path / "cache"), tmp_path / "run")
    for written in (False, True):
        with pytest.raises(RunInterrupted):
            _stopped(run, written)
        assert (run / "report.html").exists() is written
