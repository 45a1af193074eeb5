"""A text as the words that BM25 counts, for any script."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

TERMS = "terms-1"
"""Names this way of reading words in an index's key; to be changed whenever a text would give other words."""

_WORD = re.compile(r"[^\W_]+")
# Scripts that put no space between words: Thai, Lao, Myanmar, Khmer, kana, Han.
_UNSPACED = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff]+)"
)


def terms(text: str) -> list[str]:
    """The words in order, case folded, in NFKC; what is written without spaces as overlapping pairs of characters.

    Nothing is stemmed and no word left out: both would have to know the language.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return [term for word in _WORD.findall(folded) for term in _parts(word)]


def _parts(word: str) -> Iterator[str]:
    if word.isascii():
        yield word
        return
    for number, part in enumerate(_UNSPACED.split(word)):
        if number % 2 == 0 or len(part) == 1:
            yield from (part,) if part else ()
        else:
            yield from (first + second for first, second in pairwise(part))
