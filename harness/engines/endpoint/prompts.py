"""How long a prompt is to a served model, and what names it: by its tokenizer where that is known, else by an estimate.

An estimate is made for budgets and windows, and errs on the side of too many: three characters a token in ASCII
(English text has about four), a token for each other character. What was read in the end, the server says.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.engines.chat import ChatTokenizer
from harness.engines.engine import Message, PromptFacts, RenderedPrompt, Request
from harness.engines.tokens import encode
from harness.files import sha256_json

ASCII_PER_TOKEN = 3
TOKENS_PER_TURN = 8
"""What a chat template writes around a message, in tokens."""
FIRST_TOKENS = 8


def estimated_tokens(text: str) -> int:
    """About how many tokens a text is, rather too many than too few."""
    ascii_characters = sum(character.isascii() for character in text)
    return math.ceil(ascii_characters / ASCII_PER_TOKEN) + len(text) - ascii_characters


@dataclass(frozen=True, slots=True)
class Prompts:
    """What is known of a served model's prompts here. `chat` None: its tokenizer is not."""

    chat: ChatTokenizer | None

    def facts(self, request: Request) -> PromptFacts:
        """How long a request is; it is named by what is sent, whoever counts the tokens."""
        if self.chat is None:
            longest = max((estimated_tokens(option.text) for option in request.continuations), default=0)
            tokens = _estimated(request)
            return PromptFacts(tokens, tokens + longest, _named(request))
        facts = encode(self.chat, request).facts
        # A server reads a control token in a content as a control token.
        imitated = tuple(dict.fromkeys((*facts.imitated, *facts.quoted)))
        return replace(facts, sha256=_named(request), quoted=(), imitated=imitated)

    def count(self, text: str) -> int:
        """The tokens of a reply."""
        return estimated_tokens(text) if self.chat is None else len(self.chat.encode(text))

    def render(self, messages: Sequence[Message], *, prefill: bool, thinking: bool | None) -> str:
        """The text of a conversation; without the model's template, its turns as they are sent."""
        if self.chat is not None:
            return self.chat.render(messages, prefill=prefill, thinking=thinking)
        turns = "".join(f"<<{message.role}>>\n{message.content}\n" for message in messages)
        return turns if prefill else f"{turns}<<assistant>>\n"

    def show(self, request: Request, turns: Sequence[Message], *, thinking: bool | None) -> RenderedPrompt:
        """A request as the model reads it, as far as that is known here."""
        prompt, chat = request.prompt, self.chat
        marked = [Message(turn.role, f"%%{place}%%") for place, turn in enumerate(turns)]
        return RenderedPrompt(
            text=prompt if isinstance(prompt, str) else self.render(prompt, prefill=False, thinking=thinking),
            skeleton=self.render(marked, prefill=False, thinking=thinking) if turns else "",
            first_tokens=encode(chat, request).prompt[:FIRST_TOKENS] if chat else (),
            added_tokens=chat.encode("") if chat else (),
        )


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
