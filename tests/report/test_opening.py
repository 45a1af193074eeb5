"""What stands before every figure: warnings, and what was run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from harness.report import opening
from tests.analysis.runs import SPEC, answers, manifest
from tests.report.results import results


@pytest.mark.parametrize(
    ("about", "rows", "wanted"),
    [
        ({}, answers(), []),
        ({"quick": True}, answers(), ["quick run"]),
        ({"status": "interrupted"}, answers()[1:], [r"status: interrupted, 1 answer missing"]),
    ],
)
def test_warnings_on_top(tmp_path: Path, about: dict[str, Any], rows: list[Any], wanted: list[str]) -> None:
    found = opening.warnings(results(tmp_path, rows={"answers": rows}, **about))
    assert len(found) == len(wanted)
    for text, pattern in zip(found, wanted, strict=True):
        assert re.search(pattern, text)
        assert "not fit for decisions" in text


def test_what_was_run(tmp_path: Path) -> None:
    made = manifest()
    made["tasks"]["facts"]["spec"] = {**SPEC, "corpus": "../corpora/x"}
    made["model"] = {**made["model"], "device": "cpu", "licence": "MIT"}
    assert dict(opening.what_was_run(results(tmp_path, **made))) == {
        "Model": "tiny, 1 million parameters, float32, cpu, MIT",
        "Corpus": "../corpora/x, 3 documents, 3 passages (facts)",
        "Questions": "facts 4, general 2",
        "Machine": "two cores, 2 cores, 8 GB, Linux",
        "Loading": "model 2.50 s, first query 1.25 s",
        "Date": "2026-01-02 03:04 UTC",
        "Prices": "list of 2026-01-01, as box (us)",
        "Run": "run-1",
    }
