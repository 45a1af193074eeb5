"""A changed text fails until somebody takes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import snapshots as module
from tests.snapshots import Snapshots


def test_a_text_is_compared_until_it_is_taken_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SNAPSHOTS", tmp_path)
    with pytest.raises(pytest.fail.Exception, match="is missing"):
        Snapshots(update=False).check("a.txt", "one")
    Snapshots(update=True).check("a.txt", "one")
    Snapshots(update=False).check("a.txt", "one")
    with pytest.raises(AssertionError, match="differs"):
        Snapshots(update=False).check("a.txt", "two")
