"""Protects ranking by words: BM25's formula, any script, and an index on disk that is checked before use."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.corpus.fusion import fused
from harness.corpus.lexical import K1, B, LexicalIndex, LexicalSource, best_places, open_lexical
from harness.corpus.terms import terms
from harness.records import Passage, Ranked
from tests.fakes import Silent

SOURCE = LexicalSource("c" * 64, {"chunk_tokens": 16}, "e" * 64)
TEXTS = {
    "leave": "Award leave is eighty hours",
    "pets": "Dogs are welcome, dogs and cats",
    "travel": "Book flights",
}


def passages(texts: dict[str, str] = TEXTS) -> list[Passage]:
    return [Passage(f"{name}#0", name, "", text) for name, text in texts.items()]


def opened(cache: Path, of: Sequence[Passage], progress: Silent | None = None) -> LexicalIndex:
    return open_lexical(SOURCE, lambda: of, cache=cache, progress=progress or Silent())


def by_hand(query: str, texts: dict[str, str]) -> dict[str, float]:
    """Lucene's BM25 as it stands in Kamphuis et al., ECIR 2020, without the constant (k1 + 1)."""
    words = {name: terms(text) for name, text in texts.items()}
    mean = sum(map(len, words.values())) / len(words)
    scores = dict.fromkeys(texts, 0.0)
    for term in terms(query):
        holding = sum(term in own for own in words.values())
        if not holding:
            continue
        idf = math.log(1 + (len(words) - holding + 0.5) / (holding + 0.5))
        for name, own in words.items():
            count = own.count(term)
            scores[name] += idf * count / (count + K1 * (1 - B + B * len(own) / mean))
    return scores


def test_scores_are_those_of_the_formula(tmp_path: Path) -> None:
    query = "dogs and award hours"
    (found,) = opened(tmp_path, passages()).search([query], 10)
    wanted = by_hand(query, TEXTS)
    assert {ranked.passage.doc_id: ranked.score for ranked in found} == pytest.approx(
        {name: score for name, score in wanted.items() if score}, abs=1e-3
    )
    assert [ranked.score for ranked in found] == sorted((ranked.score for ranked in found), reverse=True)


def test_passages_without_a_common_word_are_not_found_but_gold_ones_are_given(tmp_path: Path) -> None:
    index = opened(tmp_path, passages())
    assert [*index.search(["zebra", "", "?!"], 3)] == [(), (), ()]
    assert [ranked.passage.doc_id for ranked in index.within("dogs", ["travel", "pets"], 5)] == [
        "pets",
        "travel",
    ]
    assert index.within("dogs", ["nowhere"], 5) == ()


def test_equal_scores_keep_passage_order(tmp_path: Path) -> None:
    same = passages(dict.fromkeys("abcdef", "the same words"))
    (found,) = opened(tmp_path, same).search(["same"], 3)
    assert [ranked.passage.doc_id for ranked in found] == ["a", "b", "c"]


def test_a_corpus_without_any_word_is_searched_in_vain(tmp_path: Path) -> None:
    index = opened(tmp_path, passages({"dots": "…", "more": "!!!"}))
    assert [*index.search(["dots"], 3)] == [()]


@pytest.mark.parametrize("name", ["data.csc.index.npy", "vocab.index.json", "passages.jsonl", "sidecar.json"])
def test_a_damaged_index_is_named_and_built_again(tmp_path: Path, name: str) -> None:
    first = opened(tmp_path, passages())
    progress = Silent()
    assert opened(tmp_path, passages(), progress).reused
    assert progress.notes == []
    path = tmp_path / "indexes" / first.key / name
    path.write_bytes(path.read_bytes()[:-3])
    again = opened(tmp_path, passages(), progress)
    assert not again.reused
    assert name in progress.notes[0]
    assert [*again.search(["dogs"], 1)] == [*first.search(["dogs"], 1)]


def test_a_file_that_no_hash_speaks_for_is_not_read(tmp_path: Path) -> None:
    sidecar = tmp_path / "indexes" / opened(tmp_path, passages()).key / "sidecar.json"
    sidecar.write_text(json.dumps(json.loads(sidecar.read_text()) | {"sha256": {}}))
    progress = Silent()
    assert not opened(tmp_path, passages(), progress).reused
    assert "damaged: data.csc.index.npy" in progress.notes[0]


def test_another_source_is_another_index(tmp_path: Path) -> None:
    assert (
        opened(tmp_path, passages()).key
        != open_lexical(replace(SOURCE, counted_by="f" * 64), passages, cache=tmp_path, progress=Silent()).key
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't e-mail PEP 484!", ["don", "t", "e", "mail", "pep", "484"]),
        ("Größe STRASSE Straße", ["grösse", "strasse", "strasse"]),
        ("ﬁle １２", ["file", "12"]),
        ("東京都の天気", ["東京", "京都", "都の", "の天", "天気"]),
        ("Python版 木", ["python", "版", "木"]),
        ("snake_case", ["snake", "case"]),
        ("", []),
    ],
)
def test_words_of_any_script(text: str, words: list[str]) -> None:
    assert terms(text) == words


@given(st.integers(1, 3000), st.integers(1, 60), st.integers(0, 99), st.sampled_from([0.0, 0.5, 0.99, 1.0]))
def test_the_best_are_those_of_sorting_all(count: int, k: int, seed: int, empty: float) -> None:
    """Many scores are equal or nearly so, and most may be 0."""
    draw = np.random.default_rng(seed)
    scores = (draw.integers(0, 40, count) / 7 + draw.normal(0, 3e-5, count)).astype(np.float32)
    scores = np.maximum(np.where(draw.random(count) < empty, 0, scores), 0).astype(np.float32)
    rounded = scores.round(4)
    wanted = [int(at) for at in sorted(range(count), key=lambda at: (-rounded[at], at)) if rounded[at] > 0][
        :k
    ]
    assert best_places(scores, k).tolist() == wanted


@given(st.text())
def test_words_are_neither_empty_nor_spaced(text: str) -> None:
    assert all(term and not any(sign.isspace() for sign in term) for term in terms(text))


def ranking(*names: str) -> list[Ranked]:
    return [Ranked(Passage(name, name, "", name), 1.0) for name in names]


def test_ranks_are_fused_by_their_reciprocals() -> None:
    found = fused([ranking("a", "b", "c"), ranking("c", "d")], 10)
    assert [item.passage.chunk_id for item in found] == ["c", "a", "b", "d"]
    assert [item.score for item in found] == pytest.approx(
        [1 / 63 + 1 / 61, 1 / 61, 1 / 62, 1 / 62], abs=1e-6
    )
    assert fused([ranking("a", "b"), []], 1) == (Ranked(Passage("a", "a", "", "a"), round(1 / 61, 6)),)
    assert fused([[], []], 3) == ()
