"""`report`: into the run folder, into files of the user's, and into a browser."""

from __future__ import annotations

import json
import webbrowser
from pathlib import Path

import pytest

from harness.cli import main
from tests.analysis.runs import write_run
from tests.commands import one_document, refused

DERIVED = {"results.json", "report.md", "report.html", "summary.csv"}


@pytest.fixture(autouse=True)
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write_run(Path("run"))


def held(folder: str) -> set[str]:
    return {path.name for path in Path(folder).iterdir()}


def test_files_are_what_the_run_folder_would_hold_which_stays_as_it_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = held("run")
    flags = [
        "-o",
        "out/page.html",
        "-o",
        "out/deep/sum.CSV",
        "--output",
        "out/all.json",
        "-o",
        "out/short.md",
    ]
    assert main(["report", "run", *flags]) == 0
    assert capsys.readouterr().out.splitlines()[-4:] == flags[1::2]
    assert held("run") == before
    assert not list(Path("out").rglob(".*"))  # no temporary file is left
    assert main(["report", "run"]) == 0
    for made, beside in (
        ("page.html", "report.html"),
        ("deep/sum.CSV", "summary.csv"),
        ("all.json", "results.json"),
    ):
        assert (Path("out") / made).read_bytes() == (Path("run") / beside).read_bytes()


@pytest.mark.parametrize(
    ("flags", "link"),
    [
        (["-o", "out/short.md", "-o", "page.html"], "[report.html](../page.html)"),
        (["-o", "short.md", "-o", "out/a b.html"], "[report.html](out/a%20b.html)"),
        (["-o", "out/short.md"], "`harness report RUN` writes report.html"),
    ],
)
def test_the_short_form_links_to_the_page_made_with_it(flags: list[str], link: str) -> None:
    assert main(["report", "run", *flags]) == 0
    assert Path(flags[1]).read_text(encoding="utf-8").splitlines()[-1].startswith(link)


def test_the_short_form_links_to_the_page_in_the_run_folder() -> None:
    assert main(["report", "run"]) == 0
    assert main(["report", "run", "-o", "out/short.md"]) == 0
    assert "[report.html](../run/report.html)" in Path("out/short.md").read_text(encoding="utf-8")
    assert "[report.html](report.html)" in Path("run/report.md").read_text(encoding="utf-8")


def test_json_prints_one_document_beside_the_files(capsys: pytest.CaptureFixture[str]) -> None:
    printed = one_document(capsys, "report", "run", "--json", "-o", "all.json")
    assert printed == json.loads(Path("all.json").read_text(encoding="utf-8"))


def test_parquet() -> None:
    assert main(["report", "run", "-o", "a.parquet"]) == 0
    assert Path("a.parquet").read_bytes().startswith(b"PAR1")


def test_nothing_is_written_where_one_file_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    message = refused(
        capsys, "report", "run", "-o", "good.md", "-o", "bad.doc", "-o", "run/run.json", "-o", "run"
    )
    assert len(message.splitlines()) == 3
    assert not Path("good.md").exists()
    assert json.loads(Path("run/run.json").read_text(encoding="utf-8"))["run_id"] == "run-1"
    assert not held("run") & DERIVED


def test_a_place_that_refuses_late_is_one_message(capsys: pytest.CaptureFixture[str]) -> None:
    Path("dangling").symlink_to("nowhere/at/all")
    message = refused(capsys, "report", "run", "-o", "dangling/a.md")
    assert "could not write dangling/a.md" in message


def test_open_shows_the_page_that_was_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda address: bool(asked.append(address)) or True)
    assert main(["report", "run", "--open"]) == 0
    assert main(["report", "run", "--open", "-o", "a.csv", "-o", "b #1.html"]) == 0
    assert asked == [f"{tmp_path.as_uri()}/{name}" for name in ("run/report.html", "b%20%231.html")]


@pytest.mark.parametrize("fault", [None, webbrowser.Error("none"), OSError("none")])
def test_open_without_a_browser_says_where_the_page_is(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    fault: Exception | None,
) -> None:
    def nowhere(_address: str) -> bool:
        if fault:
            raise fault
        return False

    monkeypatch.setattr(webbrowser, "open", nowhere)
    assert main(["report", "run", "--open"]) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines()[-1] == "run"
    assert (
        captured.err == f"harness: no browser could be opened. The page is {tmp_path / 'run/report.html'}\n"
    )


def test_open_needs_a_page_and_a_reader(capsys: pytest.CaptureFixture[str]) -> None:
    assert "--open shows a page" in refused(capsys, "report", "run", "--open", "-o", "a.csv")
    assert "not allowed with" in refused(capsys, "report", "run", "--open", "--json")
    assert not Path("a.csv").exists()


def test_another_tariff_makes_another_cost_and_no_other_run(capsys: pytest.CaptureFixture[str]) -> None:
    """The run was made with shared machines; $3.60 an hour for 720 hours are $2,592."""
    assert main(["report", "run", "-o", "kept.json", "--tariff", "kept-up"]) == 0
    month = {
        row["strategy"]: row["monthly_usd"] - row["standing_usd"]
        for row in json.loads(Path("kept.json").read_text(encoding="utf-8"))["tasks"]["facts"]["cost_totals"]
    }
    assert month == pytest.approx(dict.fromkeys(("base", "lora", "rag"), 2592.0))
    capsys.readouterr()
    assert "is 'daily', which is none of" in refused(capsys, "report", "run", "--tariff", "daily")
