"""The signs of numbered items as a page counts them: 3, c, iii."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
    (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_STYLE = re.compile(r"list-style(?:-type)?\s*:[^;]*\b(lower|upper)-(alpha|latin|roman)", re.I)
_MOST = 3999
_INTEGER = re.compile(r"\s*-?[0-9]{1,9}\s*")


@dataclass(slots=True)
class Numbers:
    """An ordered list as it goes on. `form`: `a`, `A`, `i`, `I` or `1`, as of HTML's `type`."""

    number: int
    step: int
    form: str

    def next(self, item: Any) -> str:
        """The sign of the next item, which may say its own number."""
        number = number_of(item, "value", self.number)
        self.number = number + self.step
        return numeral(number, self.form)


def numeral(number: int, form: str) -> str:
    """A number as a form of `Numbers` writes it; in digits where that has no sign for it."""
    if form == "1" or not 0 < number <= _MOST:
        return str(number)
    sign = _roman(number) if form in "iI" else _letters(number)
    return sign if form.islower() else sign.upper()


def numbers_of(node: Any) -> Numbers:
    """How an `<ol>` counts."""
    attributes = node.attributes
    form = attributes.get("type") or ""
    if match := _STYLE.search(attributes.get("style") or ""):
        form = "i" if match[2].lower() == "roman" else "a"
        form = form.upper() if match[1].lower() == "upper" else form
    backwards = "reversed" in attributes
    first = sum(child.tag == "li" for child in node.iter()) if backwards else 1
    return Numbers(
        number_of(node, "start", first), -1 if backwards else 1, form if form in ("a", "A", "i", "I") else "1"
    )


def number_of(node: Any, name: str, default: int) -> int:
    """An attribute that is an integer; the default where it is none."""
    value = node.attributes.get(name)
    return int(value) if value and _INTEGER.fullmatch(value) else default


def _letters(number: int) -> str:
    text = ""
    while number:
        number, place = divmod(number - 1, 26)
        text = chr(ord("a") + place) + text
    return text


def _roman(number: int) -> str:
    text = ""
    for value, sign in _ROMAN:
        times, number = divmod(number, value)
        text += sign * times
    return text
