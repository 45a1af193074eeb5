"""Prose of a whole text against a file in tests/snapshots/, to be read by people.

`pytest --snapshot-update` writes the files anew; the difference is then reviewed like any other.
"""

from __future__ import annotations

from pathlib import Path

import pytest

SNAPSHOTS = Path(__file__).with_name("snapshots")


class Snapshots:
    """`update`: write what is given, and pass."""

    def __init__(self, update: bool) -> None:
        self._update = update

    def check(self, name: str, text: str) -> None:
        """Compare `text` with tests/snapshots/NAME (with its suffix, as `report.txt`)."""
        path = SNAPSHOTS / name
        if self._update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        kept = path.read_text(encoding="utf-8") if path.exists() else None
        if kept is None:
            pytest.fail(f"tests/snapshots/{name} is missing: pytest --snapshot-update writes it.")
        assert text == kept, f"tests/snapshots/{name} differs; pytest --snapshot-update takes the new text."
