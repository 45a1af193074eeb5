"""How long a regular expression of somebody else's may take, read off the pattern before it is tried on a text.

Python's matcher tries one way after another and knows no limit: `(a+)+b` against 40 times "a" takes hours. A group
that repeats and holds another repeat or alternatives can match in exponentially many ways; repeats one after the
other in as many ways as their lengths multiply to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""\\. | \[\^?\]?(?:\\.|[^\]\\])*\]            # an escaped character, a class of characters
    | \(\?\#[^)]*\) | \(\?[aiLmsux]+\)             # a comment, flags
    | (?P<open>\((?:\?(?:P<\w+>|<?[=!]|[aiLmsux]*(?:-[imsx]+)?:|>|P=|\(\w+\)))?)
    | \) | \| | [*+?] | \{(?P<low>\d*)(?P<comma>,?)(?P<high>\d*)\} | .""",
    re.DOTALL | re.VERBOSE,
)
_MANY = 1000


@dataclass(frozen=True, slots=True)
class Cost:
    """What a pattern may cost.

    `repeats`: how many repeats without an end stand after each other; `ways`: the product of all other choices;
    `nested`: a repeated group that holds a repeat or alternatives, as it is written, or nothing.
    """

    repeats: int
    ways: int
    nested: str

    def steps(self, length: int) -> int:
        """About so many steps at most on a text of `length` characters, where nothing is nested."""
        return int(self.ways * (length + 1) ** (self.repeats + 1))


def cost(pattern: str) -> Cost:
    """What a valid pattern may cost at the worst."""
    repeats, ways, nested = 0, 1, ""
    groups, closed, quantified = [_Group(0)], None, False
    for token in _TOKEN.finditer(pattern):
        text, group, before = token.group(), groups[-1], closed
        most = None if quantified else _most(token)  # a second one only says which way is tried first
        closed, quantified = None, most is not None
        if token["open"]:
            groups.append(_Group(token.start()))
        elif text == ")" and len(groups) > 1:
            closed = groups.pop()
            groups[-1].choices += closed.choices
            ways *= 1 + closed.alternatives
        elif text == "|":
            group.alternatives += 1
            group.choices += 1
        elif most is not None:
            choice = bool(token["comma"]) or text in "*+?"
            group.choices += choice
            if before and before.choices and most > 1:
                nested = nested or pattern[before.start : token.end()]
            if choice:
                repeats, ways = (repeats + 1, ways) if most >= _MANY else (repeats, ways * (1 + most))
        elif text.startswith("(?") or (text.isspace() or text == "#"):
            closed = before  # a comment, or a blank where the pattern allows for them
    return Cost(repeats, ways * (1 + groups[0].alternatives), nested)


@dataclass(slots=True)
class _Group:
    """The start of a group, its alternatives beyond the first, and all choices in it, those of inner groups too."""

    start: int
    alternatives: int = 0
    choices: int = 0


def _most(token: re.Match[str]) -> int | None:
    """How often at most a quantifier repeats what stands before it; None: the token is no quantifier."""
    if token.group() in ("*", "+", "?"):
        return 1 if token.group() == "?" else _MANY
    low, comma, high = token.group("low", "comma", "high")
    if comma is None or not (low or high):
        return None
    digits = high if comma else low
    return int(digits) if 0 < len(digits) < 4 else _MANY
