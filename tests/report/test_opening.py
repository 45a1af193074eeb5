"""What stands before every figure: warnings, and what was run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.derive import derive
from harness.analysis.evidence import read_run
from harness.report import opening
from tests.analysis.runs import SPEC, answers, manifest, write_run


@pytest.mark.parametrize(
    ("about", "rows", "wanted"),
    [
        ({}, answers(), []),
        ({"quick": True}, answers(), ["quick run"]),
        ({"status": "interrupted"}, answers()[1:], [r"status: interrupted, 1 answer missing"]),
    ],
)
def test_warnings_on_top(tmp_path: Path, about: dict[str, Any], rows: list[Any], wanted: list[str]) -> None:
    run = read_run(write_run(tmp_path, manifest={**manifest(), **about}, answers=rows))
    found = opening.warnings(derive(run))
    assert len(found) == len(wanted)
    for text, pattern in zip(found, wanted, strict=True):
        assert re.search(pattern, text)
        assert "not fit for decisions" in text


def test_what_was_run(tmp_path: Path) -> None:
    made = manifest()
    made["tasks"]["facts"]["spec"] = {**SPEC, "corpus": "../corpora/x"}
    made["model"] = {**made["model"], "device": "cpu", "licence": "MIT"}
    run = read_run(write_run(tmp_path, manifest=made))
    assert dict(opening.what_was_run(run, derive(run))) == {
        "Model": "tiny, 1 million parameters, float32, cpu, MIT",
        "Corpus": "../corpora/x, 3 documents, 3 passages (facts)",
        "Questions": "facts 4, general 2",
        "Machine": "two cores, 2 cores, 8 GB, Linux",
        "Loading": "model 2.50 s, first query 1.25 s",
        "Date": "2026-01-02 03:04 UTC",
        "Prices": "sheet of 2026-01-01, as box (us)",
        "Run": "run-1",
    }


@pytest.mark.parametrize(
    ("recorded", "said"),
    [
        (["harness", "compare", "facts"], "harness compare facts"),
        ("harness compare", "harness compare"),
        (None, ""),
    ],
)
def test_the_command_as_it_was_typed(recorded: Any, said: str) -> None:
    assert opening.command({"command": recorded}) == said
