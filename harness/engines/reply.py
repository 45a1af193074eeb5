"""One reply as it is written: which of its tokens are thoughts, where it ends, and what of it is the answer."""

from __future__ import annotations

from dataclasses import dataclass

from harness.engines.engine import Completion, Decoding
from harness.engines.held import Guide
from harness.engines.reasoning import Reader, Thoughts
from harness.records import FinishReason

_TAIL = 48
"""Tokens at the end of a thought in which what closes it is looked for."""


@dataclass
class Reply:
    """The tokens of one answer so far, and why it ended (None while it goes on).

    Thoughts are told apart where the decoding gives tokens for them. Stop texts and `max_tokens` are the answer's.
    """

    tokens: list[int]
    finish: FinishReason | None = None
    guide: Guide | None = None
    """What holds the answer to its form; None: nothing does."""
    thought: int = 0
    """How many of the tokens, from the first on, are thoughts, as far as that is known."""
    _answering: bool = False
    _lead: str = ""
    """What of the answer stands in the token that ends the thought."""

    def add(self, token: int, decoding: Decoding, ends: frozenset[int], reader: Reader) -> None:
        self.tokens.append(token)
        if token in ends:
            self.finish = "stop"
        elif self._thinks(decoding, reader):
            if len(self.tokens) >= decoding.thinking_tokens:
                self.finish = "length"
        elif self._complete(token, decoding, reader):
            self.finish = "stop"
        elif len(self.tokens) - self.thought >= decoding.max_tokens:
            self.finish = "length"

    def in_thought(self, token: int, decoding: Decoding, reader: Reader) -> bool:
        """Whether a token that were written next would be of a thought, or might be."""
        thoughts = reader.thoughts if decoding.thinking_tokens else None
        if thoughts is None or self._answering:
            return False
        tail = reader.whole([*self.tokens, token][-_TAIL:])
        start = thoughts.answer_start(tail)
        return start is None or start == len(tail) > 0 or (len(self.tokens) >= _TAIL and start == 0)

    def _thinks(self, decoding: Decoding, reader: Reader) -> bool:
        """Whether the answer has not begun yet."""
        thoughts = reader.thoughts if decoding.thinking_tokens else None
        if thoughts is None or (self._answering and not self.thought):
            return False
        if not self._answering:
            self._look(thoughts, reader)
        if not self._answering:
            return True
        if self.thought and not self._written(self.tokens, reader):
            self.thought = len(self.tokens)  # blanks between the thought and the answer
            return True
        return False

    def _look(self, thoughts: Thoughts, reader: Reader) -> None:
        """Find out whether the answer begins behind the tokens so far, or with the first of them."""
        tail = reader.whole(self.tokens[-_TAIL:])
        inside = len(self.tokens) > _TAIL
        start = thoughts.answer_start(tail)
        if start is None or (inside and start == 0):
            return
        self._answering = True
        if start:
            self.thought, self._lead = len(self.tokens), tail[start:]

    def _written(self, tokens: list[int], reader: Reader) -> str:
        """The text of the answer so far."""
        text = reader.bare(tokens[self.thought :])
        return (self._lead + text).lstrip() if self.thought else text

    def _complete(self, token: int, decoding: Decoding, reader: Reader) -> bool:
        """Whether the answer, to which a token was added, has no other end in its form, or holds a stop text."""
        whole = self.guide is not None and self.guide.ends_with(token)
        return whole or (bool(decoding.stop) and self._stopped(decoding, reader))

    def _stopped(self, decoding: Decoding, reader: Reader) -> bool:
        return decoding.end_of(self._written(self.tokens, reader)) is not None

    def completion(self, decoding: Decoding, ends: frozenset[int], reader: Reader) -> Completion:
        finish = self.finish or "length"
        thoughts = reader.thoughts if decoding.thinking_tokens else None
        if thoughts and not self._answering and thoughts.opened(reader.whole(self.tokens)):
            return Completion("", len(self.tokens), finish, reasoning_tokens=len(self.tokens))
        words = self.tokens[:-1] if self.tokens and self.tokens[-1] in ends else self.tokens
        text = self._written(words, reader)
        return Completion(
            text[: decoding.end_of(text)], len(self.tokens), finish, reasoning_tokens=self.thought
        )
