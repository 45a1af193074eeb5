"""The passages of a training prompt: distractors always, and the gold one mostly (RAFT, arXiv 2403.10131)."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from harness.corpus.retrievers import holds_answer
from harness.records import Question, Ranked

GOLD_SHARE = 0.8
"""Share of the training prompts that hold a passage with the answer; the others teach a model that retrieval can
fail, and to answer from what it has learnt."""


def training_passages(
    question: Question,
    found: Sequence[Ranked],
    gold: Callable[[], Sequence[Ranked]],
    k: int,
    rng: random.Random,
) -> tuple[Ranked, ...]:
    """At most `k` passages for a question to be trained on.

    `found`: what retrieval finds, best first. `gold`: finds the passages of the gold documents, those that hold an
    answer first. Where no document is known to be right, they are the `k` best found.
    """
    shown = list(found[:k])
    place, with_gold = rng.randrange(max(1, len(shown))), rng.random() < GOLD_SHARE
    if not question.gold_docs:
        return tuple(shown)
    others = [ranked for ranked in found if ranked.passage.doc_id not in question.gold_docs]
    if not with_gold:
        return tuple(others[:k]) or tuple(shown)
    if not any(_answers(question, ranked) for ranked in shown):
        right = [ranked for ranked in gold()[:1] if not _same(ranked, shown)]
        shown[place : place + 1] = right or shown[place : place + 1]
    if k > 1 and others and not any(ranked in others for ranked in shown):
        last = len(shown) - 1
        kept = [ranked for ranked in shown[:last] if _answers(question, ranked)]
        shown[last if kept or len(shown) < 2 or not _answers(question, shown[last]) else last - 1] = others[0]
    return tuple(shown)


def _same(ranked: Ranked, shown: Sequence[Ranked]) -> bool:
    """Whether a passage stands among those shown, with whatever score."""
    return any(one.passage.chunk_id == ranked.passage.chunk_id for one in shown)


def _answers(question: Question, ranked: Ranked) -> bool:
    return ranked.passage.doc_id in question.gold_docs and holds_answer(ranked.passage, question)
