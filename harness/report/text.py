"""Text from data as it may be shown: with nothing in it that cannot be seen."""

from __future__ import annotations

import re

UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff]"
)
"""Control characters and marks of direction and width: they change how a text looks and are not seen themselves."""


def visible(text: str) -> str:
    """The text with each unseen character written as its code: `[U+202E]`."""
    return UNSEEN.sub(lambda match: f"[U+{ord(match.group()):04X}]", text)
