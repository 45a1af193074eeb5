"""Protects what a large or changing corpus needs: builds that go on, refreshes of what changed, inexact search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.corpus import approximate, building, vectors
from harness.corpus.building import IndexInfo, open_dense
from harness.corpus.chunks import embedding_text
from harness.corpus.document import Document
from harness.corpus.documents import Corpus
from harness.corpus.index import PassageIndex
from harness.corpus.opening import open_retriever
from harness.records import Inventory
from tests.corpus.fakes import HashEmbedder, cut_into
from tests.fakes import Silent

WORDS = [f"w{n}" for n in range(150)]


class Recorder(HashEmbedder):
    """Keeps what it embedded, and may be killed after some calls."""

    def __init__(self, calls: int | None = None, sha256: str = "e" * 64) -> None:
        super().__init__(sha256)
        self.texts: list[str] = []
        self._left = calls

    def embed_documents(
        self, texts: Sequence[str], prefix: str, advance: Callable[[int], None]
    ) -> NDArray[np.float32]:
        if self._left is not None:
            if not self._left:
                raise KeyboardInterrupt
            self._left -= 1
        self.texts += [prefix + text for text in texts]
        return super().embed_documents(texts, prefix, advance)


def corpus_of(texts: dict[str, str]) -> Corpus:
    documents = tuple(Document(name, name, text) for name, text in sorted(texts.items()))
    return Corpus(documents, Inventory(files=len(documents), documents=len(documents), characters=1))


def made_up(count: int) -> dict[str, str]:
    """Documents of one passage each, ten words drawn with a seed."""
    chance = np.random.default_rng(0)
    return {f"d{n:04d}": " ".join(chance.choice(WORDS, 10)) for n in range(count)}


def opened(
    texts: dict[str, str],
    embedder: HashEmbedder,
    cache: Path,
    progress: Silent | None = None,
    **prefixes: str,
) -> tuple[PassageIndex, IndexInfo]:
    passages = cut_into(32, **prefixes)
    return open_dense(corpus_of(texts), embedder, passages, cache=cache, progress=progress or Silent())


def ranking(index: PassageIndex, query: str) -> list[tuple[str, float]]:
    found = next(index.search(HashEmbedder().embed_queries([query], ""), 5))
    return [(ranked.passage.chunk_id, ranked.score) for ranked in found]


def test_a_changed_corpus_embeds_what_changed_and_says_what_it_cost(tmp_path: Path) -> None:
    before, first = made_up(40), Recorder()
    _, whole = opened(before, first, tmp_path)
    after = {name: text for name, text in before.items() if name != "d0003"}
    after |= {"d0007": "a new text of seven", "new": "one more"}
    second, progress = Recorder(), Silent()
    index, info = opened(after, second, tmp_path, progress)
    assert sorted(second.texts) == ["d0007\na new text of seven", "new\none more"]
    assert (info.passages, info.new_passages) == (40, 2)
    assert info.new_tokens == sum(second.count_tokens(second.texts))
    assert info.embed_tokens == sum(second.count_tokens([f"{name}\n{text}" for name, text in after.items()]))
    assert (whole.new_passages, whole.new_tokens) == (40, whole.embed_tokens)
    assert progress.notes == ["  38 of 40 passages embedded before, 2 new."]
    fresh, _ = opened(after, Recorder(), tmp_path / "elsewhere")
    for query in ("a new text", before["d0009"], "w1 w2"):
        assert ranking(index, query) == ranking(fresh, query)


def test_the_price_of_the_whole_is_kept_when_little_of_it_is_embedded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock that ticks once a look: what the earlier build took counts in the later one's price, not in its own."""
    ticks = iter(range(1000))
    monkeypatch.setattr(building.time, "perf_counter", lambda: float(next(ticks)))
    monkeypatch.setattr(vectors, "SHARD", 10)
    texts = made_up(40)
    _, whole = opened(texts, Recorder(), tmp_path)
    _, info = opened({**texts, "new": "one more"}, Recorder(), tmp_path)
    assert whole.seconds == 1 + 4 + 1  # cutting, four shards, indexing
    assert info.seconds == pytest.approx(1 + 5 + 1)
    assert whole.new_s is not None
    assert info.new_s is not None
    assert info.new_s < whole.new_s


def test_a_killed_build_loses_at_most_a_shard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "SHARD", 10)
    texts, killed, resumed = made_up(45), Recorder(calls=3), Recorder()
    with pytest.raises(KeyboardInterrupt):
        opened(texts, killed, tmp_path)
    assert not [path for path in (tmp_path / "indexes").iterdir() if path.is_dir()]
    index, info = opened(texts, resumed, tmp_path)
    assert len(killed.texts) == 30
    assert len(resumed.texts) == info.new_passages == 15
    whole, _ = opened(texts, Recorder(), tmp_path / "elsewhere")
    assert index.sha256 == whole.sha256


def test_vectors_are_of_one_embedder_and_one_prefix(tmp_path: Path) -> None:
    texts = made_up(5)
    opened(texts, Recorder(), tmp_path)
    other = Recorder(sha256="f" * 64)
    opened(texts, other, tmp_path)
    prefixed = Recorder()
    opened(texts, prefixed, tmp_path, passage_prefix="passage: ")
    assert len(other.texts) == len(prefixed.texts) == 5


def test_equal_texts_are_embedded_once(tmp_path: Path) -> None:
    embedder = Recorder()
    documents = tuple(Document(f"d{n}", "same", "the same text") for n in range(3))
    inventory = Inventory(files=3, documents=3, characters=1)
    index, info = open_dense(
        Corpus(documents, inventory), embedder, cut_into(32), cache=tmp_path, progress=Silent()
    )
    assert embedder.texts == ["same\nthe same text"]
    assert (info.passages, info.new_passages, info.new_tokens) == (3, 1, info.embed_tokens)
    assert [chunk for chunk, _ in ranking(index, "same")] == ["d0#0", "d1#0", "d2#0"]


@pytest.mark.parametrize("damage", [lambda data: data[:-4], lambda data: data[:-8] + b"\0\0\x80?" * 2])
def test_a_damaged_shard_is_named_and_embedded_again(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    texts = made_up(5)
    index, _ = opened(texts, Recorder(), tmp_path)
    (shard,) = (tmp_path / "vectors").iterdir()
    shard.write_bytes(damage(shard.read_bytes()))
    embedder, progress = Recorder(), Silent()
    again, _ = opened({**texts, "new": "one more"}, embedder, tmp_path, progress)
    assert len(embedder.texts) == 6
    assert f"{shard.name} was cut short or altered" in progress.notes[0]
    assert ranking(again, texts["d0002"])[0] == ranking(index, texts["d0002"])[0]


def test_cutting_in_groups_is_cutting_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {name: f"# Part\n\n{text}. {text}" for name, text in made_up(20).items()}
    at_once, _ = opened(texts, Recorder(), tmp_path)
    monkeypatch.setattr(building, "_GROUP", 100)
    in_groups, _ = opened(texts, Recorder(), tmp_path / "elsewhere")
    assert list(in_groups.passages) == list(at_once.passages)


@pytest.fixture(params=["hnsw", "ivf-pq"])
def inexact(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Limits so low that a small corpus is searched as a large one."""
    monkeypatch.setattr(approximate, "FLAT_UP_TO", 100)
    monkeypatch.setattr(approximate, "HNSW_UP_TO", 100 if request.param == "ivf-pq" else 1000)
    return str(request.param)


def test_a_large_corpus_is_searched_inexactly_with_exact_scores(
    inexact: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts, progress = made_up(600), Silent()
    index, info = opened(texts, Recorder(), tmp_path, progress)
    assert (info.kind, info.recall_queries) == (inexact, 200)
    assert info.recall is not None
    assert info.recall >= 0.9
    assert f"searched by {inexact}, which finds {100 * info.recall:.1f} %" in progress.notes[-1]
    again, reopened = opened(texts, Recorder(), tmp_path)
    assert reopened == replace(info, reused=True)
    monkeypatch.setattr(approximate, "FLAT_UP_TO", 1000)
    exact, flat = opened(texts, Recorder(), tmp_path / "exact")
    assert (flat.kind, flat.recall) == ("flat", None)
    assert flat.key != info.key
    queries = [texts[f"d{n:04d}"] for n in range(0, 600, 30)]
    assert [ranking(index, query)[0] for query in queries] == [ranking(exact, query)[0] for query in queries]
    assert [ranking(again, query) for query in queries] == [ranking(index, query) for query in queries]
    vector = HashEmbedder().embed_queries(["w1 w2"], "")[0]
    documents = ["d0001", "d0400", "d0599"]
    assert index.within(vector, documents, 2) == exact.within(vector, documents, 2)


def test_ties_of_an_inexact_search_end(inexact: str, tmp_path: Path) -> None:
    index, _ = opened({f"d{n:04d}": "the same" for n in range(300)}, Recorder(), tmp_path)
    found = [chunk for chunk, _ in ranking(index, "same")]
    assert len(found) == 5


def test_the_same_vectors_give_the_same_inexact_index(inexact: str, tmp_path: Path) -> None:
    hashes = {opened(made_up(300), Recorder(), tmp_path / name)[1].sha256 for name in "ab"}
    assert len(hashes) == 1


def test_an_index_for_another_size_is_built_again(
    inexact: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(made_up(300), Recorder(), tmp_path)
    monkeypatch.setattr(approximate, "FLAT_UP_TO", 1000)
    progress, embedder = Silent(), Recorder()
    _, info = opened(made_up(300), embedder, tmp_path, progress)
    assert "searched in another way today" in progress.notes[0]
    assert (info.kind, embedder.texts) == ("flat", [])


def test_passages_on_disk_serve_the_other_retrievers(tmp_path: Path) -> None:
    retriever = open_retriever(
        corpus_of(made_up(30)), Recorder(), cut_into(32, method="hybrid"), cache=tmp_path, progress=Silent()
    )
    best = next(retriever.search([made_up(30)["d0004"]], 1))[0].passage
    assert embedding_text(best) == f"d0004\n{made_up(30)['d0004']}"
