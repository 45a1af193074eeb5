"""The tokenizer and its chat template: messages in, rendered text and token ids out. Loads no weights."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.engines.engine import Message
from harness.engines.quiet import import_transformers
from harness.errors import ModelUnavailable


class ChatTokenizer:
    """The tokenizer of a model folder. Raises ModelUnavailable where there is no chat template."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def _tokenizer(self) -> Any:
        transformers = import_transformers()
        try:
            tokenizer = transformers.AutoTokenizer.from_pretrained(
                self._folder, local_files_only=True, trust_remote_code=False
            )
        except (OSError, ValueError) as error:
            raise ModelUnavailable(f"the tokenizer in {self._folder} cannot be loaded: {error}") from error
        if not tokenizer.chat_template:
            raise ModelUnavailable(
                f"the model in {self._folder} has no chat template, so it is not an instruction model. "
                "Name one that was tuned to follow instructions."
            )
        return tokenizer

    @cached_property
    def context_tokens(self) -> int:
        """The longest prompt plus completion that the model reads."""
        transformers = import_transformers()
        config = transformers.AutoConfig.from_pretrained(
            self._folder, local_files_only=True, trust_remote_code=False
        )
        return int(getattr(config, "max_position_embeddings", None) or 2048)

    @property
    def end_token(self) -> int:
        """The token that ends a reply; a fine-tune learns to give it."""
        return int(self._tokenizer.eos_token_id)

    @property
    def first_token(self) -> int:
        """The token that opens a text: the tokenizer's own, else the end token."""
        first = self._tokenizer.bos_token_id
        return self.end_token if first is None else int(first)

    def render(
        self, messages: Sequence[Message], *, prefill: bool = False, thinking: bool | None = False
    ) -> str:
        """The text of a conversation; `prefill`: its last message is the assistant's, who goes on with it.

        `thinking`: what the template is told of it; None: nothing.
        """
        turns = [{"role": message.role, "content": message.content} for message in messages]
        return str(
            self._tokenizer.apply_chat_template(
                turns,
                tokenize=False,
                add_generation_prompt=not prefill,
                continue_final_message=prefill,
                **({} if thinking is None else {"enable_thinking": thinking}),
            )
        )

    def skeleton(self, messages: Sequence[Message], *, thinking: bool | None = False) -> str:
        """The conversation with its n-th content replaced by `%%n%%`: what the template itself writes around it."""
        marked = [Message(message.role, f"%%{n}%%") for n, message in enumerate(messages)]
        return self.render(marked, thinking=thinking)

    def encode(self, text: str) -> tuple[int, ...]:
        """Token ids of `text`; no special tokens are added."""
        # The template already wrote the special tokens; adding them again would apply it twice.
        return tuple(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def encode_whole(self, text: str) -> tuple[int, ...]:
        """Token ids of `text` with what the tokenizer puts around any text, unless its first token stands there."""
        opened = text.startswith(self._tokenizer.decode([self.first_token]))
        return self.encode(text) if opened else tuple(self._tokenizer(text)["input_ids"])

    def special(self, text: str) -> int | None:
        """The id of a text that is one special token, which `decode` leaves out."""
        known: dict[str, int] = dict(
            zip(self._tokenizer.all_special_tokens, self._tokenizer.all_special_ids, strict=True)
        )
        return known.get(text)

    def decode(self, tokens: Sequence[int]) -> str:
        return str(self._tokenizer.decode(tokens, skip_special_tokens=True))
