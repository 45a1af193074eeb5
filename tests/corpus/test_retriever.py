"""Protects the cache of indexes: built once, reused when equal, rebuilt (saying so) when damaged."""

from __future__ import annotations

import json
import multiprocessing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harness.corpus.chunks import embedding_text
from harness.corpus.documents import read_corpus
from harness.corpus.embedder import Embedder, Prefixes
from harness.corpus.fusion import fused
from harness.corpus.opening import open_retriever
from harness.corpus.retriever import Retriever
from harness.errors import HarnessError, InputError
from tests.corpus.fakes import HashEmbedder, cut_into
from tests.fakes import Silent

DOCUMENTS = {
    "leave": "Award leave is eighty hours a year.",
    "travel": "Book flights with the travel desk.\n\nHotels need approval from a manager.",
    "pets": "Dogs are welcome on Fridays.",
}


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name, text in DOCUMENTS.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    return folder


def opened(
    corpus: Path,
    embedder: Embedder,
    cache: Path,
    chunk_tokens: int = 16,
    progress: Silent | None = None,
    **prefixes: str,
) -> Retriever:
    passages = cut_into(chunk_tokens, **prefixes)
    return open_retriever(read_corpus(corpus), embedder, passages, cache=cache, progress=progress or Silent())


def test_search_finds_the_document_that_shares_words(corpus: Path, tmp_path: Path) -> None:
    retriever = opened(corpus, HashEmbedder(), tmp_path)
    queries = ["are dogs welcome", "hotels approval manager"]
    found = [*retriever.search(queries, 2)]
    assert [ranked[0].passage.doc_id for ranked in found] == ["pets", "travel"]
    assert [next(retriever.search([query], 2)) for query in queries] == found
    assert [*retriever.search([], 2)] == []


def test_gold_passages_are_those_of_the_gold_documents_nearest_first(corpus: Path, tmp_path: Path) -> None:
    retriever = opened(corpus, HashEmbedder(), tmp_path)
    first, second, none = retriever.gold(["hotels approval"] * 3, [["travel"], ["pets", "leave"], []], 2)
    assert [ranked.passage.chunk_id for ranked in first] == ["travel#1", "travel#0"]
    assert {ranked.passage.doc_id for ranked in second} == {"pets", "leave"}
    assert none == ()


def test_an_equal_index_is_reused_without_the_embedder(corpus: Path, tmp_path: Path) -> None:
    first = opened(corpus, HashEmbedder(), tmp_path)
    embedder = HashEmbedder()
    again = opened(corpus, embedder, tmp_path)
    assert (embedder.document_calls, embedder.query_calls) == (0, 0)
    assert again.info == replace(first.info, reused=True)
    assert not first.info.reused
    assert [*again.search(["dogs"], 3)] == [*first.search(["dogs"], 3)]
    # Each passage: 2 special tokens, 1 of the title, and its words and full stops.
    assert (first.info.documents, first.info.passages, first.info.embed_tokens) == (
        3,
        4,
        4 * 3 + 8 + 7 + 7 + 6,
    )


def test_another_embedder_corpus_or_chunking_has_another_index(corpus: Path, tmp_path: Path) -> None:
    keys = {
        opened(corpus, HashEmbedder(), tmp_path).info.key,
        opened(corpus, HashEmbedder("f" * 64), tmp_path).info.key,
    }
    keys.add(
        open_retriever(
            read_corpus(corpus), HashEmbedder(), cut_into(32), cache=tmp_path, progress=Silent()
        ).info.key
    )
    (corpus / "new.md").write_text("More.", encoding="utf-8")
    keys.add(opened(corpus, HashEmbedder(), tmp_path).info.key)
    assert len(keys) == 4


def test_prefixes_stand_before_what_is_embedded_and_in_the_key(corpus: Path, tmp_path: Path) -> None:
    """The task's win over the model's own; another before the question needs no other index."""
    own = Prefixes("ask: ", "tell: ")
    plain = opened(corpus, HashEmbedder(), tmp_path).info
    models = opened(corpus, HashEmbedder(prefixes=own), tmp_path).info
    assert (models.query_prefix, models.passage_prefix) == ("ask: ", "tell: ")
    assert models.embed_tokens >= plain.embed_tokens + 2 * plain.passages  # a word and a colon each
    given = opened(corpus, HashEmbedder(prefixes=own), tmp_path, query_prefix="question ").info
    assert (given.query_prefix, given.passage_prefix, given.reused) == ("question ", "tell: ", True)
    without = opened(corpus, HashEmbedder(prefixes=own), tmp_path, query_prefix="", passage_prefix="").info
    assert without == replace(plain, reused=True)
    assert len({plain.key, models.key, given.key}) == 3


def test_a_prefixed_query_is_another_query(corpus: Path, tmp_path: Path) -> None:
    retriever = opened(corpus, HashEmbedder(), tmp_path, query_prefix="dogs welcome dogs ")
    assert next(retriever.search(["hotels"], 1))[0].passage.doc_id == "pets"
    assert retriever.gold(["hotels"], [["pets", "travel"]], 1)[0][0].passage.doc_id == "pets"


def test_chunks_leave_room_for_the_prefix(corpus: Path, tmp_path: Path) -> None:
    prefix = "this is a passage of the handbook: "
    embedder = HashEmbedder()
    retriever = opened(corpus, embedder, tmp_path, 24, passage_prefix=prefix)
    passages = [ranked.passage for ranked in next(retriever.search(["dogs"], 100))]
    texts = [prefix + embedding_text(passage) for passage in passages]
    assert max(embedder.count_tokens(texts)) <= 24 < max(embedder.count_tokens(texts)) + 8
    with pytest.raises(InputError, match="takes 10 of the 16 tokens of a passage; raise"):
        opened(corpus, embedder, tmp_path, passage_prefix=prefix)


def test_a_moved_corpus_keeps_its_index(corpus: Path, tmp_path: Path) -> None:
    key = opened(corpus, HashEmbedder(), tmp_path).info.key
    moved = corpus.rename(tmp_path / "moved")
    info = opened(moved, HashEmbedder(), tmp_path).info
    assert (info.key, info.reused) == (key, True)


@pytest.mark.parametrize("name", ["index.faiss", "passages.jsonl", "sidecar.json"])
def test_a_truncated_index_is_built_again_and_says_so(corpus: Path, tmp_path: Path, name: str) -> None:
    first = opened(corpus, HashEmbedder(), tmp_path)
    path = tmp_path / "indexes" / first.info.key / name
    path.write_bytes(path.read_bytes()[:-9])
    progress = Silent()
    again = opened(corpus, HashEmbedder(), tmp_path, progress=progress)
    (note,) = progress.notes
    assert name in note
    assert "built again" in note
    assert not again.info.reused
    assert [*again.search(["dogs"], 3)] == [*first.search(["dogs"], 3)]
    assert opened(corpus, HashEmbedder(), tmp_path).info.reused


def test_a_foreign_index_in_its_place_is_built_again(corpus: Path, tmp_path: Path) -> None:
    info = opened(corpus, HashEmbedder(), tmp_path).info
    path = tmp_path / "indexes" / info.key / "sidecar.json"
    sidecar = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**sidecar, "embedder_sha256": "0" * 64}), encoding="utf-8")
    progress = Silent()
    assert not opened(corpus, HashEmbedder(), tmp_path, progress=progress).info.reused
    assert "another embedder_sha256" in progress.notes[0]


def test_chunks_longer_than_the_embedder_reads_are_refused(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="reads 64 tokens; chunks of 65"):
        open_retriever(read_corpus(corpus), HashEmbedder(), cut_into(65), cache=tmp_path, progress=Silent())


def test_vectors_that_are_no_numbers_stop_the_build(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        HashEmbedder, "_embed", lambda self, texts: np.full((len(texts), 64), np.nan, np.float32)
    )
    with pytest.raises(HarnessError, match="not finite"):
        opened(corpus, HashEmbedder(), tmp_path)
    assert not [path for path in (tmp_path / "indexes").iterdir() if path.is_dir()]


def _open_in_process(corpus: Path, cache: Path, barrier: object, results: object) -> None:
    barrier.wait()  # type: ignore[attr-defined]
    retriever = opened(corpus, HashEmbedder(), cache)
    top = next(retriever.search(["are dogs welcome"], 1))[0]
    results.put((retriever.info.reused, retriever.info.sha256, top.passage.chunk_id))  # type: ignore[attr-defined]


def test_two_processes_at_once_build_it_once(corpus: Path, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(2), context.Queue()
    workers = [
        context.Process(target=_open_in_process, args=(corpus, tmp_path, barrier, results)) for _ in range(2)
    ]
    for worker in workers:
        worker.start()
    outcomes = [results.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join(timeout=60)
        assert worker.exitcode == 0
    results.close()
    results.join_thread()
    assert sorted(reused for reused, *_ in outcomes) == [False, True]
    assert outcomes[0][1:] == outcomes[1][1:]


def test_words_alone_rank_without_an_embedder(corpus: Path, tmp_path: Path) -> None:
    embedder = HashEmbedder()
    way = replace(cut_into(16), method="bm25")
    retriever = open_retriever(read_corpus(corpus), embedder, way, cache=tmp_path, progress=Silent())
    assert next(retriever.search(["when are dogs welcome"], 3))[0].passage.doc_id == "pets"
    assert [item.passage.doc_id for item in retriever.gold(["dogs"], [["pets", "leave"]], 5)[0]] == [
        "pets",
        "leave",
    ]
    assert (embedder.document_calls, embedder.query_calls) == (0, 0)
    dense = opened(corpus, embedder, tmp_path)
    assert retriever.info.passages == dense.info.passages
    assert (retriever.info.embed_tokens, retriever.info.documents) == (0, 3)
    again = open_retriever(read_corpus(corpus), embedder, way, cache=tmp_path, progress=Silent())
    assert again.info == replace(retriever.info, reused=True)


def test_both_rankings_are_fused_and_named_by_both(corpus: Path, tmp_path: Path) -> None:
    embedder = HashEmbedder()
    way = replace(cut_into(16), method="hybrid", candidates=10)
    hybrid = open_retriever(read_corpus(corpus), embedder, way, cache=tmp_path, progress=Silent())
    dense = opened(corpus, embedder, tmp_path)
    words = open_retriever(
        read_corpus(corpus), embedder, replace(way, method="bm25"), cache=tmp_path, progress=Silent()
    )
    queries = ["hotels need approval", "eighty hours of dogs"]
    for query, found in zip(queries, hybrid.search(queries, 3), strict=True):
        assert found == fused([next(dense.search([query], 10)), next(words.search([query], 10))], 3)
    keys = {dense.key, words.key, hybrid.key}
    fewer = replace(way, candidates=20)
    keys.add(open_retriever(read_corpus(corpus), embedder, fewer, cache=tmp_path, progress=Silent()).key)
    assert len(keys) == 4
    assert hybrid.info.seconds > dense.info.seconds
    assert hybrid.info.bytes == dense.info.bytes + words.info.bytes
    assert hybrid.gold(["dogs"], [["pets"]], 1) == dense.gold(["dogs"], [["pets"]], 1)
