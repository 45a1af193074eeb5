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
    drawn = bool(asked.get("do_sample")) or ("do_sample" not in asked and (asked.get("temperature") or 0) > 0)
    return [
        key
        for key, value in asked.items()
        if key not in ("until", *LENGTHS)
        and value not in _SAME.get(key, ())
        and (drawn or key not in _OF_SAMPLING)
    ]


def decoding_of(asked: Mapping[str, Any]) -> Decoding:
    """Raises InputError where the arguments ask for anything but greedy decoding."""
    for key in not_greedy(asked):
        raise InputError(
            f"{key} is {shown(asked[key])}, but every strategy here decodes greedily; leave it out."
        )
    most = next((asked[name] for name in LENGTHS if asked.get(name) is not None), DEFAULT_LENGTH)
    until = asked.get("until") or []
    return Decoding(int(most), tuple(text for text in ([until] if isinstance(until, str) else until) if text))
