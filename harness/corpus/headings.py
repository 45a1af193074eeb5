"""The headings that a place in a document stands under, as a path for its passages: "Leave > Award leave > Limits"."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass

SEPARATOR = " > "
_MOST = 120
"""Characters of one heading in a path; the rest is cut at a word."""


@dataclass(frozen=True, slots=True)
class HeadingPaths:
    """`starts[i]`: the character from which on `paths[i]` holds, outermost heading first."""

    starts: tuple[int, ...] = ()
    paths: tuple[tuple[str, ...], ...] = ()

    def at(self, start: int) -> tuple[str, ...]:
        """The headings above a passage that begins there; a heading that it begins with is not above it."""
        place = bisect_right(self.starts, start) - 1
        return self.paths[place] if place >= 0 else ()


def heading_paths(text: str, title: str, headings: Iterable[int]) -> HeadingPaths:
    """The paths of a text. `headings`: where the first `#` of each stands.

    A heading that repeats the document's title says nothing beside it, and is left out.
    """
    starts: list[int] = []
    paths: list[tuple[str, ...]] = []
    above: list[tuple[int, str]] = []
    for start in sorted(headings):
        line = text[start : text.find("\n", start) if "\n" in text[start:] else len(text)]
        level = len(line) - len(line.lstrip("#"))
        above = [(depth, name) for depth, name in above if depth < level]
        starts.append(start)
        paths.append(tuple(name for _, name in above if name))
        name = _shortened(line.strip("# \t"))
        above.append((level, "" if name.casefold() == title.strip().casefold() else name))
        starts.append(start + 1)
        paths.append(tuple(name for _, name in above if name))
    return HeadingPaths(tuple(starts), tuple(paths))


def fitting_path(path: tuple[str, ...], count: Callable[[str], int], most: int) -> str:
    """The innermost headings of a path that take at most `most` tokens, each behind a separator; empty for none."""
    kept = ""
    for name in reversed(path):
        longer = f"{SEPARATOR}{name}{kept}"
        if sum(count(word) for word in longer.split()) > most:
            break
        kept = longer
    return kept


def _shortened(name: str) -> str:
    if len(name) <= _MOST:
        return name
    return name[:_MOST].rsplit(None, 1)[0]
