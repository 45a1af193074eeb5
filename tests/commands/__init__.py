"""Commands run in place of a shell: what they refuse, what they print, and a task to work on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main
from tests.run.worlds import write_task


def refused(capsys: pytest.CaptureFixture[str], *argv: str, code: int = 2) -> str:
    """The message of a command that ends with `code`: on standard error, no traceback, nothing on standard output."""
    assert main(argv) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err
    assert captured.err.startswith("harness: ")
    return captured.err.removeprefix("harness: ").strip()


def one_document(capsys: pytest.CaptureFixture[str], *argv: str) -> Any:
    assert main(argv) == 0
    return json.loads(capsys.readouterr().out)


def tasks_here(**options: Any) -> Path:
    return write_task(Path("tasks"), "workshop", **options)
