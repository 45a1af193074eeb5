"""What names a system: its settings, whatever it is called, and the same name as in runs of earlier versions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.run.manifest_file import read_manifest
from harness.spec.context import Gold, Retrieved, cut_id, gold_like, search_id, way_of
from harness.spec.settings import Retrieval
from harness.spec.strategy import retrieved
from harness.spec.system import ModelRef, System

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


def test_dense_retrieval_is_what_it_was_before_there_was_another() -> None:
    """What a method does not use is no part of a system: it would tell apart what is alike."""
    plain = retrieved(Retrieval(method="dense"), "embedder")
    assert plain.method is plain.candidates is None
    assert system(plain) == system(retrieved(Retrieval(method="dense", candidates=20), "embedder"))
    assert retrieved(Retrieval(method="bm25", candidates=20), "embedder").candidates is None
    ways = [Retrieval(method=method) for method in ("dense", "bm25", "hybrid")]
    ways += [Retrieval(method="hybrid", candidates=20), Retrieval(method="dense", chunk_tokens=128)]
    assert len({search_id(retrieved(way, "embedder")) for way in ways}) == 5
    assert len({cut_id(retrieved(way, "embedder")) for way in ways}) == 2
    assert search_id(retrieved(Retrieval(method="dense", k=9), "embedder")) == search_id(plain)
    assert search_id(gold_like(plain)) == search_id(plain)
    for name, value in (("within", ("a*",)), ("expand", 1), ("headings", True)):
        assert getattr(plain, name) is None
        other = retrieved(Retrieval(method="dense", **{name: value}), "embedder")
        assert search_id(other) != search_id(plain)
        assert (cut_id(other) != cut_id(plain)) == (name == "headings")


def test_how_passages_are_found_is_said_in_a_few_words() -> None:
    assert way_of(FOUND) == f"dense, {FOUND.chunk_tokens} tokens"
    full = Retrieval(method="hybrid", headings=True, expand=2, rerank="cross", within=("a/*", "b"))
    assert way_of(retrieved(full, "e")) == (
        "hybrid, 64 tokens, with headings, 2 neighbours on each side, ranked again by cross, in a/*, b"
    )


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
