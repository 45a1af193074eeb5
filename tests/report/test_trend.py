"""The terminal's history: narrow, newest first, marked where something changed, and in sentences."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from harness.analysis.history.history import History, read_history
from harness.report import history as words
from harness.report.trend import print_history
from tests.analysis.histories import first, write_made
from tests.fakes import Silent

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
        write_made(folder, number, hits, ratios=ratios, tokens=tokens, model={"name": LONG}, **about)
    write_made(folder, 4, {"rag": first(10, 20)}, ratios={"rag": 1.0}, quick=True)
    return read_history(folder, Silent())


@pytest.fixture(scope="module")
def printed(history: History) -> list[str]:
    file = io.StringIO()
    print_history(history, file)
    return [line.strip() for line in file.getvalue().splitlines()]


def test_tables_are_no_wider_than_120_columns(printed: list[str]) -> None:
    start = next(i for i, line in enumerate(printed) if line.startswith("facts (contains)"))
    end = next(i for i, line in enumerate(printed) if line.startswith("facts: "))
    assert max(map(len, printed[start:end])) <= 120
    assert "few-shot" in printed[start + 2]
    assert not [line for line in printed[start:end] if LONG in line]


def test_newest_first_with_its_state(printed: list[str]) -> None:
    rows = [line.split()[0] for line in printed if line.startswith("2026-")]
    assert rows == [f"2026-01-0{day}" for day in (6, 5, 4, 3, 2)]
    assert any(line.startswith("(quick run)") for line in printed)
    assert "5 runs in" in printed[0]
    assert "1 quick: shown and not compared." in printed[0]


def test_changes_are_marked_in_the_cells_and_told_below(printed: list[str]) -> None:
    marked = [line for line in printed if "▼ 45.0 %" in line]
    assert len(marked) == 1
    assert marked[0].startswith("2026-01-04")
    told = [line for line in printed if line.startswith("facts: ")]
    assert [line.split(":")[2].split(" at ")[0].strip() for line in told] == [
        "latency ratio rose from 1.50× to 4.00×",
        "cost per query rose to 1.25× by tokens and prices",
        "accuracy fell from 60.0 % to 45.0 %",
    ]
    assert "at 002 (before: 001). −15.0 points" in told[2]
    assert (
        "on the same 200 questions, adjusted p < 0.001. What differs between the two runs: embedder"
        in told[2]
    )
    assert (
        "from 100 to 150. As measured, and so by how fast the machine was too: $0.0030, then $0.0030."
        in told[1]
    )
    assert "Nothing that the manifests record differs" in told[0]


def test_no_change_and_nothing_to_compare_are_said(tmp_path: Path) -> None:
    for number, said in enumerate(("nothing to compare yet", "no change is marked over 2 runs")):
        write_made(tmp_path, number, {"base": first(3, 8)})
        file = io.StringIO()
        print_history(read_history(tmp_path, Silent()), file)
        assert file.getvalue().splitlines()[-1] == f"facts: {said}."


def test_a_long_history_is_cut_on_the_terminal_and_its_changes_are_not(history: History) -> None:
    file = io.StringIO()
    print_history(history, file, rows=2)
    text = " ".join(file.getvalue().split())
    assert [day in text for day in ("2026-01-06", "2026-01-05", "2026-01-04 03")] == [True, True, False]
    assert "3 older runs stand in the page." in text
    assert "accuracy fell from 60.0 % to 45.0 % at 002" in text


def test_names_from_a_run_are_no_markup(tmp_path: Path) -> None:
    write_made(tmp_path, 0, {"[red]x": first(3, 8)}, model={"name": "[bold]m"}, status="[/]")
    file = io.StringIO()
    print_history(read_history(tmp_path, Silent()), file)
    assert "[red]x" in file.getvalue()
    assert "[bold]m" in file.getvalue()
    assert "(incomplete)" in file.getvalue()


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
    assert words.when(created) == shown
