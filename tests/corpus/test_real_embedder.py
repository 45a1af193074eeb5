"""Protects what is believed of the default embedder: window, token counts, vectors, silence."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from harness.corpus.documents import read_corpus
from harness.corpus.embedder import Prefixes, SentenceTransformerEmbedder
from harness.corpus.opening import open_retriever
from harness.errors import ModelUnavailable
from tests.corpus.fakes import cut_into
from tests.fakes import Silent

TEXTS = [
    "Award leave\nEmployees can get up to 80 hours of award leave a year.",
    "Dogs",
    "naïve café – 知識は力なり 🙂 https://example.org/a?b=c#d",
    "word " * 400,
]


@pytest.fixture(scope="module")
def embedder(default_embedder_folder: Path) -> SentenceTransformerEmbedder:
    return SentenceTransformerEmbedder(default_embedder_folder, "all-MiniLM-L6-v2", "5" * 64, "cpu")


@pytest.mark.models
def test_window_and_counts_agree_with_sentence_transformers(embedder: SentenceTransformerEmbedder) -> None:
    """The counts are taken without the model; here its own tokenizer, untruncated, is the judge."""
    assert embedder.max_tokens == 256
    assert "_model" not in vars(embedder)
    counts = embedder.count_tokens(TEXTS)
    assert "_model" not in vars(embedder)
    assert embedder._model.max_seq_length == 256
    assert counts == [len(embedder._model.tokenizer(text, truncation=False)["input_ids"]) for text in TEXTS]
    assert counts[3] == 402


@pytest.mark.models
def test_vectors_are_unit_float32_in_the_order_of_the_texts(
    embedder: SentenceTransformerEmbedder, capfd: pytest.CaptureFixture[str]
) -> None:
    advanced: list[int] = []
    together = embedder.embed_documents(TEXTS, "", advanced.append)
    assert together.shape == (4, embedder.dimension) == (4, 384)
    assert together.dtype == np.float32
    assert sum(advanced) == 4
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    for row, text in enumerate(TEXTS):
        np.testing.assert_allclose(embedder.embed_queries([text], "")[0], together[row], atol=1e-5)
    assert embedder.embed_queries([], "").shape == (0, 384)
    assert capfd.readouterr() == ("", "")


@pytest.mark.models
def test_a_question_finds_its_passage(embedder: SentenceTransformerEmbedder, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "leave.md").write_text(
        "# Leave\n\nUp to 80 hours of award leave are granted.", encoding="utf-8"
    )
    (corpus / "pets.md").write_text("# Pets\n\nDogs may come along on Fridays.", encoding="utf-8")
    retriever = open_retriever(
        read_corpus(corpus), embedder, cut_into(64, 16), cache=tmp_path / "cache", progress=Silent()
    )
    best = next(retriever.search(["When can I bring my puppy to the office?"], 2))[0]
    assert best.passage.doc_id == "pets"
    assert 0.2 < best.score <= 1


def test_a_folder_without_a_model_is_a_sentence(tmp_path: Path) -> None:
    embedder = SentenceTransformerEmbedder(tmp_path, "mine", "0" * 64, "cpu")
    with pytest.raises(ModelUnavailable, match="does not say how many tokens"):
        _ = embedder.max_tokens
    (tmp_path / "sentence_bert_config.json").write_text("{broken", encoding="utf-8")
    with pytest.raises(ModelUnavailable, match="cannot be read"):
        _ = embedder.max_tokens


@pytest.mark.models
@pytest.mark.parametrize(
    ("prefix", "lost", "words"),
    [("module.", "none", "'module.'"), ("", "layer.5.", "16 tensors missing"), ("bert.", "pooler.", "")],
)
def test_an_embedder_whose_weights_do_not_fit_is_refused(
    default_embedder_folder: Path, tmp_path: Path, prefix: str, lost: str, words: str
) -> None:
    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(default_embedder_folder, tmp_path / "model")
    tensors = load_file(folder / "model.safetensors")
    kept = {f"{prefix}{name}": tensor for name, tensor in tensors.items() if lost not in name}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    embedder = SentenceTransformerEmbedder(folder, "mine", "0" * 64, "cpu")
    if words:
        with pytest.raises(ModelUnavailable, match=words):
            embedder.embed_queries(["hi"], "")
    else:  # the name of a task's model in front, and no pooler: as many embedders are published
        whole = SentenceTransformerEmbedder(default_embedder_folder, "whole", "0" * 64, "cpu")
        assert (embedder.embed_queries(["hi"], "") == whole.embed_queries(["hi"], "")).all()


@pytest.mark.parametrize(
    ("config", "prefixes"),
    [
        ({}, Prefixes()),
        ({"prompts": {"query": "query: ", "passage": "passage: "}}, Prefixes("query: ", "passage: ")),
        ({"prompts": {"query": "query: ", "document": "", "passage": "p: "}}, Prefixes("query: ", "p: ")),
        ({"prompts": {"query": "Search: ", "document": ""}}, Prefixes("Search: ", "")),
        ({"prompts": {"query": "q: "}, "default_prompt_name": "query"}, Prefixes("q: ", "")),
        ({"prompts": {"sts": "s: ", "other": "o: "}, "default_prompt_name": "sts"}, Prefixes("s: ", "s: ")),
        ({"prompts": {"sts": "s: "}, "default_prompt_name": None}, Prefixes()),
        ({"prompts": None}, Prefixes()),
    ],
)
def test_prefixes_are_those_of_the_models_own_files(
    tmp_path: Path, config: dict[str, object], prefixes: Prefixes
) -> None:
    (tmp_path / "config_sentence_transformers.json").write_text(json.dumps(config), encoding="utf-8")
    assert SentenceTransformerEmbedder(tmp_path, "mine", "0" * 64, "cpu").prefixes == prefixes


@pytest.mark.models
def test_a_prefix_is_as_if_it_stood_in_the_text(embedder: SentenceTransformerEmbedder) -> None:
    assert embedder.prefixes == Prefixes()
    told = embedder.embed_queries(["Who keeps dogs?"], "query: ")
    np.testing.assert_allclose(told, embedder.embed_queries(["query: Who keeps dogs?"], ""), atol=1e-6)
    passage = embedder.embed_documents(["Dogs are kept."], "passage: ", lambda _: None)
    np.testing.assert_allclose(passage, embedder.embed_queries(["passage: Dogs are kept."], ""), atol=1e-6)
    assert not np.allclose(told, embedder.embed_queries(["Who keeps dogs?"], ""), atol=1e-3)


@pytest.mark.models
def test_a_passage_prompt_is_used_though_sentence_transformers_passes_over_it(
    default_embedder_folder: Path, tmp_path: Path
) -> None:
    """Its `encode_document` takes its own empty prompt "document" before it looks for "passage"."""
    for path in default_embedder_folder.iterdir():
        (tmp_path / path.name).symlink_to(path)
    config = tmp_path / "config_sentence_transformers.json"
    known = json.loads(config.read_text(encoding="utf-8")) if config.exists() else {}
    config.unlink(missing_ok=True)
    prompts = {"query": "query: ", "passage": "passage: "}
    config.write_text(json.dumps({**known, "prompts": prompts}), encoding="utf-8")
    embedder = SentenceTransformerEmbedder(tmp_path, "mine", "0" * 64, "cpu")
    ours = embedder.embed_documents(["Dogs are kept."], embedder.prefixes.passage, lambda _: None)
    np.testing.assert_allclose(ours, embedder.embed_queries(["passage: Dogs are kept."], ""), atol=1e-6)
    theirs = embedder._model.encode_document(["Dogs are kept."], normalize_embeddings=True)
    assert not np.allclose(ours, theirs, atol=1e-3), "sentence-transformers does it now: leave it to it"
