"""What two spellings of one answer share: a text → its words, for any script.

The table in `docs/tasks.md` shows what counts as right. In short: Unicode NFKC and case folding; punctuation goes; a
number is one word, with its sign and decimals; units, currency and symbols are words of their own, or end the word
that they stand on ("C#", "A+"); articles go where a word follows; scripts without spaces are read character by
character. Needs the standard library alone: exported tasks carry a copy.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from harness.scoring.characters import plain
from harness.scoring.chunks import CLOSING, MONEY, ON_NUMBER, OPENING, PER, UNSURE, pieces, signs


class Words(NamedTuple):
    """A normalised text: words apart by single spaces. No dataclass: lm-eval's loader of exported code has none."""

    text: str
    bare: str
    """The same without each "a" that may be an article or a letter, where the writing does not tell: "take plan a
    today" in small letters throughout, "Once Upon A Time" in capitals. Elsewhere it equals `text`."""

    def __bool__(self) -> bool:
        return bool(self.text)

    def same(self, other: Words) -> bool:
        """Whether both are the same words in the same order."""
        mine = self.facing(other)
        return mine.text == other.text or mine.bare == other.bare

    def hold(self, other: Words) -> bool:
        """Whether the other's words stand in these side by side. No words stand in no words alone."""
        if not other.text:
            return not self.text
        mine = self.facing(other)
        return f" {other.text} " in f" {mine.text} " or f" {other.bare} " in f" {mine.bare} "

    def facing(self, other: Words) -> Words:
        """These without signs between quotes, where the other has none: "Press `/` to search" says "Press / to search".

        Only a reply is read so: an answer that quotes a sign asks for it.
        """
        if "`" not in self.text or "`" in other.text:
            return self
        rest = (" ".join(word for word in text.split() if word[0] != "`") for text in self)
        return Words(*(_ARTICLE.sub("", f" {text} ").strip() for text in rest)) or self


def normalise(text: str) -> Words:
    """The words of a text; idempotent on `Words.text` but for numbers side by side. Time grows with length alone.

    Replies and right answers are asked for once a metric, a check and a system, so those of late are remembered;
    long texts are not, as a corpus would fill the memory.
    """
    return _recent(text) if len(text) <= SHORT else _normalised(text)


SHORT = 1_000
"""Characters of a text that is remembered."""


@lru_cache(maxsize=131_072)
def _recent(text: str) -> Words:
    return _normalised(text)


def _normalised(text: str) -> Words:
    spelled = plain(text)
    chunks, told = spelled.split(), not (spelled.islower() or spelled.isupper())
    tokens: list[str] = []
    for place, chunk in enumerate(chunks):
        if chunk in _A or chunk.lstrip(OPENING) in _A:
            tokens += _article(chunks, place, told)
        else:
            tokens += pieces(chunk)
    joined = " ".join(tokens) or signs(spelled)  # only punctuation: then that is the answer
    padded = f" {joined} "
    if not _PLAIN_WORDS.fullmatch(padded):
        padded = _in_context(padded)
    padded = _ARTICLE.sub("", padded)
    if UNSURE not in padded:
        return Words(padded.strip(), padded.strip())
    return Words(padded.replace(UNSURE, "").strip(), re.sub(f"(?<= ){UNSURE}a ", "", padded).strip())


_A = frozenset({"a", "A"})
_FUNCTION_WORDS = (
    "is was are were be and or nor but has have had will would can could should may might must does did in on at of "
    "for to from by than then because since with without if when where who which that the this"
)
_NEVER_AFTER_ARTICLE = frozenset(_FUNCTION_WORDS.split())
_AFTER_LETTER = frozenset({"positive", "negative", "major", "minor", "flat", "sharp"})


def _article(chunks: Sequence[str], place: int, told: bool) -> tuple[str, ...]:
    """An "a" by itself: nothing where it is an article, else the letter, marked where that cannot be known.

    `told`: whether the text uses both cases, so that a small "a" before a word is an article and a capital one
    within a sentence is a letter.
    """
    following = [chunk.strip(OPENING + CLOSING) for chunk in chunks[place + 1 : place + 3]]
    after = following[0] if following else ""
    if not after[:1].isalnum() or after.casefold() in _NEVER_AFTER_ARTICLE:
        return ("a",)
    capital = chunks[place].endswith("A")
    if capital and after.casefold() in _AFTER_LETTER and not any(following[1:]):
        return ("a",)
    if not told or (capital and chunks[place + 1].startswith("(")):  # "A (14 days)" may name an option
        return (f"{UNSURE}a",)
    starts = place == 0 or chunks[place - 1].rstrip("\"')]*")[-1:] in (".", "!", "?", ":", "")
    if not capital or starts:
        return ()
    return (f"{UNSURE}a",) if after[0].isupper() else ("a",)


_PLAIN_WORDS = re.compile("[^0-9\x01-\x03&^+\\-]*")
_ARTICLE = re.compile("(?<= )(?:the|an) (?=\\w|-\\d|[\x00-\x02])")
_RANGE = re.compile(r"(?<= )(\d[\d.,:/-]*) - (?=\d)")
_GRADE = re.compile(r" (([a-z])\2{0,2}|ab) ([+-]) $")
_DASH = re.compile(r" -(?= \S)")
_AND = re.compile("(?<=\\w) & (?=[\\w\x00-\x02])")
_SQUARE_METRES = re.compile(r"([ /][kcdm]?m) \^([23])(?= )")
_PER_UNIT = re.compile(
    r"(?<=\d) ([kcdmnµμ]?(?:m[23]?|[glswjvbn]|wh|mol|bit|cal|sv|bq)|min|ha|h|t|a|mi|ft|lb|iu|ie) \x03(?=\S+ )"
)
"""5 km/h is not 5 km, but €40/h is €40. Behind a number only: the sizes S/M/L are three words."""
_MIXED = re.compile(r"(?<= )(-?\d+) ([1-9]\d?)/([1-9]\d?)(?= )")
_COMPOUND = re.compile(
    r"(?<= )\d[\d.]*(?: [千百万亿萬億兆만억천]+ \d[\d.]*)+(?: [千百万亿萬億兆만억천]+)?(?= )"
)
"""1万5千 is one number."""
_TIMES_TEN = re.compile(r"(?<= )(?:1 × |(-?\d[\d.]*) × )(?=10\^-?\d)")
_MINUS = re.compile(r"(?<!\d) minus (?=\d)")
_MAGNITUDE = (
    "(?:thousand|million|billion|trillion|k|m|mn|bn|tn|mio|mrd|millionen|milliarden?|milliards?|millones|milioni|"
    "miliardi|milhões|bilhões|milyon|milyar|тыс|млн|млрд|crore|lakh)"
)
_PRICE = re.compile(
    rf"(?<= )(?P<stays>-?\d[^ ]*(?: {_MAGNITUDE})? \x02[^ ]+)(?= )"
    rf"|(?<= )[\x01\x02](?P<money>[^ ]+) (?P<number>-?\d[^ ]*(?: {_MAGNITUDE})?)(?= )"
)


def _in_context(padded: str) -> str:
    """Joins what belongs to one number and settles signs between words. `padded` starts and ends with a space."""
    if PER in padded:
        padded = _PER_UNIT.sub(r" \1/", padded).replace(PER, "")
    if " -" in padded or padded.endswith("+ "):
        padded = _DASH.sub("", _GRADE.sub(r" \1\3 ", _RANGE.sub(r"\1-", padded)))
    if "&" in padded:
        padded = _AND.sub(" and ", padded)
    padded = _ARTICLE.sub("", padded)
    if "^" in padded:
        padded = _SQUARE_METRES.sub(r"\1\2", padded)
    if "×" in padded:
        padded = _TIMES_TEN.sub(lambda number: f"{number[1]}×" if number[1] else "", padded)
    if not padded.isascii():
        padded = _COMPOUND.sub(lambda number: number[0].replace(" ", ""), padded)
    if "/" in padded:
        padded = _MIXED.sub(_mixed, padded)
    if MONEY in padded or ON_NUMBER in padded:
        padded = _PRICE.sub(_priced, padded)
    if "minus" in padded:
        padded = _MINUS.sub(" -", padded)
    return padded.replace(ON_NUMBER, "").replace(MONEY, "")


def _mixed(match: re.Match[str]) -> str:
    """1 1/2 is one number."""
    whole, numerator, denominator = match.groups()
    return f"{whole}+{numerator}/{denominator}" if int(numerator) < int(denominator) else match[0]


def _priced(match: re.Match[str]) -> str:
    """Currency stands behind its number."""
    return match["stays"] or f"{match['number']} {match['money']}"
