"""How long a prompt is to a served model, and what names it: by its tokenizer where that is known, else by an estimate.

An estimate is made for budgets and windows, and errs on the side of too many: three characters a token in ASCII
(English text has about four), a token for each other character. What was read in the end, the server says.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from harness.engines.chat import ChatTokenizer, marked
from harness.engines.engine import Message, PromptFacts, RenderedPrompt, Request
from harness.engines.tokens import Pair, encode, rendered
from harness.files import sha256_json

ASCII_PER_TOKEN = 3
TOKENS_PER_TURN = 8
"""What a chat template writes around a message, in tokens."""


def estimated_tokens(text: str) -> int:
    """About how many tokens a text is, rather too many than too few."""
    ascii_characters = sum(character.isascii() for character in text)
    return math.ceil(ascii_characters / ASCII_PER_TOKEN) + len(text) - ascii_characters


@dataclass(frozen=True, slots=True)
class Prompts:
    """What is known of a served model's prompts here. `chat` None: its tokenizer is not.

    Many threads may ask at once; a tokenizer answers one at a time (the library's is not made for several).
    """

    chat: ChatTokenizer | None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def facts(self, request: Request) -> PromptFacts:
        """How long a request is; it is named by what is sent, whoever counts the tokens."""
        if self.chat is None:
            longest = max((estimated_tokens(option.text) for option in request.continuations), default=0)
            tokens = _estimated(request)
            return PromptFacts(tokens, tokens + longest, _named(request))
        with self._lock:
            facts = encode(self.chat, request).facts
        # A server reads a control token in a content as a control token.
        imitated = tuple(dict.fromkeys((*facts.imitated, *facts.quoted)))
        return replace(facts, sha256=_named(request), quoted=(), imitated=imitated)

    def pairs(self, request: Request) -> tuple[Pair, ...]:
        """What is scored of a request; needs the tokenizer."""
        assert self.chat is not None
        with self._lock:
            return encode(self.chat, request).pairs

    def count(self, text: str) -> int:
        """The tokens of a reply."""
        if self.chat is None:
            return estimated_tokens(text)
        with self._lock:
            return len(self.chat.encode(text))

    def render(self, messages: Sequence[Message], *, prefill: bool, thinking: bool | None) -> str:
        """The text of a conversation; without the model's template, its turns as they are sent."""
        if self.chat is not None:
            return self.chat.render(messages, prefill=prefill, thinking=thinking)
        turns = "".join(f"<<{message.role}>>\n{message.content}\n" for message in messages)
        return turns if prefill else f"{turns}<<assistant>>\n"

    def show(self, request: Request, turns: Sequence[Message], *, thinking: bool | None) -> RenderedPrompt:
        """A request as the model reads it, as far as that is known here."""
        if self.chat is not None:
            return rendered(self.chat, request, turns, thinking=thinking)
        render = partial(self.render, prefill=False, thinking=thinking)
        prompt = request.prompt
        text = prompt if isinstance(prompt, str) else render(prompt)
        return RenderedPrompt(text, render(marked(turns)) if turns else "")


def _estimated(request: Request) -> int:
    if isinstance(request.prompt, str):
        return estimated_tokens(request.prompt)
    return sum(estimated_tokens(turn.content) + TOKENS_PER_TURN for turn in request.prompt)


def _named(request: Request) -> str:
    turns = request.prompt
    if isinstance(turns, str):
        scored = [[option.context, option.text] for option in request.continuations]
        return sha256_json({"prompt": turns, "scored": scored, "whole": request.whole})
    return sha256_json([[turn.role, turn.content] for turn in turns])
