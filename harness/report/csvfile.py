"""summary.csv: the summary for a spreadsheet or a data frame."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

from harness.report import summary

_FORMULA = re.compile(r"(^|[,;|\t\r\n])(\s*)(?=[=+\-@＝＋－＠])")
"""Where a spreadsheet would begin to read a formula: at the head of a cell, or behind what it may take for the end of
one (another country's separator, a tab, a new line)."""


def render(results: dict[str, Any]) -> str:
    """The summary as CSV with line feeds. An empty cell: not measured, or n too small to claim it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.name for column in summary.COLUMNS])
    writer.writerows([_safe(value) for value in row] for row in summary.rows(results))
    return out.getvalue()


def _safe(value: Any) -> Any:
    """Text with an apostrophe before whatever would be a formula; numbers, negative ones too, as they are."""
    return _FORMULA.sub(r"\1\2'", value) if isinstance(value, str) else value
