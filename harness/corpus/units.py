"""A document as units of text (words), with their tokens and how good a cut before each of them is."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from harness.corpus.document import Document, Place
from harness.corpus.headings import HeadingPaths, fitting_path, heading_paths
from harness.corpus.layout import Table, layout

CountTokens = Callable[[Sequence[str]], list[int]]

MOST_HEADER = 2
"""A table's header is repeated where it takes no more than this part of the room: a half."""
_LONGEST_UNIT = 64
NO_PATHS = HeadingPaths()
_PATH_SHARE = 4
"""The headings in a passage's title take no more than this part of it: a quarter."""

# A word; ideographic sentences, which no space ends, are words of their own.
_WORD = re.compile(r"[^\s。！？]*[。！？]+|[^\s。！？]+")
_SENTENCE_END = re.compile(r"""[.!?;:。！？]["')\]*]*\Z""")

# How good a cut is before a unit.
POOR, SPACE, SENTENCE, LINE, PARAGRAPH, SECTION = range(6)


Units = tuple[int, int]
"""Units from the first on, up to the second."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a table, from the rule below its header line on. `first`: the first row below the rule."""

    units: Units
    first: int
    header: Units
    text: str


@dataclass(frozen=True, slots=True)
class Cuttable:
    """A document as units of text: where each stands, its tokens, and how good a cut before it is."""

    doc_id: str
    title: str
    text: str
    places: tuple[Place, ...]
    spans: list[tuple[int, int]]
    sums: list[int]
    """Tokens before each unit; one entry more than there are units."""
    cuts: list[int]
    code: list[Units]
    """Blocks of fenced code."""
    tables: list[Rows]
    paths: HeadingPaths = NO_PATHS
    """The headings that stand in passages' titles."""
    path_tokens: int = 0
    """The most tokens that they may take."""


class TokenCounter:
    """Tokens of single words, without special tokens; each distinct word is counted once."""

    def __init__(self, count_tokens: CountTokens) -> None:
        self._count = count_tokens
        self._known: dict[str, int] = {}
        self.special = count_tokens([""])[0]

    def learn(self, words: Iterable[str]) -> None:
        new = [word for word in dict.fromkeys(words) if word not in self._known]
        if new:
            for word, tokens in zip(new, self._count(new), strict=True):
                self._known[word] = tokens - self.special

    def __call__(self, word: str) -> int:
        if word not in self._known:
            self.learn([word])
        return self._known[word]


def prepare(
    documents: Sequence[Document], counter: TokenCounter, max_tokens: int, *, headings: bool = False
) -> Iterator[tuple[Cuttable, int]]:
    """Each document with its units counted, and the tokens that its title leaves for text.

    `headings`: whether titles name the headings that a passage stands under; room is kept for the longest path.
    """
    counter.learn(
        text[start:end]
        for document in documents
        for text in (document.title, document.text)
        for start, end in _units(text)
    )
    for document in documents:
        title, taken = _fit_title(document.title, counter, (max_tokens - counter.special) // 2)
        room = max_tokens - counter.special - taken
        paths, taken = NO_PATHS, 0
        if headings:
            paths = heading_paths(document.text, document.title, layout(document.text).headings)
            most = (max_tokens - counter.special) // _PATH_SHARE
            fitted = (fitting_path(path, counter, most) for path in set(paths.paths))
            taken = max((sum(map(counter, path.split())) for path in fitted), default=0)
        whole = _cuttable(document, title, counter, room - taken)
        yield replace(whole, paths=paths, path_tokens=taken), room - taken


def _units(text: str) -> Iterator[tuple[int, int]]:
    """Spans of words; what is longer than any word (a URL, a blob) comes in pieces."""
    for match in _WORD.finditer(text):
        for start in range(match.start(), match.end(), _LONGEST_UNIT):
            yield start, min(start + _LONGEST_UNIT, match.end())


def _fit_title(title: str, counter: TokenCounter, most: int) -> tuple[str, int]:
    """The longest beginning of a title, by whole units, within `most` tokens; and its tokens."""
    spans = list(_units(title))
    sums = list(accumulate((counter(title[start:end]) for start, end in spans), initial=0))
    kept = bisect_right(sums, most) - 1
    return (title[: spans[kept - 1][1]] if kept else ""), sums[kept]


def _cuttable(document: Document, title: str, counter: TokenCounter, room: int) -> Cuttable:
    text = document.text
    # Half the room: a unit still fits where the sums fell short and the room was narrowed.
    spans = [piece for span in _units(text) for piece in _halved(text, span, counter, room // 2)]
    sums = list(accumulate((counter(text[start:end]) for start, end in spans), initial=0))
    found = layout(text)
    starts = [start for start, _ in spans]
    code = [_within(starts, span) for span in found.code]
    rows = [_rows(text, starts, table) for table in found.tables]
    cuts = _cuts(text, spans, found.headings)
    _tighten(cuts, text, spans, code, rows)
    for table in rows:
        if (
            table.first < table.units[1]
            and sums[table.header[1]] - sums[table.header[0]] <= room // MOST_HEADER
        ):
            cuts[table.first] = SENTENCE  # the header will be repeated; better than inside the first row
    return Cuttable(document.doc_id, title, text, document.places, spans, sums, cuts, code, rows)


def _rows(text: str, starts: Sequence[int], table: Table) -> Rows:
    header, (first, last) = _within(starts, table.header), _within(starts, table.body)
    return Rows((header[1], last), first, header, text[slice(*table.header)].strip())


def _within(starts: Sequence[int], span: tuple[int, int]) -> Units:
    """The units that begin in a span of characters."""
    return bisect_left(starts, span[0]), bisect_left(starts, span[1])


def _halved(text: str, span: tuple[int, int], counter: TokenCounter, room: int) -> Iterator[tuple[int, int]]:
    start, end = span
    if counter(text[start:end]) <= room or end - start == 1:
        yield span
    else:
        middle = (start + end) // 2
        yield from _halved(text, (start, middle), counter, room)
        yield from _halved(text, (middle, end), counter, room)


def _cuts(text: str, spans: Sequence[tuple[int, int]], headings: Collection[int]) -> list[int]:
    """How good a cut before each unit is; before the first, a section's."""
    cuts = [SECTION]
    in_heading = bool(spans) and spans[0][0] in headings
    for (start, end), (following, _) in pairwise(spans):
        gap = text[end:following]
        new_line = "\n" in gap
        if following in headings:
            # Headings in a row belong together: the last one's section is the first one's too.
            cuts.append(POOR if in_heading else SECTION)
        elif in_heading or not gap:
            cuts.append(POOR)
        elif new_line:
            cuts.append(PARAGRAPH if gap.count("\n") > 1 else LINE)
        else:
            cuts.append(SENTENCE if _SENTENCE_END.search(text[start:end]) else SPACE)
        if new_line:
            in_heading = following in headings
    return cuts


def _tighten(
    cuts: list[int],
    text: str,
    spans: Sequence[tuple[int, int]],
    code: Iterable[Units],
    tables: Iterable[Rows],
) -> None:
    """Make cuts inside code and tables worse, in place: prose around them is the better place to cut."""
    for first, last in code:
        for unit in range(first + 1, last):
            lines = text.count("\n", spans[unit - 1][1], spans[unit][0])
            cuts[unit] = min(cuts[unit], (SPACE, SENTENCE, LINE)[min(lines, 2)])
        opening = next((unit for unit in range(first + 1, last) if cuts[unit] > SPACE), last)
        for unit in {*range(first + 1, opening + 1), last - 1} & set(range(first + 1, last)):
            cuts[unit] = POOR  # between a fence and its code
    for table in tables:
        for unit in range(table.header[0] + 1, min(table.first + 1, len(cuts))):
            cuts[unit] = POOR
        for unit in range(table.first + 1, table.units[1]):
            cuts[unit] = min(cuts[unit], SPACE) if cuts[unit] < LINE else cuts[unit]
