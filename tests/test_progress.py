"""What long work says where there are no bars: a line a minute, and nothing of what was there already."""

from __future__ import annotations

import io
import sys

import pytest

from harness.progress import EVERY_S, Terminal


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def lines(capsys: pytest.CaptureFixture[str], total: int, took: list[tuple[int, float]]) -> list[str]:
    """What is said while units are done: how many, and the seconds that they took."""
    clock = Clock()
    with Terminal(clock).track("behaviour · lora", total) as advance:
        for units, seconds in took:
            clock.now += seconds
            advance(units)
    return capsys.readouterr().err.splitlines()


def test_short_work_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert lines(capsys, 3, [(1, 10.0)] * 3) == []


def test_long_work_says_once_a_minute_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert lines(capsys, 240, [(1, 5.0)] * 30) == [
        "  behaviour · lora: 12 of 240, about 19.0 min of it left",
        "  behaviour · lora: 24 of 240, about 18.0 min of it left",
    ]


def test_the_end_is_for_whoever_did_the_work_to_say(capsys: pytest.CaptureFixture[str]) -> None:
    assert lines(capsys, 2, [(1, 1.0), (1, EVERY_S)]) == []


def test_what_a_stopped_run_had_done_makes_nothing_quicker(capsys: pytest.CaptureFixture[str]) -> None:
    said = lines(capsys, 200, [(100, 0.1), (1, EVERY_S)])
    assert said == ["  behaviour · lora: 101 of 200, about 99.0 min of it left"]


def test_what_had_waited_for_other_work_is_no_slower_for_it(capsys: pytest.CaptureFixture[str]) -> None:
    said = lines(capsys, 100, [(25, 300.0), (25, EVERY_S)])
    assert said == ["  behaviour · lora: 50 of 100, about 120 s of it left"]


def test_steps_of_a_moment_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    said = lines(capsys, 1000, [(1, 0.5)] * 130)
    assert said == ["  behaviour · lora: 120 of 1,000, about 444 s of it left"]


def test_what_comes_together_says_nothing_of_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    said = lines(capsys, 100, [(25, 300.0), (25, 0.01), (25, EVERY_S)])
    assert said == ["  behaviour · lora: 75 of 100, about 60.0 s of it left"]


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_what_a_server_says_does_not_act_on_a_terminal_above_bars_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stderr", screen := Screen())
    terminal = Terminal()
    with terminal.track("work", 2):
        terminal.note("the server says \x1b]0;owned\x07 :smile:")
    assert "\\u001b]0;owned\\u0007 :smile:" in screen.getvalue()
    assert "\x1b]0;" not in screen.getvalue()
