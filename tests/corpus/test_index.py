"""Protects the order of ranked passages, and that a damaged or foreign index is never searched."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.corpus.index import (
    BuildCost,
    IndexSource,
    PassageIndex,
    UnusableIndexError,
    build_index,
    open_index,
    save_index,
)
from harness.errors import HarnessError
from harness.records import Passage

SOURCE = IndexSource("e" * 64, "c" * 64, {"chunker": "x", "chunk_tokens": 64, "overlap_tokens": 8})
COST = BuildCost(documents=2, embed_tokens=100, seconds=1.5)


def angles(*degrees: float) -> NDArray[np.float32]:
    """Unit vectors in the plane; their cosines are known by heart."""
    turns = [math.radians(degree) for degree in degrees]
    return np.array([[math.cos(turn), math.sin(turn)] for turn in turns], dtype=np.float32)


def index_of(vectors: NDArray[np.float32]) -> PassageIndex:
    """Passage n belongs to document n // 2."""
    passages = [Passage(f"{n // 2}#{n % 2}", str(n // 2), "T", f"text {n}") for n in range(len(vectors))]
    return build_index(passages, vectors, SOURCE, COST)


def test_scores_are_cosines_best_first() -> None:
    (found,) = index_of(angles(60, 0, 90)).search(angles(0), 3)
    assert [ranked.passage.text for ranked in found] == ["text 1", "text 0", "text 2"]
    assert [ranked.score for ranked in found] == [1.0, 0.5, 0.0]


def test_k_beyond_the_corpus_and_k_zero() -> None:
    index = index_of(angles(0, 60))
    assert len(next(index.search(angles(0), 10))) == 2
    assert [*index.search(angles(0, 10), 0)] == [(), ()]
    assert [*index.search(angles()[:0].reshape(0, 2), 3)] == []


def test_ties_keep_passage_order_even_past_what_is_fetched() -> None:
    """FAISS alone returns the last of equals first; a hundred copies exceed any over-fetch."""
    index = index_of(angles(*[30] * 100, 0))
    for found in index.search(angles(0, 0), 4):
        assert [ranked.passage.text for ranked in found] == ["text 100", "text 0", "text 1", "text 2"]


def test_rounding_noise_does_not_reorder() -> None:
    """Between thread counts and batch sizes float32 sums differ by about 1e-7."""
    vectors = angles(60, 60, 60)
    vectors[2, 0] += np.float32(6e-8)
    (found,) = index_of(vectors).search(angles(0), 3)
    assert [ranked.passage.text for ranked in found] == ["text 0", "text 1", "text 2"]


def test_alone_and_in_a_batch_rank_alike() -> None:
    generator = np.random.default_rng(0)
    vectors = generator.normal(size=(300, 32)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index, queries = index_of(vectors), vectors[:50] * np.float32(0.9)
    batch = [*index.search(queries, 5)]
    assert [next(index.search(queries[n : n + 1], 5)) for n in range(50)] == batch
    expected = np.argsort(-(queries @ vectors.T), axis=1)[:, :5]
    assert [[int(r.passage.text[5:]) for r in found] for found in batch] == expected.tolist()


def test_within_ranks_the_given_documents_only() -> None:
    index = index_of(angles(0, 10, 50, 40, 5, 6))
    found = index.within(angles(0)[0], ["1", "2", "nowhere"], 3)
    assert [ranked.passage.text for ranked in found] == ["text 4", "text 5", "text 3"]
    assert found[2] == next(index.search(angles(0), 6))[4]
    assert index.within(angles(0)[0], [], 3) == ()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_index(index_of(angles(60, 0, 90)), tmp_path / "index")
    return tmp_path / "index"


def test_a_saved_index_opens_as_it_was(folder: Path) -> None:
    index = open_index(folder, SOURCE)
    assert index is not None
    original = index_of(angles(60, 0, 90))
    assert [*index.search(angles(20), 3)] == [*original.search(angles(20), 3)]
    assert (index.cost, index.sha256, index.dimension) == (COST, original.sha256, 2)
    assert index.within(angles(0)[0], ["0"], 2) == original.within(angles(0)[0], ["0"], 2)


def test_no_folder_is_no_index(tmp_path: Path) -> None:
    assert open_index(tmp_path / "none", SOURCE) is None


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (replace(SOURCE, embedder_sha256="f" * 64), "embedder_sha256"),
        (replace(SOURCE, corpus_sha256="f" * 64), "corpus_sha256"),
        (replace(SOURCE, chunking={"chunk_tokens": 65}), "chunking"),
        (replace(SOURCE, schema_version=2), "schema_version"),
        (replace(SOURCE, metric="l2"), "metric"),
    ],
)
def test_a_foreign_index_is_refused_by_name(folder: Path, change: IndexSource, named: str) -> None:
    with pytest.raises(UnusableIndexError, match=f"another {named}"):
        open_index(folder, change)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("damage", [cut, flip, Path.unlink])
@pytest.mark.parametrize("name", ["index.faiss", "passages.jsonl", "sidecar.json"])
def test_a_damaged_file_is_noticed_and_named(folder: Path, name: str, damage: Callable[[Path], None]) -> None:
    damage(folder / name)
    with pytest.raises(UnusableIndexError):
        open_index(folder, SOURCE)


def resign(folder: Path, **fields: object) -> None:
    """Rewrite the sidecar to match files that were swapped on purpose."""
    from harness.files import sha256_file

    sidecar = json.loads((folder / "sidecar.json").read_text(encoding="utf-8"))
    sidecar["sha256"] = {name: sha256_file(folder / name) for name in sidecar["sha256"]}
    (folder / "sidecar.json").write_text(json.dumps({**sidecar, **fields}), encoding="utf-8")


def test_files_that_do_not_belong_together_are_refused(folder: Path, tmp_path: Path) -> None:
    """Right hashes, wrong content: vectors of one index beside the passages of another."""
    save_index(index_of(angles(1, 2, 3, 4)), tmp_path / "other")
    (folder / "index.faiss").write_bytes((tmp_path / "other" / "index.faiss").read_bytes())
    resign(folder)
    with pytest.raises(UnusableIndexError, match="belong together"):
        open_index(folder, SOURCE)


def test_another_kind_of_index_or_other_ids_are_refused(folder: Path) -> None:
    import faiss

    flat = faiss.IndexFlatIP(2)
    flat.add(angles(0, 1, 2))
    (folder / "index.faiss").write_bytes(faiss.serialize_index(flat).tobytes())
    resign(folder)
    with pytest.raises(UnusableIndexError, match="with ids"):
        open_index(folder, SOURCE)
    shifted = faiss.IndexIDMap2(faiss.IndexFlatIP(2))
    shifted.add_with_ids(angles(0, 1, 2), np.array([1, 2, 3]))
    (folder / "index.faiss").write_bytes(faiss.serialize_index(shifted).tobytes())
    resign(folder)
    with pytest.raises(UnusableIndexError, match="ids are not"):
        open_index(folder, SOURCE)


def test_a_full_disk_is_a_sentence_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(HarnessError, match="No space left on device"):
        save_index(index_of(angles(0)), tmp_path / "index")
    assert list((tmp_path / "index").iterdir()) == []
