"""Where a judgement goes: files whose suffix says in which form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from harness.analysis.regression.gate import Judgement
from harness.files import to_json
from harness.report import gate, junit, mdtext
from harness.report.places import check_files, write_there

COMMENT = 60_000
"""Characters of a comment: GitHub refuses one of more than 65,536."""
FORMS: dict[str, Callable[[Judgement], bytes]] = {
    ".md": lambda judgement: mdtext.shortened(mdtext.render(gate.report(judgement)), COMMENT).encode(),
    ".xml": junit.render,
    ".json": lambda judgement: f"{to_json(judgement)}\n".encode(),
}
"""Suffix → what stands in the file: a comment for a pull request or a job summary, JUnit, everything."""


def check_forms(files: Sequence[Path]) -> None:
    """Raises InputErrors where a file cannot be written, before anything is read."""
    check_files(files, FORMS)


def write(judgement: Judgement, files: Sequence[Path]) -> None:
    for file in files:
        write_there(file, FORMS[file.suffix.lower()](judgement))
