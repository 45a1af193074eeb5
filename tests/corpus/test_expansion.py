"""Protects what is shown around a hit: its neighbours, once, from its own document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from harness.corpus.documents import read_corpus
from harness.corpus.expansion import joined
from harness.corpus.opening import open_retriever
from harness.corpus.retriever import Retriever
from harness.errors import InputError
from harness.records import Passage
from tests.corpus.fakes import HashEmbedder, cut_into
from tests.fakes import Silent

WORDS = ("anchor", "bollard", "capstan", "davit", "fender")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A document of five sections, a passage each, and two short ones."""
    folder = tmp_path / "corpus"
    (folder / "other").mkdir(parents=True)
    sections = [f"## The {word}\n\nThe {word} stands aft and is heavy." for word in WORDS]
    (folder / "deck.md").write_text("\n\n".join(sections), encoding="utf-8")
    (folder / "other" / "galley.md").write_text("The kettle boils.", encoding="utf-8")
    (folder / "other" / "bridge.md").write_text("The davit is seen from the bridge.", encoding="utf-8")
    return folder


def opened(corpus: Path, cache: Path, **settings: object) -> Retriever:
    way = replace(cut_into(16), **settings)  # type: ignore[arg-type]
    return open_retriever(read_corpus(corpus), HashEmbedder(), way, cache=cache, progress=Silent())


def ids(retriever: Retriever, query: str, k: int) -> list[str]:
    return [ranked.passage.chunk_id for ranked in next(retriever.search([query], k))]


@pytest.mark.parametrize("method", [None, "bm25", "hybrid"])
def test_a_hit_brings_its_neighbours(corpus: Path, tmp_path: Path, method: str | None) -> None:
    plain, wide = (opened(corpus, tmp_path, method=method, expand=reach) for reach in (None, 1))
    assert ids(plain, "heavy capstan", 1) == ["deck#2"]
    (best,) = next(wide.search(["heavy capstan"], 1))
    assert best.passage.chunk_id == "deck#1-3"
    assert all(word in best.passage.text for word in ("bollard", "capstan", "davit"))
    assert best.score == next(plain.search(["heavy capstan"], 1))[0].score
    assert wide.key != plain.key
    assert wide.info.sha256 == plain.info.sha256


def test_no_neighbour_stands_twice_or_crosses_documents(corpus: Path, tmp_path: Path) -> None:
    wide = opened(corpus, tmp_path, expand=1)
    (found,) = wide.search(["The anchor stands aft"], 10)
    assert found[0].passage.chunk_id == "deck#0-1"
    numbers = [
        number
        for ranked in found
        if ranked.passage.doc_id == "deck"
        for first, _, last in [ranked.passage.chunk_id.partition("#")[2].partition("-")]
        for number in range(int(first), int(last or first) + 1)
    ]
    assert sorted(numbers) == [0, 1, 2, 3, 4]
    assert {ranked.passage.doc_id for ranked in found} == {"deck", "other/galley", "other/bridge"}
    (gold,) = wide.gold(["davit"], [["other/bridge"]], 5)
    assert [ranked.passage.chunk_id for ranked in gold] == ["other/bridge#0"]


def neighbours(*texts: str, places: Sequence[str] = ("", "", "")) -> list[Passage]:
    return [Passage(f"d#{n}", "d", "T", text, places[n]) for n, text in enumerate(texts)]


def test_what_neighbours_share_stands_once() -> None:
    assert (
        joined(neighbours("One two. Three four.", "Three four. Five.")).text == "One two. Three four. Five."
    )
    assert joined(neighbours("The cat", "tree house")).text == "The cat\ntree house", (
        "half a word is no overlap"
    )
    assert joined(neighbours("a", "b", "c")).chunk_id == "d#0-2"
    assert joined(neighbours("alone")).chunk_id == "d#0"
    assert joined(neighbours("a", "b", places=("page 3", "page 4"))).place == "page 3 – page 4"
    assert joined(neighbours("a", "b", places=("page 3", "page 3"))).place == "page 3"


def test_only_the_named_documents_are_searched(corpus: Path, tmp_path: Path) -> None:
    inside = opened(corpus, tmp_path, within=("other/*",))
    assert ids(inside, "The davit", 9) == ["other/bridge#0", "other/galley#0"]
    assert inside.info.documents == 2
    both = opened(corpus, tmp_path, within=("other/galley", "deck"))
    assert "other/bridge#0" not in ids(both, "The davit", 9)
    with pytest.raises(
        InputError, match=r"retrieval\.within is 'Deck', and no id of the 3 documents is like that"
    ):
        opened(corpus, tmp_path, within=("Deck",))
