"""The tokenizer and its chat template: messages in, rendered text and token ids out. Loads no weights.

What stands in a message is text: control tokens in it are marked in the rendered prompt (`control.py`), and read as
the characters that they are written with.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.engines.control import MARK, ControlTokens
from harness.engines.conventions import Conventions
from harness.engines.engine import UNKNOWN_WINDOW, Message
from harness.engines.held import Holder
from harness.engines.reasoning import Reader
from harness.engines.template import ChatTemplate
from harness.engines.window import stated_windows
from harness.errors import ModelUnavailable
from harness.loading import reading
from harness.quiet import import_transformers
from harness.records import TemplateFacts
from harness.spec.pinned import PINNED_DATE

_CONVERSATIONS = (("system", "user", "assistant", "user"), ("user", "assistant", "user"), ("user",))
"""Roles of a conversation that shows what a template writes; not every template knows all roles."""


def marked(messages: Sequence[Message]) -> list[Message]:
    """The conversation with its n-th content replaced by `%%n%%`."""
    return [Message(message.role, f"%%{n}%%") for n, message in enumerate(messages)]


class ChatTokenizer:
    """The tokenizer of a model folder. Raises ModelUnavailable where it cannot be read or has no chat template.

    `date`: what a chat template that asks for it is told the day is.
    """

    def __init__(self, folder: Path, date: str = PINNED_DATE) -> None:
        self._folder = folder
        self._date = date

    @cached_property
    def _tokenizer(self) -> Any:
        transformers = import_transformers()
        with self._reading():
            tokenizer = transformers.AutoTokenizer.from_pretrained(
                self._folder, local_files_only=True, trust_remote_code=False
            )
        if not tokenizer.chat_template:
            raise ModelUnavailable(
                f"the model in {self._folder} has no chat template, so it is not an instruction model. "
                "Name one that was tuned to follow instructions."
            )
        return tokenizer

    @cached_property
    def _config(self) -> Any:
        transformers = import_transformers()
        with reading(f"the model in {self._folder}"):
            config = transformers.AutoConfig.from_pretrained(
                self._folder, local_files_only=True, trust_remote_code=False
            )
            return config.get_text_config()

    @cached_property
    def context_tokens(self) -> int:
        """The longest prompt plus completion that the model reads; UNKNOWN_WINDOW where no file says it."""
        try:
            return min(
                (tokens for _, tokens in stated_windows(self._config, self._tokenizer)),
                default=UNKNOWN_WINDOW,
            )
        except ValueError as error:
            raise ModelUnavailable(f"{self._folder / 'config.json'} {error}.") from None

    @cached_property
    def end_token(self) -> int:
        """The token that ends a reply; a fine-tune learns to give it.

        That which the template writes behind one, else the tokenizer's own, else the configuration's. Raises
        ModelUnavailable where no file names any.
        """
        written = self.conventions.turn_end
        named = sorted((token for token in self.control.ids if written.startswith(token)), key=len)
        ends = [self.control.ids[token] for token in named[-1:]]
        for end in (*ends, self._tokenizer.eos_token_id, *self._configured_ends):
            if end is not None:
                return int(end)
        raise ModelUnavailable(
            f"no file in {self._folder} names a token that ends a reply: neither the chat template nor the tokenizer "
            "(eos_token)."
        )

    @property
    def _configured_ends(self) -> tuple[int, ...]:
        ends = getattr(self._config, "eos_token_id", None)
        return tuple(ends) if isinstance(ends, list | tuple) else (() if ends is None else (ends,))

    @cached_property
    def end_tokens(self) -> frozenset[int]:
        """Every token that ends a reply, by the template, the tokenizer and the configuration."""
        known = (self.end_token, self._tokenizer.eos_token_id, *self._configured_ends)
        return frozenset(int(end) for end in known if end is not None)

    @property
    def first_token(self) -> int:
        """The token that opens a text: the tokenizer's own, else the end token."""
        first = self._tokenizer.bos_token_id
        return self.end_token if first is None else int(first)

    @cached_property
    def control(self) -> ControlTokens:
        """The control tokens, which contents may hold as text."""
        tokenizer, written = self._tokenizer, self._written()
        with self._reading():
            return ControlTokens(tokenizer, written)

    def _reading(self) -> AbstractContextManager[None]:
        """Around calls of the tokenizer: some files are found wrong only when it is used."""
        return reading(f"the tokenizer in {self._folder}")

    def _written(self) -> str:
        """What the template writes around a conversation."""
        for roles in _CONVERSATIONS:
            try:
                return self._template.render(marked([Message(role, "") for role in roles]))
            except ModelUnavailable:
                continue  # whether the task's own conversations can be rendered shows when they are
        return ""

    # Text

    def render(
        self, messages: Sequence[Message], *, prefill: bool = False, thinking: bool | None = False
    ) -> str:
        """The text of a conversation; `prefill`: its last message is the assistant's, who goes on with it.

        `thinking`: what the template is told of it; None: nothing. Control tokens from the messages hold a mark
        (`control.MARK`).
        """
        veiled = [Message(message.role, self.control.mark(message.content)) for message in messages]
        return self.control.unveil(self._template.render(veiled, prefill=prefill, thinking=thinking))

    @cached_property
    def _template(self) -> ChatTemplate:
        tokenizer = self._tokenizer
        with reading(f"the chat template in {self._folder}"):
            source, names = tokenizer.get_chat_template(), tokenizer.special_tokens_map
            return ChatTemplate(source, names, self._folder, self._date)

    def skeleton(self, messages: Sequence[Message], *, thinking: bool | None = False) -> str:
        """The conversation with its n-th content replaced by `%%n%%`: what the template itself writes around it."""
        return self.render(marked(messages), thinking=thinking)

    # Conversations of tasks, as this model takes them

    @cached_property
    def conventions(self) -> Conventions:
        added = [token.content for token in self._tokenizer.added_tokens_decoder.values()]
        return Conventions(self._template, added)

    @cached_property
    def facts(self) -> TemplateFacts:
        """Raises ModelUnavailable where the template cannot put a question."""
        conventions = self.conventions
        conventions.check()
        _ = self.end_token
        return TemplateFacts(
            system_turn="user" if conventions.folds else "own",
            several_turns=conventions.several_turns,
            pinned_date=conventions.pinned_date,
            thinking=conventions.thinking,
        )

    def conversation(self, messages: Sequence[Message]) -> str:
        """The text of a task's conversation, its system message where the template has a place for it."""
        veiled = [Message(turn.role, self.control.mark(turn.content)) for turn in messages]
        return self.control.unveil(self.conventions.prompt(veiled))

    # Tokens

    def encode(self, text: str) -> tuple[int, ...]:
        """Token ids of a rendered text; no special tokens are added."""
        # The template already wrote the special tokens; adding them again would apply it twice.
        return self._ids(text, whole=False)

    def encode_content(self, text: str) -> tuple[int, ...]:
        """Token ids of a text in which control tokens have no meaning: a label, a reply that is learnt."""
        return self.encode(self.control.text(text))

    def encode_reply(self, text: str) -> tuple[int, ...]:
        """Token ids of a reply in a conversation, as a fine-tune learns it: to its end, and without a thought."""
        return (*self.encode(self.conventions.lead), *self.encode_content(text), self.end_token)

    def encode_whole(self, text: str) -> tuple[int, ...]:
        """Token ids of `text` with what the tokenizer puts around any text, unless its first token stands there."""
        return self._ids(text, whole=not text.startswith(self._tokenizer.decode([self.first_token])))

    def _ids(self, text: str, *, whole: bool) -> tuple[int, ...]:
        tokenizer, control = self._tokenizer, self.control
        with self._reading():
            if MARK in text and control.quoted(text):
                ids = control.encode(text, whole=whole)
            else:
                ids = tuple(tokenizer(text, add_special_tokens=whole)["input_ids"])
        known = getattr(self._config, "vocab_size", None)
        if isinstance(known, int) and ids and max(ids) >= known:
            raise ModelUnavailable(
                f"the tokenizer in {self._folder} gives token {max(ids):,}, and the model knows {known:,} "
                "(vocab_size in config.json). The two are not of one model; copy the folder again."
            )
        return ids

    def special(self, text: str) -> int | None:
        """The id of a text that is one special token, which `decode` leaves out."""
        known: dict[str, int] = dict(
            zip(self._tokenizer.all_special_tokens, self._tokenizer.all_special_ids, strict=True)
        )
        return known.get(text)

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of tokens, without special ones."""
        return self._decoded(tokens, bare=True)

    def _decoded(self, tokens: Sequence[int], *, bare: bool) -> str:
        tokenizer = self._tokenizer
        with self._reading():
            return str(tokenizer.decode(tokens, skip_special_tokens=bare))

    @cached_property
    def holder(self) -> Holder:
        """What holds replies to a form. Raises ModelUnavailable where the tokenizer does not serve for it."""
        with self._reading():
            return Holder(self._tokenizer, self.end_tokens)

    @cached_property
    def reader(self) -> Reader:
        """How tokens of replies are read."""
        return Reader(
            self.decode, lambda tokens: self._decoded(tokens, bare=False), self.conventions.thoughts
        )
