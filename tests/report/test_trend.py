"""The terminal's history: narrow, newest first, marked where something changed, and in sentences."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from harness.analysis.history.history import History, read_history
from harness.report import plain, trend
from tests.analysis.histories import first, write_made
from tests.fakes import Silent
from tests.snapshots import Snapshots

LONG = "a-model-with-a-very-long-name-of-its-own"


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    folder = tmp_path_factory.mktemp("reports")
    names = ("base", "few-shot", "rag", "lora", "oracle")
    for number, right in enumerate((120, 120, 90, 91)):
        hits = {name: first(right if name == "rag" else 50, 200) for name in names}
        ratios = {name: 4.0 if name == "rag" and number == 3 else 1.5 for name in names} | {"base": 1.0}
        tokens = {"rag": (100 + 50 * (number >= 2), 5)}
        about = {"embedder": {"name": "e5", "sha256": "1"}} if number >= 2 else {}
        own = {"run_id": "20260104T030405Z-0a1b2c"} if number == 2 else {}
        write_made(folder, number, hits, ratios=ratios, tokens=tokens, model={"name": LONG}, **about, **own)
    write_made(folder, 4, {"rag": first(10, 20)}, ratios={"rag": 1.0}, quick=True)
    return read_history(folder, Silent())


def printed(history: History, rows: int | None = None) -> str:
    return plain.sections(trend.report(history, rows))


def test_the_table_and_what_changed(history: History, snapshots: Snapshots) -> None:
    folder = dataclasses.replace(history, folder="reports")
    snapshots.check("trend.txt", f"{trend.opening(folder)}\n{printed(folder)}\n")


def test_tables_are_no_wider_than_120_columns(history: History) -> None:
    lines = printed(history).splitlines()
    assert max(map(len, lines)) <= 120
    assert not [line for line in lines if LONG in line]


def test_newest_first_with_its_state(history: History) -> None:
    lines = printed(history).splitlines()
    assert [line.split()[0] for line in lines if line.startswith("2026-")] == [
        f"2026-01-0{day}" for day in (6, 5, 4, 3, 2)
    ]
    assert any(line.startswith("(quick run)") for line in lines)
    assert [trend.state(run) for run in history.runs] == ["quick run", "", "", "", ""]


def test_changes_are_marked_in_the_cells_and_told_below(history: History) -> None:
    (marked,) = [line for line in printed(history).splitlines() if "▼ 45.0 %" in line]
    assert marked.startswith("2026-01-04")
    assert [(mark.figure, trend.arrow(mark), mark.run) for mark in history.tasks["facts"].changes] == [
        ("latency ratio", "▲", "003"), ("cost", "▲", "002"), ("accuracy", "▼", "002"),
    ]  # fmt: skip


def test_a_run_is_told_by_its_id_and_by_its_folder_where_that_is_called_otherwise(history: History) -> None:
    text = printed(history)
    assert "20260104T030405Z-0a1b2c (002)\n" in text or "20260104T030405Z-0a1b2c (002) " in text
    assert "at 003 (before: 20260104T030405Z-0a1b2c (002))" in " ".join(text.split())


def test_no_change_and_nothing_to_compare_are_said(tmp_path: Path) -> None:
    for number, said in enumerate(("nothing to compare yet", "no change is marked over 2 runs")):
        write_made(tmp_path, number, {"base": first(3, 8)})
        assert printed(read_history(tmp_path, Silent())).splitlines()[-1] == f"facts: {said}."


def test_a_long_history_is_cut_on_the_terminal_and_its_changes_are_not(history: History) -> None:
    text = " ".join(printed(history, rows=2).split())
    assert [day in text for day in ("2026-01-06", "2026-01-05", "2026-01-04 03")] == [True, True, False]
    assert "3 older runs" in text
    assert all(trend.headline(mark) in text for mark in history.tasks["facts"].changes)


def test_names_from_a_run_are_no_markup(tmp_path: Path) -> None:
    write_made(tmp_path, 0, {"[red]x": first(3, 8)}, model={"name": "[bold]m"}, status="failed")
    text = printed(read_history(tmp_path, Silent()))
    assert "[red]x" in text
    assert "[bold]m" in text
    assert "(incomplete)" in text


@pytest.mark.parametrize(
    ("created", "shown"),
    [
        ("2026-01-02T03:04:05+00:00", "2026-01-02 03:04"),
        ("2026-01-02T03:04:05+02:00", "2026-01-02 01:04"),
        ("2026-01-02T03:04:05Z", "2026-01-02 03:04"),
        ("2026-01-02", "2026-01-02 00:00"),
        ("yesterday", "yesterday"),
        ("", "no date"),
    ],
)
def test_when(created: str, shown: str) -> None:
    assert trend.when(created) == shown
