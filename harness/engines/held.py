"""Replies held to a form: at each token, which ones may follow so that the answer can still become one of that form.

llguidance (MIT, no dependencies) keeps the grammar; which of the allowed tokens is written is for the decoder to say.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from harness.errors import ModelUnavailable
from harness.spec.forms import AnswerForm


class Guide:
    """How far one answer has come in its form."""

    def __init__(self, matcher: Any) -> None:
        self._matcher = matcher

    def allowed(self) -> Any:
        """[vocabulary] of numpy, whether each token may follow. Raises ModelUnavailable where none may."""
        import numpy as np

        bits = np.frombuffer(self._matcher.compute_bitmask(), dtype=np.uint8)
        allowed = np.unpackbits(bits, bitorder="little").astype(bool)
        if self._matcher.is_error() or not allowed.any():
            raise ModelUnavailable(f"a reply cannot be held to its form: {_reason(self._matcher)}.")
        return allowed

    def ends_with(self, token: int) -> bool:
        """Go on by a token that was written; whether nothing may follow it but the end."""
        if not self._matcher.consume_token(token):
            raise ModelUnavailable(f"a reply cannot be held to its form: {_reason(self._matcher)}.")
        return bool(self._matcher.is_stopped())


class Holder:
    """Makes guides for the replies of one model. Reading its vocabulary takes a second or several."""

    def __init__(self, tokenizer: Any, ends: Collection[int]) -> None:
        """`tokenizer`: of transformers. Raises ModelUnavailable where llguidance cannot read it."""
        from llguidance import LLTokenizer
        from tokenizers import Tokenizer

        backend = getattr(tokenizer, "backend_tokenizer", None)
        if not isinstance(backend, Tokenizer):
            raise ModelUnavailable(
                "replies cannot be held to a form with a tokenizer that is written in Python."
            )
        plain = Tokenizer.from_str(backend.to_str())
        plain.no_padding()
        plain.no_truncation()
        try:
            self._tokenizer = LLTokenizer(plain.to_str(), eos_token=sorted(ends))
        except ValueError as error:
            raise ModelUnavailable(
                f"replies cannot be held to a form with this tokenizer: {error}."
            ) from error
        self._begun: dict[AnswerForm, Any] = {}

    def guide(self, form: AnswerForm) -> Guide:
        """The guide of a reply that has not begun. Raises ModelUnavailable for a form that cannot be held."""
        from llguidance import LLMatcher

        if form not in self._begun:
            matcher = LLMatcher(self._tokenizer, LLMatcher.grammar_from_lark(form.grammar), log_level=0)
            if matcher.is_error():
                raise ModelUnavailable(f"replies cannot be held to their form: {_reason(matcher)}.")
            self._begun[form] = matcher
        return Guide(self._begun[form].deep_copy())


def _reason(matcher: Any) -> str:
    said = " ".join(str(matcher.get_error()).split()).rstrip(".")
    return said or str(matcher.stop_reason())
