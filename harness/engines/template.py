"""A model's chat template: messages in, text out, in the sandbox that limits what a template may do."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import TemplateError

from harness.engines.engine import Message
from harness.errors import ModelUnavailable
from harness.templates import chat_sandbox, explained

_END = f"%%{secrets.token_hex(8)} "
"""Stands behind the last message while a template works, to find its end again."""


class ChatTemplate:
    """The chat template `source` of the model in `folder`. `names`: the tokens that it may name, as `bos_token`.

    `date`: what it is told the day is. Whatever it fails at, ModelUnavailable says so with the line of the template.
    """

    def __init__(self, source: str, names: Mapping[str, Any], folder: Path, date: str) -> None:
        self.source = source
        self._names = names
        self._folder = folder
        self.date = date
        self.dated = False
        """Whether it has asked for the day."""

    @cached_property
    def _compiled(self) -> Any:
        return chat_sandbox(self._now).from_string(self.source)

    def _now(self, form: str) -> str:
        self.dated = True
        return datetime.fromisoformat(self.date).strftime(form)

    def render(
        self, messages: Sequence[Message], *, prefill: bool = False, thinking: bool | None = False
    ) -> str:
        """The text of a conversation; `prefill`: its last message is the assistant's, who goes on with it.

        `thinking`: what the template is told of it; None: nothing.
        """
        turns = [{"role": message.role, "content": message.content} for message in messages]
        if prefill:
            turns[-1]["content"] += _END
        told = {} if thinking is None else {"enable_thinking": thinking}
        text = self.fill(turns, told, opens=not prefill)
        return self._unfinished(text) if prefill else text

    def fill(self, turns: Sequence[Mapping[str, str]], told: Mapping[str, Any], *, opens: bool = True) -> str:
        """The text of turns with any fields. `told`: more variables; `opens`: whether the assistant's turn is begun."""
        try:
            return str(
                self._compiled.render(
                    messages=list(turns),
                    tools=None,
                    documents=None,
                    add_generation_prompt=opens,
                    **told,
                    **self._names,
                )
            )
        except TemplateError as error:
            raise self.fails(explained(error)) from error

    def _unfinished(self, text: str) -> str:
        """A text as far as its last message goes."""
        before, end, after = text.rpartition(_END.strip())
        if not end:
            raise self.fails("it leaves out the last message, which the assistant is to go on with")
        # As transformers does it: a template that strips the message strips it of its last blank too.
        return before if after.startswith(" ") else before.rstrip()

    def fails(self, why: str) -> ModelUnavailable:
        """What to raise where it cannot be used; `why`: a clause."""
        return ModelUnavailable(
            f"the chat template of the model in {self._folder} cannot be applied: {why.rstrip('.')}."
        )
