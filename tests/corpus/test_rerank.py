"""Protects the second ranking: its order, its limits, a model that has no head, and a server that answers oddly."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.corpus.documents import read_corpus
from harness.corpus.opening import open_retriever
from harness.corpus.rerank import CrossEncoderReranker, Reranker
from harness.corpus.retriever import Retriever
from harness.engines.endpoint.rerank import open_served_reranker
from harness.errors import HarnessError, InputError, ModelUnavailable
from tests.corpus.fakes import HashEmbedder, cut_into
from tests.fakes import Silent
from tests.servers import Body, Fault, Handler, ScriptedServer, answering, endless, status


class ByLength:
    """Likes short passages best."""

    name, sha256 = "short", "5" * 64

    def __init__(self, max_tokens: int | None = 512, broken: float | None = None) -> None:
        self.max_tokens = max_tokens
        self.broken = broken
        self.asked: list[int] = []

    def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        self.asked.append(len(texts))
        return [-float(len(text)) if self.broken is None else self.broken for text in texts]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for number in range(12):
        words = " ".join(["harbour"] * (12 - number))
        (folder / f"d{number:02}.md").write_text(f"The harbour {words}.", encoding="utf-8")
    return folder


def opened(corpus: Path, cache: Path, reranker: Reranker | None, **settings: Any) -> Retriever:
    way = replace(cut_into(32), rerank="short" if reranker else None, **settings)
    opener = {} if reranker is None else {"reranker": lambda _name: reranker}
    return open_retriever(read_corpus(corpus), HashEmbedder(), way, cache=cache, progress=Silent(), **opener)


def ids(retriever: Retriever, k: int) -> list[str]:
    return [ranked.passage.doc_id for ranked in next(retriever.search(["the harbour"], k))]


def test_candidates_are_ranked_again_and_the_rest_never_seen(corpus: Path, tmp_path: Path) -> None:
    reranker = ByLength()
    plain, again = opened(corpus, tmp_path, None), opened(corpus, tmp_path, reranker, candidates=10)
    first = ids(plain, 10)
    assert ids(again, 3) == sorted(first, reverse=True)[:3]  # shorter documents have higher numbers
    assert reranker.asked == [10]
    assert len(ids(again, 12)) == 12, "a larger k asks for more"
    assert again.key != plain.key
    assert again.info == replace(plain.info, key=again.key, reused=True)
    assert again.gold(["harbour"], [["d03"]], 2) == plain.gold(["harbour"], [["d03"]], 2)


def test_equal_scores_keep_their_order(corpus: Path, tmp_path: Path) -> None:
    plain, again = opened(corpus, tmp_path, None), opened(corpus, tmp_path, ByLength(broken=0.5))
    assert ids(again, 5) == ids(plain, 5)


def test_neighbours_come_after_the_second_ranking(corpus: Path, tmp_path: Path) -> None:
    reranker = ByLength()
    wide = opened(corpus, tmp_path, reranker, expand=1, method="hybrid")
    assert len(ids(wide, 3)) == 3


def test_what_cannot_be_ranked_is_told(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="reads 32 tokens, question and passage together"):
        opened(corpus, tmp_path, ByLength(32))
    with pytest.raises(HarnessError, match="no numbers"):
        ids(opened(corpus, tmp_path, ByLength(broken=float("nan"))), 3)
    way = replace(cut_into(32), rerank="cross")
    with pytest.raises(InputError, match="'cross' cannot be opened here"):
        open_retriever(read_corpus(corpus), HashEmbedder(), way, cache=tmp_path, progress=Silent())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny BERT with a head of one score, and random weights."""
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    where = tmp_path_factory.mktemp("cross-encoder")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "harbour", "dogs", "are", "welcome"]
    (where / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    tokenizer = BertTokenizerFast(str(where / "vocab.txt"), model_max_length=32)
    tokenizer.save_pretrained(where)
    config = BertConfig(
        vocab_size=len(words), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, max_position_embeddings=64, num_labels=1,
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(where)
    return where


def test_a_cross_encoder_is_what_the_library_makes_of_it(folder: Path) -> None:
    from sentence_transformers import CrossEncoder

    reranker = CrossEncoderReranker(folder, "tiny", "7" * 64, "cpu")
    assert reranker.max_tokens == 32
    texts = ["the harbour", "dogs are welcome", "the dogs"]
    found = reranker.scores("are dogs welcome", texts)
    library = CrossEncoder(str(folder), device="cpu", local_files_only=True)
    wanted = library.predict([("are dogs welcome", text) for text in texts], show_progress_bar=False)
    assert found == pytest.approx([float(score) for score in wanted], abs=1e-6)
    assert len(set(found)) == 3


def test_a_model_without_a_trained_head_is_refused(folder: Path, tmp_path: Path) -> None:
    from transformers import BertModel

    for name in ("vocab.txt", "tokenizer.json", "tokenizer_config.json"):
        if (folder / name).exists():
            (tmp_path / name).write_bytes((folder / name).read_bytes())
    BertModel.from_pretrained(folder).save_pretrained(tmp_path)
    with pytest.raises(ModelUnavailable, match="missing"):
        CrossEncoderReranker(tmp_path, "headless", "7" * 64, "cpu").scores("a", ["b"])


def reply(*scores: float | None) -> dict[str, Any]:
    rows = [{"index": place, "relevance_score": score} for place, score in enumerate(scores)]
    return {"results": rows[::-1]}


def test_a_server_ranks_and_its_order_does_not_matter() -> None:
    with ScriptedServer(lambda _messages: "") as server:
        server.always = answering(reply(0.1, 0.9, -3))
        reranker = open_served_reranker(server.reference)
        assert reranker.scores("q", ["a", "b", "c"]) == [0.1, 0.9, -3.0]
        assert server.paths[-1].endswith("/rerank")
        assert server.asked[-1]["documents"] == ["a", "b", "c"]
        assert server.asked[-1]["top_n"] == 3
        assert json.dumps(server.asked[-1]).count("model") == 1


@pytest.mark.parametrize(
    "body",
    [
        *(reply(0.1), reply(0.1, None), {"results": "none"}, [], reply(0.1, 0.2, 0.3), {"error": "no"}),
        *(reply(0.1, float("inf")), reply(0.1, float("nan")), reply(0.1, 10**400)),
    ],
)
def test_a_reply_that_does_not_score_each_passage_is_none(body: Any) -> None:
    with ScriptedServer(lambda _messages: "") as server:
        server.always = answering(body)
        waits: list[float] = []
        reranker = open_served_reranker(server.reference, sleep=waits.append)
        with pytest.raises(HarnessError, match="/rerank ranks no passages: "):
            reranker.scores("q", ["a", "b"])


def test_a_busy_server_is_asked_again_and_an_unwilling_one_is_not() -> None:
    with ScriptedServer(lambda _messages: "") as server:
        waits: list[float] = []
        reranker = open_served_reranker(server.reference, sleep=waits.append)
        server.faults += [status(429, headers={"Retry-After": "7"}), status(503)]
        server.faults.append(answering(reply(1.0)))
        assert reranker.scores("q", ["a"]) == [1.0]
        assert waits == [7.0, 2.0]
        server.faults.append(status(404))
        with pytest.raises(HarnessError, match="ranks no passages"):
            reranker.scores("q", ["a"])


def raw(content: bytes, code: int = 200, kind: str = "application/json") -> Fault:
    return lambda handler, _body: handler.send_bytes(content, code, None, kind)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{oops", r"no JSON \({oops\)"),
        (b"", "is empty"),
        (b"<html>", "no JSON"),
        (b"[" * 100_000, "no JSON"),
    ],
)
def test_a_reply_that_cannot_be_read_is_a_sentence(content: bytes, said: str) -> None:
    with ScriptedServer(lambda _messages: "") as server:
        server.always = raw(content)
        with pytest.raises(HarnessError, match=f"/rerank ranks no passages: the server's reply .*{said}"):
            open_served_reranker(server.reference, environment={}, sleep=lambda _s: None).scores("q", ["a"])


@pytest.mark.parametrize("code", [200, 500])
def test_a_reply_without_an_end_is_not_read_to_its_end(code: int) -> None:
    with ScriptedServer(lambda _messages: "") as server:
        server.always = endless(code)
        with pytest.raises(HarnessError, match="/rerank ranks no passages"):
            open_served_reranker(server.reference, environment={}, sleep=lambda _s: None).scores("q", ["a"])


def locked(key: str) -> Fault:
    """Answers whoever has the key."""

    def answer(handler: Handler, body: Body) -> None:
        known = handler.headers["Authorization"] == f"Bearer {key}"
        (answering(reply(1.0)) if known else status(401))(handler, body)

    return answer


def test_a_server_that_wants_a_key_says_where_it_belongs() -> None:
    with ScriptedServer(lambda _messages: "") as server:
        server.always = locked("secret-key")
        with pytest.raises(
            HarnessError, match=r"wants a key; put it into RERANK_API_KEY, and .* into RERANK_API_URL"
        ):
            open_served_reranker(server.reference, environment={}).scores("q", ["a"])
        given = {"RERANK_API_KEY": "secret-key", "RERANK_API_URL": server.reference.partition("#")[0]}
        assert open_served_reranker(server.reference, environment=given).scores("q", ["a"]) == [1.0]
        wrong = given | {"RERANK_API_KEY": "another-key"}
        with pytest.raises(HarnessError, match="does not take the key in RERANK_API_KEY") as error:
            open_served_reranker(server.reference, environment=wrong).scores("q", ["a"])
        assert "another-key" not in str(error.value)
        with pytest.raises(InputError, match="RERANK_API_KEY, which holds the key of the server, is not set"):
            open_served_reranker(server.reference, environment=given | {"RERANK_API_KEY": ""})


def test_a_key_goes_to_no_other_server_that_a_task_file_may_name() -> None:
    environment = {"RERANK_API_KEY": "secret-key", "RERANK_API_URL": "https://rerank.example/v1"}
    with ScriptedServer(lambda _messages: "") as server:
        server.always = answering(reply(1.0))
        assert open_served_reranker(server.reference, environment=environment).scores("q", ["a"]) == [1.0]
        assert all("secret-key" not in str(sent) for sent in server.headers)
