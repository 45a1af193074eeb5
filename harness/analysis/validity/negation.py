"""Does an answer stand in a reply only to be denied? "It is not 14 days, but 7", asked for 14 days.

A closed list of words, and no parser: a negator directly before the answer, with articles, prepositions and forms of
"be" between them at most, or one of a few denials directly behind it. "Not later than 14 days" and "does not apply for
14 days" are therefore none, and many denials go unnoticed. What is found *may be* one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

_BEFORE = (
    # English
    "not", "never", "neither", "nor", "cannot", r"\w+n't", "instead of", "rather than",
    # German, Dutch, Scandinavian
    "nicht", "kein(?:e|er|en|es|em)?", "niemals", "weder", "statt", "anstatt", "anstelle von", "niet", "geen",
    "inte", "ikke",
    # French, Spanish, Portuguese, Italian: a bare "no" may be a number ("No. 5"), a bare "pas" is Dutch for "just"
    r"(?:n'|ne )\w+ pas", "non pas", "au lieu de", "(?:no|não|non) (?:es|son|era|fue|está|é|são|foi|è|sono)",
    "en (?:lugar|vez) de", "invece di", "em vez de",
    # Polish, Russian, Ukrainian
    "nie", "не",
)  # fmt: skip
_BETWEEN = (
    "a", "an", "the", "in", "on", "at", "of", "for", "by", "to", "from", "be", "been", "it", "necessarily", "actually",
    "really",
    "der", "die", "das", "den", "dem", "ein", "eine", "einen", "einem", "im", "am", "um", "für", "het", "een",
    "le", "la", "les", "un", "une", "de", "du", "des", "à", "el", "los", "las", "una", "en", "il", "lo", "o", "os",
)  # fmt: skip
_UNSPACED = ("不是", "并不是", "並不是", "并非", "並非", "不在")
"""Chinese, which puts no space behind a negator."""
_BEHIND = (
    r" ?(?:is|are|was|were)(?: not|n't) (?:right|correct|true|the (?:right |correct )?answer)",
    " ?(?:is|are|was|were) (?:wrong|incorrect|false|untrue)",
    " ?(?:ist|sind|war|waren) (?:falsch|nicht richtig)",
    " ?(?:ではない|ではありません|じゃない|ではなく)",
    " ?(?:이|가) ?아니",
    " değil",
)
_NO_SPACES = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
"""Letters of scripts that write words without spaces, or particles onto them: no boundary stands between two."""
_LETTER = re.compile(rf"[^\W{_NO_SPACES}]")
_DENIED_BEFORE = re.compile(
    rf"(?:(?<![\w'])(?:{'|'.join(_BEFORE)})(?: (?:{'|'.join(_BETWEEN)})){{0,3}} |(?:{'|'.join(_UNSPACED)}) ?)"
    r"[\"'«“„(]?$"
)
_DENIED_BEHIND = re.compile(rf"[\"'»”)]?(?:{'|'.join(_BEHIND)})")
_NEGATES = re.compile(rf"(?<![\w'])(?:{'|'.join(_BEFORE)})(?!\w)|{'|'.join(_UNSPACED)}")
_NEAR = 80
"""Characters before an answer in which a negator is looked for."""


def may_be_denied(reply: str, answers: Iterable[str], question: str) -> bool:
    """Whether each place where an answer stands in the reply lies in a negation.

    Never where the question itself negates ("Where is it not allowed?").
    """
    text = _plain(reply)
    hits = [hit for answer in answers for hit in _hits(text, _plain(answer))]
    denied = bool(hits) and all(_denied(text, *hit) for hit in hits)
    return denied and not _NEGATES.search(_plain(question))


def _hits(text: str, answer: str) -> Iterator[tuple[int, int]]:
    """The places where an answer stands as whole words."""
    start = text.find(answer) if answer else -1
    while start >= 0:
        end = start + len(answer)
        if not _LETTER.fullmatch(text[start - 1 : start]) and not _LETTER.fullmatch(text[end : end + 1]):
            yield start, end
        start = text.find(answer, start + 1)


def _denied(text: str, start: int, end: int) -> bool:
    near = text[max(0, start - _NEAR) : start]
    return bool(_DENIED_BEFORE.search(near) or _DENIED_BEHIND.match(text, end))


def _plain(text: str) -> str:
    """One form of case, width, apostrophes and spaces."""
    if text.isascii():
        return " ".join(text.lower().replace("`", "'").split())
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.sub("[\u2019\u02bc\u00b4`]", "'", folded).split())
