"""Documents → passages no longer than the embedder reads, cut where a reader would cut.

An embedder drops what exceeds its window without a word, so a chunk is measured with the embedder's
own tokens, the title and the special tokens included. Cuts prefer, in this order: before a heading, an
empty line, a line's end, a sentence's end, a space; never right after a heading while another place
will do.

Why not a library: semchunk makes an overlap by first cutting the whole text into pieces of the
overlap's size, which loses paragraphs and headings, and counts tokens one string at a time. Here each
distinct word is counted once for the whole corpus, sums of words choose the cuts, and the finished
chunks are counted again in one batch; where the sum fell short, the document is cut finer.

Code that fits into a chunk is not cut. A chunk that begins among the rows of a table repeats the table's header line.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from harness.corpus.document import Document, Place
from harness.corpus.layout import layout
from harness.errors import InputError
from harness.records import Passage

CountTokens = Callable[[Sequence[str]], list[int]]

CHUNKER = "structure-2"
"""Names this way of cutting in an index's key; to be changed whenever the same input gives other chunks."""

MIN_CHUNK_TOKENS = 16
_LONGEST_UNIT = 64
_LEAST_FILL = 0.5
_MOST_HEADER = 3
"""A table's header is repeated where it takes no more than this part of the room: a third."""

# A word; ideographic sentences, which no space ends, are words of their own.
_WORD = re.compile(r"[^\s。！？]*[。！？]+|[^\s。！？]+")
_SENTENCE_END = re.compile(r"""[.!?;:。！？]["')\]*]*\Z""")

# How good a cut is before a unit.
_POOR, _SPACE, _SENTENCE, _LINE, _PARAGRAPH, _SECTION = range(6)


_Units = tuple[int, int]
"""Units from the first on, up to the second."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of a table, and the header line above them."""

    units: _Units
    header: _Units
    text: str


@dataclass(frozen=True, slots=True)
class _Cuttable:
    """A document as units of text: where each stands, its tokens, and how good a cut before it is."""

    doc_id: str
    title: str
    text: str
    places: tuple[Place, ...]
    spans: list[tuple[int, int]]
    sums: list[int]
    """Tokens before each unit; one entry more than there are units."""
    cuts: list[int]
    code: list[_Units]
    """Blocks of fenced code."""
    tables: list[_Rows]


def embedding_text(passage: Passage) -> str:
    """What is embedded for a passage: the title tells what a chunk from the middle is about."""
    return f"{passage.title}\n{passage.text}"


def chunk_documents(
    documents: Iterable[Document], count_tokens: CountTokens, max_tokens: int, overlap_tokens: int
) -> tuple[Passage, ...]:
    """Cut documents into passages whose `embedding_text` has at most `max_tokens` tokens.

    `count_tokens` counts special tokens with every text. Neighbours share up to `overlap_tokens`,
    except across a heading. A title that takes more than half the room is cut. Ids are `<doc_id>#<n>`
    from 0, in the order of `documents`. The same input always gives the same passages.

    Raises InputError where the sizes leave no room for text.
    """
    _check_sizes(max_tokens, overlap_tokens)
    prepared = list(_prepare(list(documents), _Counter(count_tokens), max_tokens))
    done: dict[str, list[Passage]] = {document.doc_id: [] for document, _ in prepared}
    pending = prepared
    while pending:
        cut = [(document, room, _passages(document, room, overlap_tokens)) for document, room in pending]
        lengths = iter(
            count_tokens([embedding_text(passage) for *_, passages in cut for passage in passages])
        )
        pending = []
        for document, room, passages in cut:
            excess = max((next(lengths) for _ in passages), default=0) - max_tokens
            if excess <= 0:
                done[document.doc_id] = passages
            elif room == 1:
                raise InputError(f"{max_tokens} tokens a chunk are too few for {document.doc_id!r}.")
            else:
                pending.append((document, max(room - excess, 1)))
    return tuple(passage for passages in done.values() for passage in passages)


def _check_sizes(max_tokens: int, overlap_tokens: int) -> None:
    if max_tokens < MIN_CHUNK_TOKENS:
        raise InputError(
            f"chunks of {max_tokens} tokens are too short; give them {MIN_CHUNK_TOKENS} or more."
        )
    if not 0 <= overlap_tokens <= max_tokens // 2:
        raise InputError(
            f"an overlap of {overlap_tokens} tokens does not fit chunks of {max_tokens}; "
            f"it may be 0 to {max_tokens // 2}."
        )


class _Counter:
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


def _prepare(
    documents: Sequence[Document], counter: _Counter, max_tokens: int
) -> Iterator[tuple[_Cuttable, int]]:
    """Each document with its units counted, and the tokens that its title leaves for text."""
    counter.learn(
        text[start:end]
        for document in documents
        for text in (document.title, document.text)
        for start, end in _units(text)
    )
    for document in documents:
        title, taken = _fit_title(document.title, counter, (max_tokens - counter.special) // 2)
        room = max_tokens - counter.special - taken
        yield _cuttable(document, title, counter, room), room


def _units(text: str) -> Iterator[tuple[int, int]]:
    """Spans of words; what is longer than any word (a URL, a blob) comes in pieces."""
    for match in _WORD.finditer(text):
        for start in range(match.start(), match.end(), _LONGEST_UNIT):
            yield start, min(start + _LONGEST_UNIT, match.end())


def _fit_title(title: str, counter: _Counter, most: int) -> tuple[str, int]:
    """The longest beginning of a title, by whole units, within `most` tokens; and its tokens."""
    spans = list(_units(title))
    sums = list(accumulate((counter(title[start:end]) for start, end in spans), initial=0))
    kept = bisect_right(sums, most) - 1
    return (title[: spans[kept - 1][1]] if kept else ""), sums[kept]


def _cuttable(document: Document, title: str, counter: _Counter, room: int) -> _Cuttable:
    text = document.text
    # Half the room: a unit still fits where the sums fell short and the room was narrowed.
    spans = [piece for span in _units(text) for piece in _halved(text, span, counter, room // 2)]
    sums = list(accumulate((counter(text[start:end]) for start, end in spans), initial=0))
    found = layout(text)
    starts = [start for start, _ in spans]
    code = [_within(starts, span) for span in found.code]
    rows = [
        _Rows(_within(starts, table.body), _within(starts, table.header), text[slice(*table.header)].strip())
        for table in found.tables
    ]
    cuts = _cuts(text, spans, found.headings)
    _tighten(cuts, text, spans, code, rows)
    return _Cuttable(document.doc_id, title, text, document.places, spans, sums, cuts, code, rows)


def _within(starts: Sequence[int], span: tuple[int, int]) -> _Units:
    """The units that begin in a span of characters."""
    return bisect_left(starts, span[0]), bisect_left(starts, span[1])


def _halved(text: str, span: tuple[int, int], counter: _Counter, room: int) -> Iterator[tuple[int, int]]:
    start, end = span
    if counter(text[start:end]) <= room or end - start == 1:
        yield span
    else:
        middle = (start + end) // 2
        yield from _halved(text, (start, middle), counter, room)
        yield from _halved(text, (middle, end), counter, room)


def _cuts(text: str, spans: Sequence[tuple[int, int]], headings: Collection[int]) -> list[int]:
    """How good a cut before each unit is; before the first, a section's."""
    cuts = [_SECTION]
    in_heading = bool(spans) and spans[0][0] in headings
    for (start, end), (following, _) in pairwise(spans):
        gap = text[end:following]
        new_line = "\n" in gap
        if following in headings:
            # Headings in a row belong together: the last one's section is the first one's too.
            cuts.append(_POOR if in_heading else _SECTION)
        elif in_heading or not gap:
            cuts.append(_POOR)
        elif new_line:
            cuts.append(_PARAGRAPH if gap.count("\n") > 1 else _LINE)
        else:
            cuts.append(_SENTENCE if _SENTENCE_END.search(text[start:end]) else _SPACE)
        if new_line:
            in_heading = following in headings
    return cuts


def _tighten(
    cuts: list[int],
    text: str,
    spans: Sequence[tuple[int, int]],
    code: Iterable[_Units],
    tables: Iterable[_Rows],
) -> None:
    """Make cuts inside code and tables worse, in place: prose around them is the better place to cut."""
    for first, last in code:
        for unit in range(first + 1, last):
            lines = text.count("\n", spans[unit - 1][1], spans[unit][0])
            cuts[unit] = min(cuts[unit], (_SPACE, _SENTENCE, _LINE)[min(lines, 2)])
        opening = next((unit for unit in range(first + 1, last) if cuts[unit] > _SPACE), last)
        for unit in {*range(first + 1, opening + 1), last - 1} & set(range(first + 1, last)):
            cuts[unit] = _POOR  # between a fence and its code
    for table in tables:
        for unit in range(table.header[0] + 1, table.units[0] + 1):
            if unit < len(cuts):
                cuts[unit] = _POOR
        for unit in range(table.units[0] + 1, table.units[1]):
            cuts[unit] = min(cuts[unit], _SPACE) if cuts[unit] < _LINE else cuts[unit]


def _passages(document: _Cuttable, room: int, overlap: int) -> list[Passage]:
    passages = []
    for number, (first, last) in enumerate(_pack(document, room, min(overlap, room // 2))):
        start, end = document.spans[first][0], document.spans[last - 1][1]
        text = document.text[start:end]
        if header := _header(document, first, room):
            text = f"{header.text}\n{text}"
        chunk_id = f"{document.doc_id}#{number}"
        passages.append(
            Passage(chunk_id, document.doc_id, document.title, text, _place(document.places, start, end))
        )
    return passages


def _place(places: Sequence[Place], start: int, end: int) -> str:
    """Where a passage stands: the part it begins in, and the one it ends in where that is another."""
    if not places:
        return ""
    first = bisect_right(places, start, key=lambda place: place.start) - 1
    last = bisect_left(places, end, key=lambda place: place.start) - 1
    label = places[max(first, 0)].label
    return label if last <= first else f"{label} – {places[last].label}"


def _header(document: _Cuttable, first: int, room: int) -> _Rows | None:
    """The table whose header a chunk repeats: it begins among the rows, and the header leaves room for them."""
    at = bisect_right(document.tables, first, key=lambda table: table.units[0]) - 1
    if at < 0 or first >= document.tables[at].units[1]:
        return None
    table = document.tables[at]
    return table if _tokens(document, table.header) <= room // _MOST_HEADER else None


def _tokens(document: _Cuttable, units: _Units) -> int:
    return document.sums[units[1]] - document.sums[units[0]]


def _pack(document: _Cuttable, room: int, overlap: int) -> Iterator[_Units]:
    """Chunks as ranges of units, from the front: each ends at the best, then latest, cut in reach."""
    sums, cuts, count = document.sums, document.cuts, len(document.spans)
    first = covered = 0
    while covered < count:
        header = _header(document, first, room)
        left = room - _tokens(document, header.header) if header else room
        # The last unit boundary within reach; one unit at least, however long.
        reach = max(bisect_right(sums, sums[first] + left) - 1, first + 1)
        if reach <= covered:  # the overlap left no room for anything new
            first = covered
            continue
        if reach >= count:
            yield first, count
            return
        least = max(bisect_left(sums, sums[first] + int(left * _LEAST_FILL)), covered + 1)
        end = max(range(min(least, reach), reach + 1), key=lambda unit: (cuts[unit], unit))
        end = _before_code(document, first, covered, end, room)
        yield first, end
        first, covered = _overlapping_start(document, first, end, overlap), end


def _before_code(document: _Cuttable, first: int, covered: int, end: int, room: int) -> int:
    """Where to cut instead of inside code that fits into a chunk of its own: before it."""
    at = bisect_left(document.code, end, key=lambda code: code[0]) - 1
    if at < 0 or document.code[at][1] <= end:
        return end
    start, stop = document.code[at]
    fits = document.sums[stop] - document.sums[start] <= room
    return start if fits and start > max(first, covered) and document.cuts[start] > _POOR else end


def _overlapping_start(document: _Cuttable, first: int, end: int, overlap: int) -> int:
    """Where the next chunk begins: up to `overlap` tokens before `end`, best at a sentence's start."""
    at = bisect_right(document.code, end, key=lambda code: code[0]) - 1
    code = document.code[at] if at >= 0 else (0, 0)
    if document.cuts[end] == _SECTION or end in code:  # code neither begins in the overlap nor is cut for it
        return end
    earliest = max(bisect_left(document.sums, document.sums[end] - overlap), first + 1)
    whole = range(earliest, end)
    return next(
        (unit for unit in whole if document.cuts[unit] >= _SENTENCE),
        next((unit for unit in whole if document.cuts[unit] >= _SPACE), end),
    )
