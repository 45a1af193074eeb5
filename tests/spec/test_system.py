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


def test_a_variant_is_a_name_and_a_form_is_a_setting() -> None:
    plain = system(FOUND)
    named, held = plain.varied("n=50"), replace(plain, form="constrained").varied(None)
    assert (named.name, held.name) == ("rag[n=50]", "rag[constrained]")
    assert named.id == plain.id != held.id
    assert held.varied("n=50").name == "rag[constrained,n=50]"
    assert replace(held, model_label="large").varied("n=50").name == "rag[constrained,n=50]@large"


def test_only_the_model_as_it_is_is_bare() -> None:
    bare = System("base", "base", ModelRef("m"))
    assert bare.bare
    assert not replace(bare, form="options").bare
