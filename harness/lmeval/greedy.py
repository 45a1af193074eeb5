"""lm-eval's generation arguments as this program decodes: greedily, up to a length or the first of the stop texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.engines.engine import Decoding
from harness.errors import InputError, shown

DEFAULT_LENGTH = 256
"""Tokens of an answer where nobody sets a limit, as in lm-eval."""
LENGTHS = ("max_gen_toks", "max_new_tokens", "max_tokens", "max_completion_tokens")
_SAME = {"do_sample": (False,), "temperature": (0,), "num_beams": (1,), "top_p": (1,), "top_k": (0, 1),
         "repetition_penalty": (1,)}  # fmt: skip
_OF_SAMPLING = ("temperature", "top_p", "top_k", "min_p")
"""What has no effect unless something is drawn."""


def not_greedy(asked: Mapping[str, Any]) -> list[str]:
    """The keys that ask for anything but greedy decoding."""
    drawn = bool(asked.get("do_sample")) or (
        "do_sample" not in asked and asked.get("temperature") not in (None, 0)
    )
    return [
        key
        for key, value in asked.items()
        if key not in ("until", *LENGTHS)
        and value not in _SAME.get(key, ())
        and (drawn or key not in _OF_SAMPLING)
    ]


def decoding_of(asked: Mapping[str, Any]) -> Decoding:
    """Raises InputError where the arguments ask for anything but greedy decoding, or are of another type."""
    for key in not_greedy(asked):
        raise InputError(
            f"{key} is {shown(asked[key])}, but every strategy here decodes greedily, up to max_gen_toks tokens or a "
            "text of until; leave it out."
        )
    name = next((name for name in LENGTHS if asked.get(name) is not None), None)
    most = _length(name, asked[name]) if name else DEFAULT_LENGTH
    until = asked.get("until") or []
    texts = [until] if isinstance(until, str) else until
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
        raise InputError(f"until is {shown(until)}; it has to be a text or a list of texts.")
    return Decoding(most, tuple(text for text in texts if text), stop_at_once=True)


def _length(name: str, value: Any) -> int:
    """A count of tokens in any form that lm-eval takes."""
    try:
        most = int(value)
    except (TypeError, ValueError, OverflowError):
        most = 0
    if most < 1:
        raise InputError(f"{name} is {shown(value)}; it has to be a whole number from 1 on.")
    return most
