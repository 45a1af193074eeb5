"""What a reply cites, and the reply without it: passages are numbered, and replies name them by their numbers.

The form is the task's own, with `{n}` where the number stands: `[{n}]`, `(source {n})`.
"""

from __future__ import annotations

import re
from functools import cache

NUMBER = "{n}"
_NUMBERS = r"\d{1,6}(?:\s{0,3}BETWEEN\s{0,3}\d{1,6}){0,20}"
_RANGE = re.compile(r"(\d+)(?:\s*[–-]\s*(\d+))?")
_LONGEST = 20


def citation(form: str, number: int) -> str:
    """How a passage is cited: `[2]`."""
    return form.replace(NUMBER, str(number))


def cited(reply: str, form: str) -> tuple[int, ...]:
    """The numbers that a reply cites, in its order, each once; `[1, 3]` and `[1][3]` are the same, `[1-3]` is three."""
    found: dict[int, None] = {}
    for match in _pattern(form).finditer(reply):
        for first, last in _RANGE.findall(match[1]):
            span = range(int(first), int(last or first) + 1)
            found |= dict.fromkeys(
                span if 0 < len(span) <= _LONGEST else map(int, filter(None, (first, last)))
            )
    return tuple(found)


def without_citations(reply: str, form: str) -> str:
    """The reply as it is scored. One that cites nothing stays as it is."""
    pattern = _pattern(form)
    if not pattern.search(reply):
        return reply
    return pattern.sub("", reply).strip()


@cache
def _pattern(form: str) -> re.Pattern[str]:
    """A citation with the blanks before it; case does not count."""
    before, after = (re.escape(part.strip()) for part in form.split(NUMBER))
    numbers = _NUMBERS.replace(
        "BETWEEN", "(?:[,;&–-]|and)" if after else "[,;]"
    )  # else "and 2 books" may follow
    return re.compile(rf"\s{{0,3}}{before}\s{{0,3}}({numbers})\s{{0,3}}{after}", re.IGNORECASE)
