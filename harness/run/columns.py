"""The prompts of a job as they are kept: columns of what is known of each, and no text.

A run of a million answers has a million prompts before the first answer; so kept, they take some 80 MB.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, overload

from harness.engines.engine import PromptFacts, Request, Wanted
from harness.records import Question
from harness.run.control_tokens import ControlTokens
from harness.run.prompts import Passages, Prompt

Again = Callable[[Question, Passages, Sequence[Question], Wanted, bytes], Request]
"""As `TaskPrompts.again`, of one system."""

HASH_BYTES = 32


class Prompts(Sequence[Prompt]):
    """The prompts of some questions, by their places. `again`: makes the request of one anew, each time it is wanted.

    `wanted`, `tokens`, `longest`: of each prompt. `control_tokens`: by place, of the prompts that hold any.
    """

    def __init__(
        self,
        questions: Sequence[Question],
        made: Iterable[tuple[Prompt, bytes]],
        again: Again,
        alike: dict[Wanted, Wanted],
    ) -> None:
        """`made`: each prompt with what `again` needs besides. `alike`: equal values as one, whichever job wants it."""
        self._questions, self._again = questions, again
        self.wanted: list[Wanted] = []
        self.tokens, self.longest = array("I"), array("I")
        self.control_tokens: dict[int, ControlTokens] = {}
        self._hashes = bytearray()
        self._retrieved: list[Passages] = []
        self._shown, self._dropped = array("I"), array("I")
        self._nearest: list[tuple[Question, ...]] = []
        self._kept: list[bytes] = []
        front = Front()
        for prompt, kept in made:
            self._append(prompt, kept, alike)
            front.add(prompt)
        self._bounds = front.places

    def _append(self, prompt: Prompt, kept: bytes, alike: dict[Wanted, Wanted]) -> None:
        facts = prompt.facts
        if facts.quoted or facts.imitated:
            self.control_tokens[len(self)] = ControlTokens(facts.quoted, facts.imitated)
        self.wanted.append(alike.setdefault(prompt.wanted, prompt.wanted))
        self.tokens.append(facts.tokens)
        self.longest.append(facts.longest)
        self._hashes += bytes.fromhex(facts.sha256)
        self._retrieved.append(prompt.retrieved)
        self._shown.append(prompt.shown)
        self._dropped.append(prompt.dropped)
        self._nearest.append(prompt.nearest)
        self._kept.append(kept)

    def __len__(self) -> int:
        return len(self.wanted)

    @overload
    def __getitem__(self, at: int) -> Prompt: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Prompt]: ...
    def __getitem__(self, at: int | slice) -> Prompt | Sequence[Prompt]:
        if isinstance(at, slice):
            return [self[place] for place in range(*at.indices(len(self)))]
        place = range(len(self))[at]
        held = self.control_tokens.get(place, ControlTokens())
        return Prompt(
            PromptFacts(
                self.tokens[place], self.longest[place], self.sha256(place), held.quoted, held.imitated
            ),
            self.wanted[place],
            partial(self.request, place),
            self._retrieved[place],
            self._shown[place],
            self._dropped[place],
            self._nearest[place],
        )

    def sha256(self, place: int) -> str:
        """As of `PromptFacts`."""
        return self._hashes[HASH_BYTES * place : HASH_BYTES * (place + 1)].hex()

    def request(self, place: int) -> Request:
        return self._again(
            self._questions[place],
            self._retrieved[place][: self._shown[place]],
            self._nearest[place],
            self.wanted[place],
            self._kept[place],
        )

    def bounds(self) -> tuple[Request, ...]:
        """Two requests whose prompts share at the front what all of them share; fewer where there are fewer."""
        return tuple(self.request(place) for place in dict.fromkeys(self._bounds))


class Front:
    """Finds the first and the last of prompts in the order of what the model reads: tokens, where its engine says
    which, else text. All others lie between them, and so begin with what these two share.
    """

    def __init__(self) -> None:
        self._count = 0
        self._first: tuple[Beginning, int] | None = None
        self._last: tuple[Beginning, int] | None = None

    def add(self, prompt: Prompt) -> None:
        beginnings: Sequence[Beginning] = prompt.facts.beginnings or (_texts(prompt.request),)
        first, last = min(beginnings), max(beginnings)
        if self._first is None or first < self._first[0]:
            self._first = first, self._count
        if self._last is None or last > self._last[0]:
            self._last = last, self._count
        self._count += 1

    @property
    def places(self) -> tuple[int, ...]:
        """The places of the two prompts; none of no prompt."""
        return (self._first[1], self._last[1]) if self._first and self._last else ()


Beginning = tuple[Any, ...]
"""Tokens, or the texts of turns."""


def _texts(request: Request) -> tuple[str, ...]:
    prompt = request.prompt
    return (prompt,) if isinstance(prompt, str) else tuple(message.content for message in prompt)
