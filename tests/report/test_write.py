"""The report's files: written whole, the same to the byte, without a heavy import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from harness.analysis.results.run import RunResult
from harness.errors import InputError
from harness.report.write import write_reports
from tests.analysis.runs import QUESTIONS, answer, manifest, write_run
from tests.report.results import nothing

FILES = ("results.json", "report.md", "summary.csv", "report.html")


def test_writes_every_file_twice_the_same(tmp_path: Path) -> None:
    write_reports(write_run(tmp_path))
    first = [(tmp_path / name).read_bytes() for name in FILES]
    write_reports(tmp_path)
    assert [(tmp_path / name).read_bytes() for name in FILES] == first
    assert not list(tmp_path.glob(".*"))  # no temporary file is left


def test_results_json_is_read_back_to_the_same_value(tmp_path: Path) -> None:
    results = write_reports(write_run(tmp_path))
    assert TypeAdapter(RunResult).validate_json((tmp_path / "results.json").read_bytes()) == results


def test_nothing_is_written_of_a_run_that_cannot_be_read(tmp_path: Path) -> None:
    write_run(tmp_path, manifest={**manifest(), "schema_version": 9})
    with pytest.raises(InputError, match="newer version"):
        write_reports(tmp_path)
    assert not [name for name in FILES if (tmp_path / name).exists()]


def test_run_without_a_single_answer_has_a_report(tmp_path: Path) -> None:
    about = {**manifest(), "status": "interrupted", "adapters": [], "indexes": {}}
    empty = {name: [] for name in ("answers", "batches", "timings", "passages")}
    write_reports(write_run(tmp_path, manifest=about, **empty))
    assert "not fit for decisions" in (tmp_path / "report.md").read_text()
    assert "NaN" not in (tmp_path / "results.json").read_text()


def test_run_that_only_has_a_manifest_has_a_report(tmp_path: Path) -> None:
    assert write_reports(nothing(tmp_path)).tasks == {}
    assert "not complete" in (tmp_path / "report.html").read_text()


def test_report_of_a_large_run_imports_nothing_heavy(tmp_path: Path) -> None:
    """A fresh interpreter, 4 strategies by 500 questions: neither a model nor a table library is loaded."""
    questions = [{**QUESTIONS[0], "id": f"q{i}", "question": f"Number {i}?"} for i in range(500)]
    names = ("base", "lora", "rag", "oracle")
    rows = [answer("facts", name, f"q{i}", "Paris " * 20) for name in names for i in range(500)]
    about = {**manifest(), "plan": [{"task": "facts", "strategy": name} for name in names]}
    write_run(tmp_path, questions=questions, answers=rows, batches=[], timings=[], manifest=about)
    code = (
        "import sys\n"
        "from pathlib import Path; from harness.report.write import write_reports\n"
        "write_reports(Path(sys.argv[1]))\n"
        "heavy = {'torch', 'transformers', 'pandas', 'scipy.stats', 'faiss'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
