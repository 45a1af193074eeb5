"""What names a system: its settings, whatever it is called, and the same name as in runs of earlier versions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.run.manifest_file import read_manifest
from harness.spec.system import Gold, ModelRef, Retrieved, System

BASELINE = Path(__file__).parents[2] / "reports" / "baseline"
FOUND = Retrieved(3, 64, 16, 2048, "e")


def system(context: Retrieved | Gold) -> System:
    return System("rag", "rag", ModelRef("m"), context=(context,))


def test_systems_of_an_earlier_run_keep_their_ids() -> None:
    """The rows of its evidence name them so."""
    systems = read_manifest(BASELINE).systems
    assert {key: one.id for key, one in systems.items()} == {key: key for key in systems}


@pytest.mark.parametrize("field", ["query_prefix", "passage_prefix"])
@pytest.mark.parametrize("text", ["", "query: "])
def test_another_prefix_is_another_system(field: str, text: str) -> None:
    """An empty one too: it stands for none, and not for the embedder's own."""
    changed = replace(FOUND, **{field: text})  # type: ignore[arg-type]
    assert system(changed).id != system(FOUND).id
