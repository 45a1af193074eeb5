"""What a task's documents are: how many, cut into how many passages, and what of them was not read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from harness.corpus.cutting import chunking_of, cut, searched
from harness.corpus.inventory import grouped
from harness.corpus.loss import answers_found, lost_in
from harness.corpus.window import prefixes_of
from harness.engines.catalogue import DEFAULT_EMBEDDER
from harness.errors import InputError
from harness.preview.case import TOKEN_BYTES, Case
from harness.records import NotReadFiles
from harness.spec.strategy import retrieved

COUNTED_CHARACTERS = 400_000
"""A larger corpus is not cut for a preview, which shall take no longer than a glance."""


@dataclass(frozen=True, slots=True)
class Documents:
    """`passages`: as the default embedder counts tokens, or (`estimated`) from the length of the documents.

    `guessed`: files that are not Unicode, by the encoding that they were read in.
    """

    files: int
    documents: int
    characters: int
    formats: dict[str, int]
    passages: int
    estimated: bool
    not_read: tuple[NotReadFiles, ...]
    guessed: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class GoldCoverage:
    """How many of the `answerable` test questions name gold documents, and of how many an answer stands in one.

    `found` is of `looked_for`: those that are answered in words.
    """

    answerable: int
    named: int
    looked_for: int
    found: int


def documents(case: Case) -> Documents | None:
    if case.corpus is None:
        return None
    inventory = case.corpus.inventory
    counted = _passages(case)
    return Documents(
        inventory.files,
        inventory.documents,
        inventory.characters,
        dict(inventory.formats),
        _estimated(case) if counted is None else counted,
        counted is None,
        grouped(inventory.passed_over),
        inventory.guessed,
    )


def gold_coverage(case: Case) -> GoldCoverage | None:
    if case.corpus is None:
        return None
    answerable = [question for question in case.task.test if question.answerable]
    found = answers_found(case.task, case.corpus)
    named = sum(bool(question.gold_docs) for question in answerable)
    return GoldCoverage(len(answerable), named, len(found), len(found) - len(lost_in(found)))


def _passages(case: Case) -> int | None:
    """As a run cuts them; None where that cannot be known here or would take long."""
    embedder, corpus, settings = case.tokenizers.embedder, case.corpus, case.task.spec.retrieval
    if embedder is None or corpus is None or corpus.inventory.characters > COUNTED_CHARACTERS:
        return None
    passages = retrieved(settings, DEFAULT_EMBEDDER)
    try:
        chunking = chunking_of(passages, embedder, prefixes_of(embedder, passages))
        return len(cut(searched(corpus, settings.within).documents, embedder, chunking))
    except InputError:
        return None


def _estimated(case: Case) -> int:
    """The number of passages if documents were cut into full ones with their whole overlap."""
    assert case.corpus is not None
    settings = case.task.spec.retrieval
    new = settings.chunk_tokens - settings.overlap_tokens
    return sum(
        max(1, math.ceil(len(document.text.encode()) / TOKEN_BYTES / new))
        for document in searched(case.corpus, settings.within)
    )
