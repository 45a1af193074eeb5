"""What an import found, before it is written as a task."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.scoring.table import AnswerType

ROLES = ("test", "train", "dev")
SPLITS = {
    "test": "test",
    "train": "train",
    "training": "train",
    "dev": "dev",
    "val": "dev",
    "valid": "dev",
    "validation": "dev",
}
"""What sources call their splits → the question file."""


@dataclass(slots=True)
class Draft:
    """Question records by role, as `test.jsonl` will hold them, with what goes into the task file.

    `kind`, `labels`, `tolerance`: of the answers. `system`: the system message, where the source brings one.
    `documents`: the lines of a corpus of its own. `remarks`: one sentence for each thing that could not be imported as
    it stands.
    """

    source: str
    corpus: Path | None = None
    refusal: str | None = None
    kind: AnswerType = "text"
    labels: tuple[str, ...] = ()
    tolerance: str | None = None
    system: str | None = None
    documents: list[dict[str, str]] = field(default_factory=list)
    records: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def add(self, role: str, record: dict[str, Any]) -> None:
        self.records.setdefault(role, []).append(record)
