"""Text from data as it may stand in a page: escaped by the templates, and with nothing in it that cannot be seen."""

from __future__ import annotations

import json
import re
from typing import Any

UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff]"
)
"""Control characters and marks of direction and width: they change how a text looks and are not seen themselves."""


def visible(text: str) -> str:
    """The text with each unseen character written as its code: `[U+202E]`."""
    return UNSEEN.sub(lambda found: f"[U+{ord(found.group()):04X}]", text)


def as_json(value: Any) -> str:
    """JSON that may stand in a script element: no `<`, so that nothing in it can end the element or open another."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
