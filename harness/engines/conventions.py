"""How a model's chat template writes conversations, found out by rendering short ones.

Templates differ in ways that no file states: some refuse a system message, some leave it out without a word, some take
one turn only. Whether a content is there is seen in the text that comes out.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import cached_property

from harness.engines.engine import Message
from harness.engines.template import ChatTemplate
from harness.errors import ModelUnavailable

_ROLES = ("system", "user", "assistant", "user", "assistant", "user")
_CONVERSATION = tuple(Message(role, f"content{secrets.token_hex(4)}n{n}") for n, role in enumerate(_ROLES))
"""A conversation with two examples. Letters and digits pass through changes of case, stripping and JSON."""
_SHORT = _CONVERSATION[:2]


def folded(messages: Sequence[Message]) -> list[Message]:
    """The conversation with its system message before the first user message, in the same turn."""
    if len(messages) < 2 or messages[0].role != "system" or messages[1].role != "user":
        return list(messages)
    system, first, *others = messages
    return [Message("user", f"{system.content}\n\n{first.content}"), *others]


class Conventions:
    """What a chat template does with conversations."""

    def __init__(self, template: ChatTemplate) -> None:
        self._template = template

    @cached_property
    def folds(self) -> bool:
        """Whether a system message has to stand in the first user turn."""
        return not self._shown(_SHORT) and self._shown(folded(_SHORT))

    @cached_property
    def several_turns(self) -> bool:
        """Whether earlier turns are written, as examples need them."""
        return self._shown(self.turns(_CONVERSATION))

    @cached_property
    def pinned_date(self) -> str | None:
        """The day that the template is told; None where it asks for none."""
        for messages in (_SHORT, _CONVERSATION):
            self._shown(self.turns(messages))
        return self._template.date if self._template.dated else None

    def turns(self, messages: Sequence[Message]) -> list[Message]:
        """The turns of a conversation as the template takes them."""
        return folded(messages) if self.folds else list(messages)

    def check(self) -> None:
        """Raises ModelUnavailable for a template that cannot put a question."""
        question = self.turns(_SHORT)
        if self._shown(question):
            return
        self._template.render(question)  # raises where that is why
        raise self._template.fails("it leaves out what the user says")

    def _shown(self, messages: Sequence[Message]) -> bool:
        """Whether the template takes the conversation and writes each of its contents."""
        try:
            text = self._template.render(messages).casefold()
        except ModelUnavailable:
            return False
        return all(part in text for message in messages for part in message.content.split())
