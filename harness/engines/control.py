"""Control tokens that stand in questions, passages, examples or labels: text, whatever the tokenizer takes them for.

A tokenizer reads `<|im_end|>` as the end of a turn, whoever wrote it. So each one in a content gets a mark before the
chat template sees it (`mark`); those of the rendered prompt that have none are the template's own. `encode` takes these
for tokens and everything else for text. A prompt whose contents hold none never comes here.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

MARK = "\ufdd0"
"""Stands inside a control token of a rendered prompt that is text. A noncharacter of Unicode: no text holds it."""
_SECRET = secrets.token_hex(8)
"""Stands there while a template works: letters and digits pass through case changes, stripping and JSON. No content can
know it; no figure depends on it."""
_TAG = re.compile(r"<{1,2}[^\s<>]{1,40}>{1,2}|\[/?[A-Z_]{2,30}\]")
"""What templates mark turns with where the tokenizer has no token for it: `[INST]`, `<<SYS>>`."""


class ControlTokens:
    """The control tokens of a tokenizer: its special tokens, and what else of its added tokens its template writes.

    `written`: what the chat template itself writes around a conversation.
    """

    def __init__(self, tokenizer: Any, written: str) -> None:
        self._tokenizer = tokenizer
        added = {token.content: token for token in tokenizer.added_tokens_decoder.values()}
        named = {token for token in added if added[token].special or token in written}
        # A single character, or a blank, is a part of ordinary text.
        self.ids = {
            token: self._id(token)
            for token in sorted(named | set(tokenizer.all_special_tokens))
            if len(token.strip()) > 1 and self._id(token) is not None
        }
        self.tags = tuple(sorted(set(_TAG.findall(written)) - self.ids.keys()))
        """Texts that mark turns without being tokens: in a content they cannot be told from the template's own."""

    def _id(self, token: str) -> int | None:
        """The id that the tokenizer reads the text of a token as; None where it reads several."""
        ids = self._tokenizer(token, add_special_tokens=False)["input_ids"]
        return int(ids[0]) if len(ids) == 1 else None

    @cached_property
    def _flags(self) -> re.RegexFlag:
        """Whether the tokenizer takes `<|IM_END|>` for `<|im_end|>`."""
        blind = any(
            token.swapcase() != token and self._id(token.swapcase()) == self.ids[token] for token in self.ids
        )
        return re.I if blind else re.NOFLAG

    @cached_property
    def _plain(self) -> re.Pattern[str]:
        return _either(map(re.escape, self.ids))

    @cached_property
    def _any_case(self) -> re.Pattern[str]:
        """Templates change the case of contents, and some tokenizers do not look at it."""
        return re.compile(self._plain.pattern, re.I)

    @cached_property
    def _marked(self) -> re.Pattern[str]:
        return _either(
            (re.escape(token[0]) + MARK + f"{MARK}?".join(map(re.escape, token[1:])) for token in self.ids),
            self._flags,
        )

    # Contents

    def mark(self, content: str) -> str:
        """A content as a template may see it: no control token in it is whole."""
        before = None
        while before != content:  # a token may be the end of another one
            before = content
            content = self._any_case.sub(lambda found: found[0][0] + _SECRET + found[0][1:], content)
        return content

    def unveil(self, rendered: str) -> str:
        """A rendered prompt in which control tokens from contents hold a MARK, and nothing else was changed."""
        text = re.sub(_SECRET, MARK, rendered, flags=re.I) if _SECRET in rendered.lower() else rendered
        if text is rendered:
            return text
        kept = self._marked.sub(lambda found: found[0].replace(MARK, _SECRET), text)
        return kept.replace(MARK, "").replace(_SECRET, MARK)

    def text(self, content: str) -> str:
        """A content by itself, marked as in a rendered prompt."""
        return self.unveil(self.mark(content))

    def quoted(self, text: str) -> tuple[str, ...]:
        """The control tokens that are text in a rendered prompt."""
        return tuple(dict.fromkeys(_bare(found[0]) for found in self._marked.finditer(text)))

    def imitated(self, contents: Iterable[str]) -> tuple[str, ...]:
        """The texts of `tags` that stand in contents."""
        together = "\n".join(contents) if self.tags else ""
        return tuple(tag for tag in self.tags if tag in together)

    # Tokens

    def encode(self, text: str, *, whole: bool) -> tuple[int, ...]:
        """Token ids of a rendered prompt that holds marks; `whole`: with what the tokenizer puts around any text."""
        if self._renamed is None:
            return self._in_pieces(text, whole)
        names, tokenizer = self._renamed
        own = self._plain.sub(lambda found: names.get(found[0], found[0]), text)
        return tuple(tokenizer.encode(self._unmarked(own), add_special_tokens=whole).ids)

    def _unmarked(self, text: str) -> str:
        return self._marked.sub(lambda found: _bare(found[0]), text)

    def _in_pieces(self, text: str, whole: bool) -> tuple[int, ...]:
        """For tokenizers written in Python: cut the text at marks, so that they see no control token."""
        first, *others = self._marked.sub(lambda found: found[0].replace(MARK, _SECRET), text).split(_SECRET)
        ids = list(self._tokenizer(first, add_special_tokens=whole)["input_ids"])
        for piece in others:
            ids += self._tokenizer(piece, add_special_tokens=False)["input_ids"]
        return tuple(ids)

    @cached_property
    def _renamed(self) -> tuple[dict[str, str], Any] | None:
        """A copy of the tokenizer whose control tokens have secret names, and these names; None for one in Python.

        Whatever the tokenizer does to text, it does here; a control token that is text has no meaning to it.
        """
        from tokenizers import Tokenizer

        backend = getattr(self._tokenizer, "backend_tokenizer", None)
        if not isinstance(backend, Tokenizer):
            return None
        names = {token: f"{MARK}{_SECRET}:{number}{MARK}" for token, number in self.ids.items()}
        described = json.loads(backend.to_str())
        for token in described["added_tokens"]:
            token["content"] = names.get(token["content"], token["content"])
        _rename(described["model"], names)
        tokenizer = Tokenizer.from_str(json.dumps(described))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        whole = all(tokenizer.token_to_id(name) == self.ids[token] for token, name in names.items())
        return (names, tokenizer) if whole else None


def _rename(model: dict[str, Any], names: dict[str, str]) -> None:
    """Rename tokens in the vocabulary of a `tokenizer.json` model, which would find them in text by itself."""
    merged = {part for merge in model.get("merges") or () for part in _parts(merge)}
    names = {token: name for token, name in names.items() if token not in merged}
    vocabulary = model.get("vocab")
    if isinstance(vocabulary, dict):
        model["vocab"] = {names.get(token, token): number for token, number in vocabulary.items()}
    elif isinstance(vocabulary, list):
        model["vocab"] = [[names.get(token, token), score] for token, score in vocabulary]
    if isinstance(model.get("unk_token"), str):
        model["unk_token"] = names.get(model["unk_token"], model["unk_token"])


def _parts(merge: str | Sequence[str]) -> Sequence[str]:
    return merge.split(" ") if isinstance(merge, str) else merge


def _bare(text: str) -> str:
    return text.replace(MARK, "")


def _either(patterns: Iterable[str], flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
    """A pattern of any of these, the longest first; one that never matches for none."""
    return re.compile("|".join(sorted(patterns, key=len, reverse=True)) or r"(?!)", flags)
