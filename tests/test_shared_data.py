"""Real question sets that were not written for this project: they load, and retrieval finds their facts."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.corpus.documents import read_corpus
from harness.corpus.embedder import SentenceTransformerEmbedder
from harness.corpus.opening import open_retriever
from harness.spec.strategy import retrieved
from harness.spec.task import load_task
from tests.conftest import MODELS_CACHE
from tests.fakes import Silent

TASKS = sorted((Path(__file__).parent / "tasks").glob("*.yaml"))


@pytest.mark.parametrize("path", TASKS, ids=lambda path: path.stem)
def test_a_strangers_task_loads(path: Path, shared_data: Path) -> None:
    task = load_task(path)
    assert task.name == path.stem
    assert len(task.test) >= 49


@pytest.mark.models
def test_the_handbooks_gold_documents_are_among_the_first_five_passages(
    shared_data: Path, default_embedder: SentenceTransformerEmbedder
) -> None:
    task = load_task(TASKS[0].parent / "handbook.yaml")
    assert task.corpus is not None
    retriever = open_retriever(
        read_corpus(task.corpus or ""),
        default_embedder,
        retrieved(task.spec.retrieval, ""),
        cache=MODELS_CACHE,
        progress=Silent(),
    )
    questions = [question for question in task.test if question.gold_docs]
    found = retriever.search([question.question for question in questions], 5)
    shares = [
        len({ranked.passage.doc_id for ranked in passages} & set(question.gold_docs))
        / len(question.gold_docs)
        for question, passages in zip(questions, found, strict=True)
    ]
    assert sum(shares) / len(shares) >= 0.80
