"""How a model's chat template writes conversations, found out by rendering short ones.

Templates differ in ways that no file states: some refuse a system message, some leave it out without a word, some take
one turn only. Whether a content is there is seen in the text that comes out.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Literal

from harness.engines.engine import Message
from harness.engines.reasoning import Thoughts, around, named_pair
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


_REPLY = _CONVERSATION[2].content
_THOUGHT = f"thought{secrets.token_hex(4)}"
_THINKING = re.compile(r"(?<![\w.'\"/<\[])thinking(?![\w'\"/>\]])")
"""A variable of this name, and neither a key of a message nor a tag."""
NO_THINK = "/no_think"


class Conventions:
    """What a chat template does with conversations. `tokens`: the tokens that the model knows beside its words."""

    def __init__(self, template: ChatTemplate, tokens: Sequence[str]) -> None:
        self._template = template
        self._tokens = tokens

    @cached_property
    def folds(self) -> bool:
        """Whether a system message has to stand in the first user turn."""
        return not self._shown(_SHORT) and self._shown(folded(_SHORT))

    @cached_property
    def several_turns(self) -> bool:
        """Whether earlier turns are written, as examples need them."""
        return self._shown(self._placed(_CONVERSATION))

    @cached_property
    def pinned_date(self) -> str | None:
        """The day that the template is told; None where it asks for none."""
        for messages in (_SHORT, _CONVERSATION):
            self._shown(self._placed(messages))
        return self._template.date if self._template.dated else None

    def turns(self, messages: Sequence[Message]) -> list[Message]:
        """The turns of a conversation as the template takes them."""
        if self._asks_in_text and messages[0].role == "system":
            first, *others = messages
            messages = [Message("system", f"{first.content} {NO_THINK}"), *others]
        return self._placed(messages)

    def _placed(self, messages: Sequence[Message]) -> list[Message]:
        return folded(messages) if self.folds else list(messages)

    def check(self) -> None:
        """Raises ModelUnavailable for a template that cannot put a question."""
        question = self._placed(_SHORT)
        if self._shown(question):
            return
        self._prompt(question)  # raises where that is why
        raise self._template.fails("it leaves out what the user says")

    def _shown(self, messages: Sequence[Message]) -> bool:
        """Whether the template takes the conversation and writes each of its contents."""
        try:
            text = self._prompt(messages).casefold()
        except ModelUnavailable:
            return False
        return all(part in text for message in messages for part in message.content.split())

    def prompt(self, messages: Sequence[Message]) -> str:
        """The text of a conversation in the way of its template, ending where the reply begins."""
        return self._prompt(self.turns(messages))

    def _prompt(self, messages: Sequence[Message], **told: Any) -> str:
        turns = [{"role": message.role, "content": message.content} for message in messages]
        return self._template.fill(turns, {**self.told, **told})

    # Replies

    @cached_property
    def _question(self) -> str:
        """A prompt; empty where the template refuses it, which shows when it is asked to render one."""
        return self._rendered()

    def _rendered(self, **told: Any) -> str:
        try:
            return self._prompt(self.turns(_SHORT), **told)
        except ModelUnavailable:
            return ""

    def _answered(self, **more: str) -> str:
        """The same conversation with its reply; `more`: fields of the reply's message. Empty where it is refused."""
        turns = [{"role": message.role, "content": message.content} for message in self.turns(_SHORT)]
        try:
            reply = {"role": "assistant", "content": _REPLY, **more}
            return self._template.fill([*turns, reply], self.told, opens=False)
        except ModelUnavailable:
            return ""

    @cached_property
    def turn_end(self) -> str:
        """What the template writes behind a reply, without blanks."""
        return self._answered().partition(_REPLY)[2].strip()

    @cached_property
    def lead(self) -> str:
        """What a reply without thoughts begins with, before its own text: of most models nothing."""
        thoughts, written = self.thoughts, self._written_lead
        return f"\n{thoughts.closes}\n\n" if thoughts and thoughts.begun and not written else written

    @cached_property
    def _written_lead(self) -> str:
        whole, prompt = self._answered(), self._question
        between = whole[len(prompt) :].partition(_REPLY)[0] if whole.startswith(prompt) else ""
        return between if between.strip() else ""

    # Thoughts

    @cached_property
    def told(self) -> dict[str, Any]:
        """What the template is told so that the model thinks as little as it can, by the variables that it reads."""
        source, told = self._template.source, {"enable_thinking": False}
        if _THINKING.search(source):
            told["thinking"] = False
        if re.search(r"\breasoning_effort\b", source):
            known = re.search(r"['\"]none['\"]", source)
            return {**told, "reasoning_effort": "none" if known else "low"}
        return told

    @cached_property
    def _asks_in_text(self) -> bool:
        """Whether thinking is turned off by a word in the system message, and by nothing else."""
        source = self._template.source
        return NO_THINK in source and "enable_thinking" not in source

    @cached_property
    def thoughts(self) -> Thoughts | None:
        """What stands around the model's thoughts; None where its files know of none."""
        whole = self._answered(reasoning_content=_THOUGHT, reasoning=_THOUGHT, thinking=_THOUGHT)
        pair = around(whole, _THOUGHT, _REPLY, self._question) or named_pair(
            [self._template.source, *self._tokens]
        )
        if pair is None:
            return None
        opens, closes = pair
        lead = self._written_lead.strip()
        if lead and closes.endswith(lead):  # as far as it stands before an answer that no thought precedes
            closes = lead
        opening = self._opening
        return Thoughts(opens, closes, begun=opening.rfind(opens) > opening.rfind(closes))

    @property
    def _opening(self) -> str:
        """What the template writes behind the last message of a prompt."""
        return self._question.rpartition(_SHORT[-1].content)[2]

    @cached_property
    def thinking(self) -> Literal["off", "on"] | None:
        """Whether the model may think before it answers, as far as its files tell."""
        thoughts = self.thoughts
        if thoughts is None:
            return None
        if self._opening.rstrip().endswith(thoughts.closes) or self._asks_in_text:
            return "off"
        switched = self._rendered(enable_thinking=True, thinking=True) not in ("", self._question)
        return "off" if switched and not thoughts.begun else "on"
