"""The tasks and the corpus that ship: large enough, honest, and no test question in training."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

import pytest

from harness.corpus.documents import read_corpus
from harness.corpus.gold import with_gold_ids
from harness.scoring.normal import normalise
from harness.scoring.text import contains_normalised
from harness.spec.task import Task, load_task

ROOT = Path(__file__).parents[1]


def shipped(name: str) -> Task:
    return load_task(ROOT / "tasks" / f"{name}.yaml")


def words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.casefold()))


def overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Jaccard similarity of two sets of words."""
    return len(one & other) / len(one | other)


@pytest.mark.parametrize("name", ["knowledge", "behaviour"])
def test_test_and_train_share_no_question_near_copies_included(name: str) -> None:
    task = shipped(name)
    assert task.left_out == ()
    seen = [(question.id, words(question.question)) for question in (*task.train, *task.dev)]
    copies = [
        (question.id, other)
        for question in task.test
        for other, text in seen
        if overlap(words(question.question), text) > 0.7
    ]
    assert copies == []


def test_no_question_is_asked_twice_within_a_test_set() -> None:
    for name in ("knowledge", "behaviour", "general"):
        pairs = itertools.combinations([words(question.question) for question in shipped(name).test], 2)
        assert all(overlap(one, other) < 0.9 for one, other in pairs)


def test_the_corpus_is_forty_documents_of_real_length() -> None:
    documents = read_corpus(ROOT / "corpora" / "handbook")
    assert len(documents) == 40
    assert sum(len(document.text.replace("|", " ").split()) for document in documents) >= 15_000


def test_knowledge_questions_rest_on_their_gold_documents() -> None:
    task = shipped("knowledge")
    corpus = read_corpus(task.corpus or "")
    documents = {document.doc_id: normalise(document.text) for document in corpus}
    assert with_gold_ids(task, corpus) == (task, []), "named by their ids"
    for question in (*task.test, *task.train):
        texts = [documents[doc_id] for doc_id in question.gold_docs]
        found = any(contains_normalised(text, question.answers) for text in texts)
        assert found or not question.answerable, question.id


def test_knowledge_has_seen_unseen_and_unanswerable_facts() -> None:
    task = shipped("knowledge")
    answerable = [question for question in task.test if question.answerable]
    assert len(task.test) >= 100
    assert len(task.test) - len(answerable) >= len(task.test) / 10
    assert all(question.fact_id for question in task.test)
    trained = [question.fact_id for question in task.train]
    seen = [question for question in answerable if question.fact_id in trained]
    assert 0.65 <= len(seen) / len(answerable) <= 0.75
    assert all(trained.count(question.fact_id) >= 3 for question in seen)


def test_behaviour_answers_have_the_house_form() -> None:
    task = shipped("behaviour")
    assert len(task.train) >= 300
    assert len(task.test) >= 100
    for question in (*task.test, *task.train, *task.dev):
        answer = json.loads(question.answers[0])
        assert list(answer) == ["queue", "urgency", "owe"]
        assert answer["queue"] in {"cold", "bosun", "ledger", "harbour", "desk"}
        assert answer["urgency"] in range(4)
        assert answer["owe"] in {"none", "voucher", "refund", "call"}


def test_general_mixes_choices_and_short_answers() -> None:
    task = shipped("general")
    choices = [question for question in task.test if question.choices]
    assert len(task.test) >= 60
    assert 0 < len(choices) < len(task.test)
