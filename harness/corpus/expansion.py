"""Passages with their neighbours: found by a short one, read in a longer one (small to big)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import cached_property

from harness.corpus.building import IndexInfo
from harness.corpus.retriever import Retriever
from harness.files import sha256_json
from harness.records import Passage, Ranked


class ExpandedRetriever:
    """What another retriever finds, each passage with up to `reach` neighbours before and behind it.

    A neighbour stands in the passage of the better hit alone, and a hit that a better one shows already is left out.
    """

    def __init__(self, inner: Retriever, passages: Sequence[Passage], reach: int) -> None:
        self._inner = inner
        self._passages = passages
        self._reach = reach
        self.key = sha256_json([inner.key, "expand", reach])
        self.info: IndexInfo = replace(inner.info, key=self.key)

    def search(self, queries: Sequence[str], k: int) -> Iterator[tuple[Ranked, ...]]:
        found = self._inner.search(queries, k * (2 * self._reach + 1))
        return (tuple(self._expanded(ranking))[:k] for ranking in found)

    def gold(
        self, queries: Sequence[str], gold_docs: Sequence[Collection[str]], k: int
    ) -> list[tuple[Ranked, ...]]:
        found = self._inner.gold(queries, gold_docs, k)
        return [tuple(self._expanded(ranking)) for ranking in found]

    def _expanded(self, ranking: Sequence[Ranked]) -> Iterator[Ranked]:
        shown: set[int] = set()
        for ranked in ranking:
            place = self._places[ranked.passage.chunk_id]
            if place not in shown:
                around = self._around(place, shown)
                shown.update(around)
                yield replace(ranked, passage=joined([self._passages[at] for at in around]))

    def _around(self, place: int, shown: Collection[int]) -> range:
        doc_id = self._passages[place].doc_id

        def reached(step: int) -> int:
            at = place
            for _ in range(self._reach):
                beside = at + step
                if not 0 <= beside < len(self._passages) or beside in shown:
                    break
                if self._passages[beside].doc_id != doc_id:
                    break
                at = beside
            return at

        return range(reached(-1), reached(1) + 1)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {passage.chunk_id: place for place, passage in enumerate(self._passages)}


def joined(passages: Sequence[Passage]) -> Passage:
    """Neighbours as one passage, in which what two of them share stands once."""
    first, last = passages[0], passages[-1]
    if len(passages) == 1:
        return first
    text = first.text
    for passage in passages[1:]:
        shared = _shared(text, passage.text)
        text += passage.text[shared:] if shared else f"\n{passage.text}"
    chunk_id = f"{first.chunk_id}-{last.chunk_id.rpartition('#')[2]}"
    places = dict.fromkeys(part for part in (first.place, last.place) if part)
    return replace(first, chunk_id=chunk_id, text=text, place=" – ".join(places))


def _shared(before: str, after: str) -> int:
    """Characters at the end of one text that the next begins with, by whole words."""
    for size in range(min(len(before), len(after)), 0, -1):
        whole = not before[-size - 1 : -size].strip() and not after[size : size + 1].strip()
        if whole and before.endswith(after[:size]):
            return size
    return 0
