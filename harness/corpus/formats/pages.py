"""A page of a PDF → its text, on which raised numbers touch no others: 10 with a small 6 above the line is `10^6`.

A PDF places letters and knows no raised text, so it is told by size and height. pypdf gives the text in pieces, one
for each font that is set; where a page changes the size by its matrix alone, the font is set again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from math import hypot
from typing import Any, NamedTuple

from harness.corpus.formats.marks import bare, down, settled, up

_SHOWING = frozenset((b"Tj", b"TJ", b"'", b'"'))
_MARK = re.compile(
    r"(?P<mark>[+−–-]?\d{1,3}|\d{1,2}(?:[,;] ?\d{1,2})+|\[\d{1,3}\]|[+−–*†‡§-]|[a-z](?:,[a-z])*"
    r"|[+−–-]?[a-z\d]{1,2}(?:[+−–-][a-z\d]{1,2})+|\d?[a-z])(?P<behind>\s*)"
)
"""What raised text is where it matters: powers, and the marks of footnotes."""
_SMALLER, _LEAST, _MOST = 0.9, 0.08, 0.8
"""The size of raised text, and how far it stands above or below its line, as shares of the line's size."""


class _Piece(NamedTuple):
    """Text in one font: its height on the page, and the size of its letters."""

    text: str
    height: float
    size: float


def page_text(page: Any, spend: Callable[[int], None] = lambda _: None) -> str:
    """The text of a page of pypdf's. `spend`: is told how many operations draw it, before it is read."""
    pieces: list[_Piece] = []
    rise = shown = 0.0

    def operate(operator: bytes, operands: Any, *_: Any) -> None:
        nonlocal rise, shown
        if operator == b"Ts" and operands and isinstance(operands[0], int | float):
            rise = float(operands[0])
        elif operator in _SHOWING:
            shown = rise

    def take(text: str, page_matrix: Any, matrix: Any, _font: Any, size: float) -> None:
        if text:
            scale = hypot(page_matrix[2], page_matrix[3])
            height = matrix[4] * page_matrix[1] + matrix[5] * page_matrix[3] + page_matrix[5]
            pieces.append(_Piece(text, height + shown * scale, size * scale * hypot(matrix[2], matrix[3])))

    with _fonts_set_anew(page, spend):
        whole = str(page.extract_text(visitor_operand_before=operate, visitor_text=take))
    apart = "".join(piece.text for piece in pieces) == whole
    return "\n".join([_with_marks(pieces) if apart else whole, *_typed(page)])


def _typed(page: Any) -> Iterator[str]:
    """What people typed onto a page: the fields of a form that are filled in, and text beside it."""
    for reference in _object(page.get("/Annots"), list) or ():
        note = _object(reference, dict) or {}
        kind = note.get("/Subtype")
        if kind == "/FreeText":
            yield _shown(note.get("/Contents"))
        elif kind == "/Widget":
            field = {**(_object(note.get("/Parent"), dict) or {}), **note}
            value = _shown(field.get("/V"))
            label = _shown(field.get("/TU") or field.get("/T"))
            yield f"{label}: {value}" if value and value != "Off" else ""


def _object(value: Any, kind: type) -> Any:
    """What a value of a PDF is or refers to; None where that is of another kind."""
    found = value.get_object() if hasattr(value, "get_object") else value
    return found if isinstance(found, kind) else None


def _shown(value: Any) -> str:
    return str(value).removeprefix("/") if isinstance(value, str) else ""


def _with_marks(pieces: Sequence[_Piece]) -> str:
    text: list[str] = []
    last, line = "", None
    for piece, following in zip_longest(pieces, pieces[1:]):
        mark, shift = _MARK.fullmatch(piece.text), 0.0
        if piece.text.isalpha() and following and following.text[:1].isalpha():
            mark = None  # within a word: ª, drawn as a raised a
        if mark and line and piece.size < _SMALLER * line.size:
            shift = (piece.height - line.height) / line.size
        if mark and _LEAST < shift < _MOST and not last.isspace():
            text += [up(mark["mark"]), mark["behind"]]
        elif mark and -_MOST < shift < -_LEAST and last.isdigit():
            text += [down(mark["mark"]), mark["behind"]]
        else:
            text.append(bare(piece.text))
            line = piece if piece.text.strip() and not shift else line
        last = piece.text[-1]
    return settled("".join(text))


@contextmanager
def _fonts_set_anew(page: Any, spend: Callable[[int], None]) -> Iterator[None]:
    """The page, as if it set its font again where its matrix changes the size of letters."""
    from pypdf.generic import ContentStream, NameObject

    if "/Contents" not in page:
        yield
        return
    kept = page.raw_get("/Contents")
    content = ContentStream(kept.get_object(), page.pdf, "bytes")  # as extract_text reads it
    spend(len(content.operations))
    content.operations = list(_operations(content.operations))
    page[NameObject("/Contents")] = content
    try:
        yield
    finally:
        page[NameObject("/Contents")] = kept


def _operations(given: Sequence[Any]) -> Iterator[Any]:
    """The operations of a page with fonts set anew, and with one move for two: pypdf takes the second for a gap."""
    fonts: list[Any] = [None]
    size = None
    for operands, operator in _moved_once(given):
        if operator == b"Tf":
            fonts[-1] = operands
        elif operator == b"q":
            fonts.append(fonts[-1])
        elif operator == b"Q" and len(fonts) > 1:
            fonts.pop()
        elif operator == b"Tm" and _are_numbers(operands, 6):
            before, size = size, hypot(*operands[2:4])
            if fonts[-1] is not None and before not in (None, size):
                yield fonts[-1], b"Tf"
        yield operands, operator


def _moved_once(given: Sequence[Any]) -> Iterator[Any]:
    """Operations in which a step (Td) right behind a place (Tm) is part of it."""
    place: list[float] | None = None
    for operands, operator in given:
        if place is not None and operator == b"Td" and _are_numbers(operands, 2):
            a, b, c, d, x, y = place
            right, up = operands
            place = [a, b, c, d, x + right * a + up * c, y + right * b + up * d]
            continue
        if place is not None:
            yield place, b"Tm"
            place = None
        if operator == b"Tm" and _are_numbers(operands, 6):
            place = [float(number) for number in operands]
        else:
            yield operands, operator
    if place is not None:
        yield place, b"Tm"


def _are_numbers(operands: Sequence[Any], count: int) -> bool:
    return len(operands) == count and all(isinstance(number, int | float) for number in operands)
