"""Raised and lowered text on one line, so that no number changes: 10<sup>6</sup> is `10^6`, never `106`.

Office programs cut raised text into runs (10, -, 6). Their readers write each run with `up` or `down`, and the whole
with `settled`, which takes neighbours together.
"""

from __future__ import annotations

import re

TAIL = 24
"""So many characters before a mark decide how it is written."""

_ORDINALS = {
    "st", "nd", "rd", "th", "er", "ère", "ere", "re", "e", "ème", "eme", "nde", "de", "os", "as", "mo", "ma", "ste",
    "te",
}  # fmt: skip
_SIGNS = {"tm", "sm", "™", "®", "©", "℠"}
_POWERS_OF = {
    "m", "km", "cm", "mm", "dm", "nm", "µm", "μm", "ft", "in", "yd", "mi", "s", "h", "min", "kg", "mc", "sin", "cos",
    "tan", "log", "ln",
}  # fmt: skip
"""What a raised number behind it is a power of; behind other words it is a footnote's mark."""

_RAISED = str.maketrans("0123456789+-−–", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻")
_NUMBER = re.compile(r"[+−–-]?\d+|\d*[+−–-]")
_SEVERAL = re.compile(r"\d{1,3}(?: ?[,;] ?\d{1,3})+|[a-z](?: ?[,;] ?[a-z])+")
_CLOSED = re.compile(r"(\d{1,3}|[a-z])\)")
"""A footnote's mark as German tables have it."""
_ROMAN = re.compile(r"[IVXLCDM]+")
_MARK = re.compile(r"\[?(?P<number>\d{1,3})\]?")
_WORD = re.compile(r"[^\W\d_]+\Z")
_LONGEST_WORD = 200
_LONGEST_ABBREVIATION = 3
"""Letters before a raised end: Mme, Dr, Ste; behind a longer word raised letters are a word of their own."""
_RAISED_NUMERATOR = re.compile(r"(?:\^| ?\[)(?P<above>\d+)\]? ?[/⁄]\Z")


def superscript(before: str, content: str, note: bool = False) -> str:
    """`before` with raised `content` behind it; `note`: it is known to be a footnote's mark (a link)."""
    raised = " ".join(content.split())
    return before if not raised else _raised(before, raised, note) + (" " if content[-1].isspace() else "")


def _raised(before: str, raised: str, note: bool) -> str:
    if numbered := _CLOSED.fullmatch(raised):
        return _noted(before, numbered[1])
    if note or raised[0] in "[(*†‡§¶#" or _SEVERAL.fullmatch(raised):
        return _noted(before, raised)
    last = before[-1:]
    if last in ("(", "["):
        return before + raised
    if last in ("⁺", "⁻") and raised.isdigit():
        return before + raised.translate(_RAISED)
    if raised.isdigit() and re.search(r"\^[+−–-]\Z", before):
        return before + raised
    if raised.casefold() in _SIGNS or raised in (",", ";"):
        return before + raised
    if last.isdigit() and raised in ("o", "°"):
        return f"{before}°"
    if last.isdigit():
        return before + (raised if raised.casefold() in _ORDINALS else _power(raised))
    if last.isalpha():
        match = _WORD.search(before[-_LONGEST_WORD:])
        word = match[0] if match else last
        if (word in ("n", "N") and raised == "o") or (_ROMAN.fullmatch(word) and raised in _ORDINALS):
            return before + ("º" if raised == "o" else raised)
        if _NUMBER.fullmatch(raised):
            single = len(word) == 1 or word.casefold() in _POWERS_OF or not raised.isdigit()
            return before + raised.translate(_RAISED) if single else _noted(before, raised)
        if len(raised) == 1 and raised.isalpha():
            return before + _power(raised) if len(word) == 1 else _noted(before, raised)
        if raised.isalpha() and len(word) > _LONGEST_ABBREVIATION:
            return _noted(before, raised)
        return before + (raised if raised.isalpha() and len(raised) <= 4 else _power(raised))
    if last and last in ")]}":
        return before + _power(raised)
    return _noted(before, raised) if len(raised) <= 3 else before + raised


_UP, _DOWN, _END = "\x1c", "\x1d", "\x1e"
"""Control characters, which XML cannot hold, around raised and lowered pieces."""
_PIECES = re.compile(f"(?P<sign>[{_UP}{_DOWN}])[^{_UP}-{_END}]*{_END}(?:(?P=sign)[^{_UP}-{_END}]*{_END})*")


def up(words: str) -> str:
    """A raised piece of a line that `settled` writes."""
    return f"{_UP}{bare(words)}{_END}"


def down(words: str) -> str:
    """A lowered piece of a line that `settled` writes."""
    return f"{_DOWN}{bare(words)}{_END}"


def settled(line: str) -> str:
    """A line whose raised and lowered pieces are written as a person reads them; neighbours are one piece."""
    done: list[str] = []
    tail, at = "", 0
    for piece in _PIECES.finditer(line):
        tail += line[at : piece.start()]
        done.append(tail[:-TAIL])
        change = superscript if piece["sign"] == _UP else subscript
        tail = change(tail[-TAIL:], bare(piece[0]))
        at = piece.end()
    return "".join([*done, tail, line[at:]])


def bare(piece: str) -> str:
    """Text without the signs of pieces."""
    return re.sub(f"[{_UP}-{_END}]", "", piece)


def linked(before: str, content: str) -> str:
    """`content`, a link's text behind `before`; a number that touches a word or another number is a mark's: ` [2]`."""
    match = _MARK.fullmatch(content)
    touches = before[-1:].isdigit() or (before[-1:].isalpha() and len(content) <= 2)
    return f" [{match['number']}]" if match and touches else content


def subscript(before: str, content: str) -> str:
    """`before` with lowered `content` behind it: `H2O`, `x_i`; a fraction's two halves meet: `5 1/2`."""
    lowered = " ".join(content.split())
    return before if not lowered else _lowered(before, lowered) + (" " if content[-1].isspace() else "")


def _lowered(before: str, lowered: str) -> str:
    if fraction := _RAISED_NUMERATOR.search(before):
        whole = before[: fraction.start()]
        space = " " if whole[-1:].isdigit() or fraction[0][0] == " " else ""
        return f"{whole}{space}{fraction['above']}/{lowered}"
    last = before[-1:]
    is_number = re.fullmatch(r"\d+(?:[.,]\d+)?", lowered) is not None
    if not last or last.isspace() or (is_number and (last.isalpha() or last in ")]")):
        return before + lowered
    return f"{before}_{lowered}" if lowered.isalnum() else f"{before}_({lowered})"


def _power(raised: str) -> str:
    return f"^{raised}" if re.fullmatch(r"[+−–-]?[\w.,]+|\d*[+−–-]", raised) else f"^({raised})"


def _noted(before: str, mark: str) -> str:
    space = "" if not before or before[-1].isspace() else " "
    return before + space + (mark if mark[0] in "[(" else f"[{mark}]")
