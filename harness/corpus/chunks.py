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

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence

from harness.corpus.document import Document, Place
from harness.corpus.headings import fitting_path
from harness.corpus.units import (
    LINE,
    MOST_HEADER,
    POOR,
    SECTION,
    SENTENCE,
    SPACE,
    CountTokens,
    Cuttable,
    Rows,
    TokenCounter,
    Units,
    prepare,
)
from harness.errors import InputError
from harness.records import Passage

CHUNKER = "structure-2"
"""Names this way of cutting in an index's key; to be changed whenever the same input gives other chunks."""

MIN_CHUNK_TOKENS = 16
_LEAST_FILL = 0.5


def embedding_text(passage: Passage) -> str:
    """What is embedded for a passage: the title tells what a chunk from the middle is about."""
    return f"{passage.title}\n{passage.text}"


def chunk_documents(
    documents: Iterable[Document],
    count_tokens: CountTokens,
    max_tokens: int,
    overlap_tokens: int,
    *,
    headings: bool = False,
) -> tuple[Passage, ...]:
    """Cut documents into passages whose `embedding_text` has at most `max_tokens` tokens.

    `count_tokens` counts special tokens with every text. Neighbours share up to `overlap_tokens`,
    except across a heading. A title that takes more than half the room is cut. `headings`: the headings that a passage
    stands under follow its title, the innermost ones where there is no room for all. Ids are `<doc_id>#<n>` from 0, in
    the order of `documents`. The same input always gives the same passages.

    Raises InputError where the sizes leave no room for text.
    """
    _check_sizes(max_tokens, overlap_tokens)
    counter = TokenCounter(count_tokens)
    prepared = list(prepare(list(documents), counter, max_tokens, headings=headings))
    done: dict[str, list[Passage]] = {document.doc_id: [] for document, _ in prepared}
    pending = prepared
    while pending:
        cut = [
            (document, room, _passages(document, room, overlap_tokens, counter)) for document, room in pending
        ]
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


def _passages(document: Cuttable, room: int, overlap: int, counter: TokenCounter) -> list[Passage]:
    passages = []
    for number, (first, last) in enumerate(_pack(document, room, min(overlap, room // 2))):
        start, end = document.spans[first][0], document.spans[last - 1][1]
        text = document.text[start:end]
        if header := _header(document, first, room):
            text = f"{header.text}\n{text}"
        title = document.title + fitting_path(document.paths.at(start), counter, document.path_tokens)
        chunk_id = f"{document.doc_id}#{number}"
        passages.append(Passage(chunk_id, document.doc_id, title, text, _place(document.places, start, end)))
    return passages


def _place(places: Sequence[Place], start: int, end: int) -> str:
    """The part that a passage begins in, with the one that it ends in where that is another."""
    if not places:
        return ""
    first = bisect_right(places, start, key=lambda place: place.start) - 1
    last = bisect_left(places, end, key=lambda place: place.start) - 1
    label = places[max(first, 0)].label
    return label if last <= first else f"{label} – {places[last].label}"


def _header(document: Cuttable, first: int, room: int) -> Rows | None:
    """The table whose header a chunk repeats: it begins among the rows, and the header leaves room for them."""
    table = _table_at(document, first)
    return table if table and _tokens(document, table.header) <= room // MOST_HEADER else None


def _table_at(document: Cuttable, unit: int) -> Rows | None:
    """The table among whose rows a unit stands."""
    at = bisect_right(document.tables, unit, key=lambda table: table.units[0]) - 1
    return document.tables[at] if at >= 0 and unit < document.tables[at].units[1] else None


def _tokens(document: Cuttable, units: Units) -> int:
    return document.sums[units[1]] - document.sums[units[0]]


def _pack(document: Cuttable, room: int, overlap: int) -> Iterator[Units]:
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
        if (
            cuts[end] == POOR
        ):  # then rather a short chunk than one that ends behind a heading or a table's header
            end = max(range(covered + 1, end + 1), key=lambda unit: (cuts[unit], unit))
        end = _before_code(document, first, covered, end, room)
        yield first, end
        first, covered = _overlapping_start(document, first, end, overlap), end


def _before_code(document: Cuttable, first: int, covered: int, end: int, room: int) -> int:
    """`end`, or the start of the code that it would cut, where that fits into a chunk of its own."""
    at = bisect_left(document.code, end, key=lambda code: code[0]) - 1
    if at < 0 or document.code[at][1] <= end:
        return end
    start, stop = document.code[at]
    fits = document.sums[stop] - document.sums[start] <= room
    return start if fits and start > max(first, covered) and document.cuts[start] > POOR else end


def _overlapping_start(document: Cuttable, first: int, end: int, overlap: int) -> int:
    """The start of the next chunk: up to `overlap` tokens before `end`, best at a sentence's start."""
    at = bisect_right(document.code, end, key=lambda code: code[0]) - 1
    code = document.code[at] if at >= 0 else (0, 0)
    if document.cuts[end] == SECTION or end in code:  # code neither begins in the overlap nor is cut for it
        return end
    earliest = max(bisect_left(document.sums, document.sums[end] - overlap), first + 1)
    whole = range(earliest, end)
    if _table_at(document, end):  # a part of a row says nothing
        return next((unit for unit in whole if document.cuts[unit] >= LINE), end)
    return next(
        (unit for unit in whole if document.cuts[unit] >= SENTENCE),
        next((unit for unit in whole if document.cuts[unit] >= SPACE), end),
    )
