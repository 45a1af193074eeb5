"""A report of a run with two models: each model has its line, each system its model, everywhere the same names."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from harness.analysis.results.run import RunResult, read_results
from harness.report import document, opening, summary
from harness.report.markdown import render
from harness.report.terminal import print_results
from harness.report.write import write_reports
from harness.spec.strategy import STRATEGIES, Strategy
from tests.run.worlds import PAIR, go, make_task, pair_of_tools, settings_of

NAMES = ["base@small", "rag@small", "lora@small", "base@large", "rag@large"]


def run(folder: Path, *strategies: str, fits: bool = True) -> Path:
    task = make_task(folder)
    settings = settings_of(task, *strategies, models=PAIR, latency_queries=6)
    return go(settings, [task], pair_of_tools(folder / "cache", fits=fits), folder / "run")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = run(tmp_path_factory.mktemp("two"), "base", "rag", "lora@small")
    write_reports(made)
    return made


@pytest.fixture(scope="module")
def results(folder: Path) -> RunResult:
    return read_results((folder / "results.json").read_bytes())


def test_results_name_the_first_model_as_ever_and_all_beside_it(folder: Path) -> None:
    data = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    assert data["model"] == data["models"][0]
    assert [row["label"] for row in data["models"]] == ["small", "large"]
    systems = data["tasks"]["workshop"]["strategies"]
    assert {name: row["system"]["model"]["name"] for name, row in systems.items()} == {
        name: f"fake-{name.partition('@')[2]}" for name in NAMES
    }
    assert data["timing_order"] == "interleaved"


def test_the_opening_has_a_line_a_model(results: RunResult) -> None:
    told = dict(opening.what_was_run(results))
    assert "Model" not in told
    for label in ("small", "large"):
        assert told[f"Model {label}"].startswith(f"fake-{label}, tests, ")
        assert told[f"Model {label}"].endswith("float32, cpu")
    assert told["Loading"] == (
        "small: model 2.00 s, first query 500 ms; large: model 2.00 s, first query 500 ms"
    )


@pytest.mark.parametrize(("fits", "word"), [(True, "interleaved: every system"), (False, "A B B A, since")])
def test_the_order_of_timing_is_told(tmp_path: Path, fits: bool, word: str) -> None:
    told = dict(opening.what_was_run(write_reports(run(tmp_path, "base", fits=fits))))
    assert told["Order of timing"].startswith(word)


def test_one_table_sets_the_small_fine_tune_beside_the_large_model(results: RunResult, folder: Path) -> None:
    out = io.StringIO()
    print_results(results, out, width=120)
    page = (folder / "report.html").read_text(encoding="utf-8")
    rows = [line for line in render(results, None).splitlines() if line.startswith("| ")]
    for name in NAMES:
        assert name in out.getvalue()
        assert name in page
        assert any(row.replace("&#8203;", "").startswith(f"| {name} |") for row in rows)


def test_the_summary_says_which_model_a_row_is_of(results: RunResult) -> None:
    rows = list(csv.DictReader(io.StringIO(summary.to_csv(results))))
    assert [(row["strategy"], row["model"], row["model_label"]) for row in rows] == [
        (name, f"fake-{name.partition('@')[2]}", name.partition("@")[2]) for name in NAMES
    ]


def test_a_fine_tune_goes_by_the_name_of_its_system(results: RunResult) -> None:
    assert [adapter.strategy for adapter in results.adapters] == ["lora@small"]
    sections = {section.title: section for section in document.run_sections(results)}
    assert "lora@small for workshop" in str(sections["Adapters"])
    assert "model large sha256" in str(sections["Versions"])


def test_a_strategy_that_is_added_runs_on_both_models_and_renders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(STRATEGIES, "few-rag", Strategy("few-rag", "a new one", ("retrieved", "examples")))
    made = run(tmp_path, "base", "few-rag")
    write_reports(made)
    page = (made / "report.html").read_text(encoding="utf-8")
    assert "few-rag@small" in page
    assert "few-rag@large" in page
