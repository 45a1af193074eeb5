"""`trend` from the command line: what it prints where, what it writes, and what it refuses."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main
from tests.analysis.histories import first, write_made
from tests.commands import one_document, refused

RIGHT = {"base": first(10, 40), "rag": first(30, 40)}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def runs(count: int, folder: str = "reports") -> None:
    for number in range(count):
        write_made(Path(folder), number, RIGHT, ratios={"base": 1.0, "rag": 2.0})


def test_table_and_page_of_reports_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    runs(2)
    assert main(["trend"]) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines()[-1] == "reports/index.html"
    assert "75.0 %" in printed.out
    assert printed.err == ""
    assert Path("reports/index.html").is_file()
    assert {path.name for path in Path("reports").iterdir()} == {"000", "001", "index.html"}


def test_json_is_one_document_newest_first(capsys: pytest.CaptureFixture[str]) -> None:
    runs(3)
    printed = one_document(capsys, "trend", "--json", "--last", "2")
    assert [run["folder"] for run in printed["runs"]] == ["002", "001"]
    facts = printed["tasks"]["facts"]
    assert [run["folder"] for run in facts["runs"]] == ["002", "001"]
    assert facts["runs"][0]["strategies"]["rag"]["accuracy"]["mean"] == 0.75
    assert facts["runs"][0]["strategies"]["rag"]["latency_ratio"]["mean"] == pytest.approx(2.0)
    assert facts["runs"][0]["strategies"]["base"]["latency_ratio"]["mean"] is None
    assert facts["changes"] == []
    assert set(facts["series"]) == {"A"}


def test_json_tells_a_change_with_its_causes(capsys: pytest.CaptureFixture[str]) -> None:
    for number, right in enumerate((120, 90)):
        write_made(
            Path("runs"),
            number,
            {"rag": first(right, 200)},
            embedder={"name": f"e{number}", "sha256": "5" * 64},
        )
    (change,) = one_document(capsys, "trend", "runs", "--json", "-o", "out.html")["tasks"]["facts"]["changes"]
    assert (change["figure"], change["strategy"], change["run"], change["since"], change["better"]) == (
        "accuracy", "rag", "001", "000", False,
    )  # fmt: skip
    assert change["size"] == pytest.approx(-0.15)
    (cause,) = change["causes"]
    assert [cause[key] for key in ("cause", "name", "before", "after")] == [
        "index",
        "embedder name",
        "e0",
        "e1",
    ]


def test_the_page_may_stand_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    runs(1, "elsewhere")
    assert main(["trend", "elsewhere", "-o", "site/history.html"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "site/history.html"
    assert Path("site/history.html").is_file()
    assert not Path("elsewhere/index.html").exists()


def test_what_cannot_be_read_is_one_line_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    runs(1)
    Path("reports/broken").mkdir()
    Path("reports/broken/run.json").write_text("{")
    assert main(["trend"]) == 0
    printed = capsys.readouterr()
    assert len(printed.err.splitlines()) == 1
    assert printed.err.startswith("harness: reports/broken is left out: ")
    assert "1 that cannot be read" in printed.out
    assert "cannot be read" in Path("reports/index.html").read_text(encoding="utf-8")


def test_a_run_that_may_not_be_looked_into_costs_its_link_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    runs(1)
    Path("reports/locked").mkdir()
    Path("reports/locked/run.json").write_text("{")
    stat = os.stat

    def refuse(path: Any, **how: Any) -> os.stat_result:
        if str(path).startswith("reports/locked/"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return stat(path, **how)

    monkeypatch.setattr(os, "stat", refuse)
    assert main(["trend"]) == 0
    assert "1 that cannot be read" in capsys.readouterr().out


def test_an_empty_folder_says_so_and_gets_no_page(capsys: pytest.CaptureFixture[str]) -> None:
    Path("reports").mkdir()
    assert main(["trend"]) == 0
    printed = capsys.readouterr()
    assert (
        printed.out
        == "There are no runs in reports: no folder in it holds a run.json. harness compare makes one.\n"
    )
    assert printed.err == ""
    assert not list(Path("reports").iterdir())
    document = one_document(capsys, "trend", "--json")
    assert (document["runs"], document["tasks"]) == ([], {})


def test_wrong_usage_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, "trend") == "the folder reports does not exist."
    runs(1)
    before = json.loads(Path("reports/000/run.json").read_text())
    assert "is itself a run" in refused(capsys, "trend", "reports/000")
    assert "did you mean 'facts'" in refused(capsys, "trend", "--task", "fact")
    assert "--last" in refused(capsys, "trend", "--last", "0")
    assert "the suffix says what to write" in refused(capsys, "trend", "-o", "page.pdf")
    assert "is a run, and nothing is written into it" in refused(capsys, "trend", "-o", "reports/000/a.html")
    assert not Path("reports/index.html").exists()
    assert json.loads(Path("reports/000/run.json").read_text()) == before


def test_one_task_only(capsys: pytest.CaptureFixture[str]) -> None:
    runs(1)
    assert list(one_document(capsys, "trend", "--json", "--task", "facts")["tasks"]) == ["facts"]
