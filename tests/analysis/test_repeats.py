"""Repeat noise: what a server changes by itself, worked out by hand."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.derive import derive
from harness.analysis.reading import read_run
from harness.report.document import task_sections
from tests.analysis.runs import answers, manifest, timings, write_run

SERVED = {**manifest(), "model": {"name": "m", "server": "http://127.0.0.1:1/v1"}}


def again(repeat: int, **changed: str) -> list[dict[str, Any]]:
    """What base answered another time: as before, but for these questions."""
    return [
        {**row, "repeat": repeat, "prediction": changed.get(row["question_id"], row["prediction"])}
        for row in answers()
        if row["strategy"] == "base" and row["task"] == "facts"
    ]


def words(folder: Path) -> str:
    sections = task_sections(derive(read_run(folder)).tasks["facts"])
    return " ".join(str(block) for part in sections if part.title == "Comparisons" for block in part.blocks)


def test_shares_and_spread_by_hand(tmp_path: Path) -> None:
    """Of four questions q1 is right at first and wrong the third time, and q2 wrong in other words: two texts of four
    and one score of four change. Accuracies 2/4, 2/4 and 1/4: mean 5/12, variance (1/144 + 1/144 + 4/144) / 2."""
    repeats = [*again(1, q2="8"), *again(2, q1="It is Lyon.", q2="8")]
    run = derive(read_run(write_run(tmp_path, manifest=SERVED, repeats=repeats)))
    noise = run.tasks["facts"].strategies["base"].repeat_noise
    assert noise is not None
    assert (noise.times, noise.n, noise.text_changed, noise.score_changed) == (3, 4, 0.5, 0.25)
    assert noise.sd == pytest.approx(math.sqrt(6 / 144 / 2))
    assert run.tasks["facts"].strategies["rag"].repeat_noise is None


def test_only_questions_that_were_answered_every_time_count(tmp_path: Path) -> None:
    repeats = again(1, q1="It is Lyon.")[:2]
    run = derive(read_run(write_run(tmp_path, manifest=SERVED, repeats=repeats)))
    noise = run.tasks["facts"].strategies["base"].repeat_noise
    assert noise is not None
    assert (noise.n, noise.text_changed) == (2, 0.5)


def test_the_first_answers_alone_make_the_accuracy(tmp_path: Path) -> None:
    once = derive(read_run(write_run(tmp_path / "once", manifest=SERVED)))
    twice = derive(read_run(write_run(tmp_path / "twice", manifest=SERVED, repeats=again(1, q1="No."))))
    a, b = (run.tasks["facts"].strategies["base"] for run in (once, twice))
    assert (a.accuracy, a.n_answered) == (b.accuracy, b.n_answered)


def test_the_report_says_it_beside_every_difference(tmp_path: Path) -> None:
    told = words(write_run(tmp_path, manifest=SERVED, repeats=again(1, q1="No.")))
    assert "base: 25.0 % of 4 replies and 25.0 % of the scores are not the same in all of 2 times" in told
    assert "Scores that change when asked again" in told
    assert "base 25.0 %" in told
    assert "lora and rag: asked once" in told


def test_the_report_says_that_a_server_was_asked_once(tmp_path: Path) -> None:
    told = words(write_run(tmp_path, manifest=SERVED))
    assert "asked once, so that how much a server's answers vary by themselves was not measured" in told
    assert "Scores that change" not in told


def test_of_a_local_model_nothing_is_said(tmp_path: Path) -> None:
    assert "asked once" not in words(write_run(tmp_path, timings=timings()))
