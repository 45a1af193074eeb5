"""The words within a chunk, which is what stands between two spaces: numbers, names with a sign, symbols.

Needs the standard library alone: exported tasks carry a copy.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from harness.scoring.characters import KINDS, PER_UNIT

_TOKEN = re.compile(
    r"""
    (?P<sign>(?<![^([{<>=~:;,|*/"'`U])(?<!9U)(?<!9UU)[-+](?=L{0,2}\$?\.?9))?
    (?P<money>L{0,2}\$(?=-?\.?9))?
    (?P<minus>(?<=\$)-)?
    (?P<number>9+\+9+/9+ | (?:(?<![LM9UN.])\.)?9+(?:(?:[.,:/'_-]|\^-?)9+)*)
    (?P<tail>L[LM9]*)?(?P<more>\+(?![LM9N=]))?
    | (?P<currency>L{1,2}\$)
    | (?P<initials>(?:L\.)+L(?![LM9]))
    | (?P<firm>L{1,3}&L{1,3}(?![LM9]))
    | (?P<word>L[LM9]*(?:'[LM9]+)*)(?P<suffix>\+\+|[+\#](?=-LL|[UN])|[+\#*-](?![LM9UN+\#*=>-]))?
    | (?P<character>(?:[UN]M*J){0,4}UM* | N+)
    | (?P<power>\^-?[L9]+(?:[+-](?![LM9UN]))?)
    | (?P<opposite>(?<![^([{<>=~:;,|*/"'`U])-(?:L(?!['.]?[LM9]|[+\#*-])|S|O))
    | (?P<times>(?<=9)\*(?=9))
    | ={4,} | ~~+
    | (?P<symbol>[=!]==|<=>|<<=?|>>>?=?|<>|<-(?![LM9UN.])|</|[-+*/&^~:<>!=]=|=~|->|=>|&&|\|\||\+\+|[<>=+~S%\$&]|O+)
    """,
    re.VERBOSE,
)  # fmt: skip
_LONG = 64
"""Chunks of so many characters are read anew each time: text without spaces is one chunk a paragraph."""
OPENING = "([{<\"'`*_"
CLOSING = ")]}>\"'`*_.,:;!?"
UNSURE, ON_NUMBER, MONEY, PER = "\x00", "\x01", "\x02", "\x03"
"""Marks in front of a word: an "a" that may be an article; a currency on its number, like "€40"; any other currency; a
unit behind a stroke, like that of "km/h"."""


def pieces(chunk: str) -> tuple[str, ...]:
    """The words of a chunk, case folded, some behind one of the marks above."""
    return _remembered(chunk) if len(chunk) < _LONG else tuple(_read(chunk))


@lru_cache(maxsize=32768)
def _remembered(chunk: str) -> tuple[str, ...]:
    core = chunk.strip('()"').rstrip(",.;:!?")
    if core.isascii() and core.isalpha() and core.lower() not in _CODES:
        return (core.lower(),)  # most words of English text
    return tuple(_read(chunk))


def _read(chunk: str) -> Iterator[str]:
    kinds = chunk.translate(KINDS)
    found, star = False, chunk.find("*")
    for match in _TOKEN.finditer(kinds):
        part = chunk[match.start() : match.end()]
        found = True
        if match["number"]:
            yield from _amount(match, chunk)
        elif match["word"]:
            emphasis = -1 < star < match.start()
            written = _slice(match, "word", chunk)
            behind_stroke = chunk[max(0, match.start() - 1)] == "/" and not match["suffix"]
            if behind_stroke and _PER_UNIT.fullmatch(fold(written)):
                yield PER + fold(written)
            else:
                yield from _word(written, _suffix(match, chunk, emphasis), _dotted(match, chunk))
        elif match["initials"]:
            yield fold(part.replace(".", ""))
        elif match["times"]:
            yield "×"
        elif match["currency"] or match["symbol"] == "$":
            yield from _currency(fold(part), MONEY)
        elif match.lastgroup:
            yield fold(part)
    if found:
        return
    quoted = _QUOTED_SIGNS.fullmatch(chunk)
    if chunk.strip(OPENING + CLOSING) == "-":
        yield "-"
    elif quoted:
        yield f"`{quoted[2]}`"


def signs(text: str) -> str:
    """A text of punctuation alone as the words that this is between quotes; as it is where some is not ASCII's."""
    chunks = text.split()
    quoted = [f"`{chunk}`" for chunk in chunks]
    return " ".join(quoted if all(map(_QUOTED_SIGNS.fullmatch, quoted)) else chunks).casefold()


_QUOTED_SIGNS = re.compile(r"""\(?(["'`])((?:(?!\1)[!-/:-@\[-`{-~])+)\1[).,;:!?]*""")
"""Punctuation goes, but not where it is what is spoken of: `*`, "[]"."""


def _slice(match: re.Match[str], group: str, chunk: str) -> str:
    return chunk[match.start(group) : match.end(group)] if match[group] else ""


def fold(word: str) -> str:
    folded = unicodedata.normalize("NFKC", word.casefold())
    return unicodedata.normalize("NFC", folded.replace("i\u0307", "i")) if "\u0307" in folded else folded  # İ


_DOLLARS = frozenset({"us", "ca", "c", "a", "au", "nz", "hk", "s", "r"})
_CODE_NAMES = "usd eur gbp chf jpy cny inr sek nok dkk pln czk cad aud nzd hkd sgd krw brl mxn zar"
_CODES = frozenset(_CODE_NAMES.split())
_SAME_MONEY = {
    "eur": "€", "gbp": "£", "inr": "₹", "krw": "₩", "usd": "us$", "aud": "a$", "au$": "a$", "cad": "c$", "ca$": "c$",
    "nzd": "nz$", "hkd": "hk$", "sgd": "s$", "brl": "r$",
}  # fmt: skip
"""Two ways to write one currency. "$" is no US$ everywhere, "¥" and "kr" are those of several countries."""
_UNIT_LETTERS = frozenset("gmshltwvjnkµμω")
_PER_UNIT = re.compile(PER_UNIT)
_GLUED_TAIL = re.compile(r"st|nd|rd|th")
_SQUARE_TAIL = re.compile(r"[kcdm]?m[23]")


def _amount(match: re.Match[str], chunk: str) -> Iterator[str]:
    """A number with what stands on it: "-€1,000.50", "5kg", "3rd", "18+"."""
    if match["money"]:
        yield from _currency(fold(_slice(match, "money", chunk)), ON_NUMBER)
    digits = _slice(match, "number", chunk)
    tail, more = fold(_slice(match, "tail", chunk)), "+" if match["more"] else ""
    sign = "-" if match["sign"] == "-" or match["minus"] else ""
    *first, last = _numbers(digits)
    numbers = [*first, last]
    numbers[0] = sign + numbers[0]
    if not tail:
        numbers[-1] += more
    elif not _splits(digits, tail):
        numbers[-1] += tail + more
    yield from numbers
    if tail in _CODES:
        yield MONEY + _SAME_MONEY.get(tail, tail)
    elif tail and _splits(digits, tail):
        yield from _particles(tail, least=1)


def _currency(written: str, mark: str) -> Iterator[str]:
    """A sign of currency with the letters before it: US$ is one, in "CHF$" they are a word."""
    if written[:-1] and written[:-1] not in _DOLLARS:
        yield written[:-1]
        written = written[-1]
    yield mark + _SAME_MONEY.get(written, written)


def _splits(digits: str, tail: str) -> bool:
    """Whether letters behind a number are a word of their own: a unit, and not part of a name like 12B or 3rd."""
    if any(character.isdigit() for character in tail):
        return bool(_SQUARE_TAIL.fullmatch(tail))
    if _GLUED_TAIL.fullmatch(tail) or (tail == "s" and len(digits) == 4 and digits.endswith("0")):
        return False
    return len(tail) > 1 or tail in _UNIT_LETTERS or not tail.isascii()


_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:(?:,\d{3})+|(?:['_]\d{3})+|,\d{2}(?:,\d{2})*,\d{3})(?:\.\d+)?")
_GROUPED = re.compile(r"(?<=[:/])[1-9]\d{0,2}(?:,\d{3})+(?![\d.,:/'_])")
"""1:10,000 and 1/10,000."""
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_CONTINENTAL = re.compile(r"[1-9]\d{0,2}(?:(?:\.\d{3})+,\d+|(?:\.\d{3}){2})")


def _numbers(written: str) -> list[str]:
    """The numbers in digits and what stands between them: one, or the members of a list like 3,5,7.

    A date like 2024-01-05 is three, so that its year is found in it.
    """
    if _DATE.fullmatch(written):
        return written.split("-")
    if "-" in written and "^" not in written:
        ends = [_numbers(end) for end in written.split("-")]
        if all(len(end) == 1 for end in ends):
            return ["-".join(end[0] for end in ends)]
        return [number for end in ends for number in end]
    if written.startswith("."):
        written = f"0{written}"
    if _THOUSANDS.fullmatch(written):
        return [re.sub("[,'_]", "", written)]
    if _CONTINENTAL.fullmatch(written):
        return [written.replace(".", "").replace(",", ".")]
    if ":" in written or "/" in written:
        written = _GROUPED.sub(lambda number: number[0].replace(",", ""), written)
    if re.fullmatch(r"\d+,\d+", written):
        return [written.replace(",", ".")]
    return [number for number in re.split("[,'_]", written) if number]


def _suffix(match: re.Match[str], chunk: str, emphasis: bool) -> str:
    """The sign at the end of a word where it is part of a name: C++, A+, O-, F#, A*, AA-.

    `emphasis`: whether a star stands before it, so that one behind it closes bold or italic text.
    """
    suffix, letters = _slice(match, "suffix", chunk), len(fold(_slice(match, "word", chunk)))
    if suffix == "*":
        return "" if emphasis or letters > 2 else suffix
    if suffix == "-":
        return suffix if letters <= 3 else ""
    return suffix if suffix[:1] == "+" or letters <= 2 else ""


_ELIDED = frozenset(
    ("c", "d", "j", "l", "m", "n", "s", "t", "qu", "dell", "nell", "sull", "dall", "all", "un")
)

_TURKISH_ENDING = re.compile(
    r"n?[iuü]n|n?[dt][ae](?:n|ki)?|[dt][iuü]r|yd[iuü]|[yn][aeiuü]|yl[ae]|l[ae]r|l[iuü]k?|s[iuü](?:n[aeiuü]|nd[ae]n?)?"
)
"""What stands behind the apostrophe of a Turkish name or unit: Ankara'da, TL'dir. The dotless i is an i by now."""


def _bears(name: str, ending: str) -> bool:
    """Whether a name may have a Turkish ending: y, n and s stand behind vowels alone there, so that Jun'ya and Il'in
    are one word; letters that are spelt out, as TL, end in any sound."""
    if name.isupper():
        return len(name) > 1
    return len(name) > 2 and (fold(name[-1]) in "aeiouöüâîû" or fold(ending[0]) not in "yns")


def _dotted(match: re.Match[str], chunk: str) -> bool:
    """Whether a point stands on the word and no word before that."""
    start = match.start()
    before = chunk[max(0, start - 2) : start - 1]
    return chunk[max(0, start - 1) : start] == "." and not (before and KINDS[ord(before)] in "LM9")


def _word(written: str, suffix: str, dotted: bool) -> Iterator[str]:
    """A word, without apostrophes: "driver's" is "drivers", but the French "l'eau" and the Turkish "Ankara'da" are two.

    A point before it counts in one name, .NET, which is another word without it.
    """
    first, _, rest = written.partition("'")
    elided = len(rest) > 1 and rest[0].isalpha() and fold(first) in _ELIDED
    if elided or (not suffix and _TURKISH_ENDING.fullmatch(fold(rest)) and _bears(first, rest)):
        yield fold(first)
        written = rest
    word = fold(written.replace("'", ""))
    if dotted and word == "net":
        word = ".net"
    if word in _CODES and not suffix:
        yield MONEY + _SAME_MONEY.get(word, word)
    elif suffix or not "가" <= word[-1] <= "힣":
        yield word + suffix
    else:
        yield from _particles(word, least=2)


_COPULA = ("입니다", "이에요", "예요", "이다")
_PARTICLES = (
    *_COPULA, "에서", "에게", "으로", "까지", "부터", "은", "는", "이", "가", "을", "를", "의", "에", "로", "와", "과",
    "도", "만",
)  # fmt: skip


def _particles(word: str, least: int) -> Iterator[str]:
    """A Korean word and the particles behind it. `least`: the fewest syllables that remain before a particle."""
    found: list[str] = []
    for _ in range(3):
        particle = next(filter(word.endswith, _PARTICLES), "")
        if not particle or len(word) - len(particle) < (1 if particle in _COPULA else least):
            break
        found.insert(0, particle)
        word = word.removesuffix(particle)
    yield word
    yield from found
