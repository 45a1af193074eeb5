"""Protects what retrieval can find: no word lost, no chunk over the window, cuts where a reader would."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.corpus.chunks import chunk_documents, embedding_text
from harness.corpus.document import Document, document_of_parts
from harness.corpus.units import CountTokens
from harness.errors import InputError
from harness.records import Passage
from tests.corpus.fakes import HashEmbedder

count = HashEmbedder().count_tokens


def letters(texts: Sequence[str]) -> list[int]:
    """A tokenizer that no sum of words foresees: three characters a token, spaces too, and 3 special."""
    return [3 + -(-len(text) // 3) for text in texts]


def texts(document: Document, max_tokens: int, overlap: int = 0) -> list[str]:
    return [passage.text for passage in chunk_documents([document], count, max_tokens, overlap)]


def test_a_short_document_is_one_passage_with_its_title() -> None:
    (passage,) = chunk_documents([Document("a/b", "The title", "Some text.")], count, 64, 16)
    assert passage == Passage("a/b#0", "a/b", "The title", "Some text.")
    assert embedding_text(passage) == "The title\nSome text."


def test_a_heading_goes_with_what_follows_it() -> None:
    # 2 special + 1 title leave 17 tokens: the first section (10) and the heading (2) fit, its text does not.
    text = "one two three four five six seven eight nine ten\n\n# Next\n\na b c d e f g h i j"
    assert texts(Document("d", "T", text), 20) == [text[:48], text[50:]]


def test_headings_in_a_row_stay_together() -> None:
    text = "one two three four five six seven eight nine\n\n# Big\n\n## Small\n\na b c d e f g h i"
    assert texts(Document("d", "T", text), 20)[1].startswith("# Big\n\n## Small\n\na")


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("a b c d e f g h i j\n\nk l m\nn o p. q r s t u v w", "a b c d e f g h i j"),
        ("a b c d e f g h i j\nk l m. n o p q r s t u v w", "a b c d e f g h i j"),
        ("a b c d e f g h i j. k l m n o p q r s t u v w", "a b c d e f g h i j."),
        ("a b c d e f g h i j k l m n o p q r s t u v w", "a b c d e f g h i j k l m n o p q"),
    ],
    ids=["paragraph", "line", "sentence", "space"],
)
def test_the_best_cut_in_reach_is_taken(text: str, first: str) -> None:
    assert texts(Document("d", "T", text), 20)[0] == first


def test_overlap_starts_at_a_sentence_within_its_tokens() -> None:
    text = "a b c d e f g. h i j k. l m n o p q r s t u v w x y z"
    first, second, *_ = texts(Document("d", "T", text), 16, 6)
    assert first == "a b c d e f g. h i j k."
    assert second.startswith("h i j k. l m")


def test_no_overlap_across_a_heading() -> None:
    text = "one two three four five six seven eight nine ten\n\n# Next\n\na b c d e f g h i j"
    assert texts(Document("d", "T", text), 20, 8)[1].startswith("# Next")


def test_a_long_title_leaves_half_the_room_for_text() -> None:
    document = Document("d", " ".join(f"t{n}" for n in range(100)), " ".join(f"w{n}" for n in range(30)))
    passages = chunk_documents([document], count, 22, 0)
    assert passages[0].title == " ".join(f"t{n}" for n in range(10))
    assert [len(passage.text.split()) for passage in passages] == [10, 10, 10]


def test_a_text_without_spaces_is_cut_too() -> None:
    blob = "x" * 1000
    assert "".join(texts(Document("d", "T", blob), 16)) == blob
    assert max(len(text) for text in texts(Document("d", "T", blob), 16)) <= 16 * 64
    ideographs = "知識は力なり。" * 40
    passages = chunk_documents([Document("d", "T", ideographs)], letters, 32, 0)
    assert "".join(passage.text for passage in passages) == ideographs
    assert all(passage.text.endswith("。") for passage in passages)


def test_ids_count_from_zero_in_each_document_and_follow_its_order() -> None:
    documents = [Document(name, "T", "word " * 40) for name in ("b", "a")]
    ids = [passage.chunk_id for passage in chunk_documents(documents, count, 24, 0)]
    assert ids == ["b#0", "b#1", "a#0", "a#1"]


@pytest.mark.parametrize(("max_tokens", "overlap"), [(15, 0), (64, 33), (64, -1)])
def test_sizes_that_leave_no_room_are_refused(max_tokens: int, overlap: int) -> None:
    with pytest.raises(InputError):
        chunk_documents([Document("d", "T", "x")], count, max_tokens, overlap)


def test_a_tokenizer_too_fine_for_the_size_is_refused_not_looped() -> None:
    with pytest.raises(InputError, match="too few for 'd'"):
        chunk_documents([Document("d", "T", "x y")], lambda texts: [2 + 20 * len(t) for t in texts], 16, 0)


word = st.text(st.characters(whitelist_categories=("L", "N")), min_size=1, max_size=8)
separator = st.sampled_from([" ", " ", ". ", "\n", "\n\n", "\n\n## ", "! ", "\n| "])


def numbered(title: list[str], parts: list[tuple[str, str]]) -> Document:
    """A document in which no word occurs twice, so that every passage has one place only."""
    text = "".join(f"_{number}_{word}{after}" for number, (word, after) in enumerate(parts))
    return Document("d", " ".join(title), text.strip())


document = st.builds(
    numbered, st.lists(word, max_size=12), st.lists(st.tuples(word, separator), min_size=1, max_size=120)
)


@settings(max_examples=150, deadline=None)
@given(document, st.integers(32, 80), st.integers(0, 16), st.sampled_from([count, letters]))
def test_no_chunk_over_the_limit_and_every_word_in_order(
    document: Document, max_tokens: int, overlap: int, counter: CountTokens
) -> None:
    passages = chunk_documents([document], counter, max_tokens, overlap)
    assert max(counter([embedding_text(passage) for passage in passages])) <= max_tokens
    covered = 0
    start = 0
    for passage in passages:
        # Chunks are slices; each begins after the last one began and leaves nothing but space between.
        start = document.text.index(passage.text, start)
        assert not document.text[covered:start].strip()
        assert start + len(passage.text) > covered
        covered = start + len(passage.text)
        start += 1
    assert not document.text[covered:].strip()
    assert passages == chunk_documents([document], counter, max_tokens, overlap)


def test_tokens_are_counted_in_few_batches() -> None:
    """Counting chunk by chunk made 700 documents take a minute; the time itself is not asserted."""
    calls = []

    def counting(texts: Sequence[str]) -> list[int]:
        calls.append(len(texts))
        return count(texts)

    documents = [Document(f"d{n}", f"Title {n}", f"some words {n}. " * 60) for n in range(50)]
    chunk_documents(documents, counting, 64, 8)
    assert len(calls) <= 4


CODE = "# Backup\n\nRun this every night.\n\n```sh\n# stop first\na b c\n\n# then keep\nd e f g\n```\n\nDone."


def test_a_comment_in_code_is_no_heading_and_code_that_fits_is_not_cut() -> None:
    assert texts(Document("d", "T", CODE), 26, 6) == [CODE[:31], CODE[33:]]
    other = CODE.replace("# stop", "% stop").replace("# then", "% then")
    assert texts(Document("d", "T", other), 26, 6) == [other[:31], other[33:]]


def test_longer_code_is_cut_between_its_lines() -> None:
    code = "```\n" + "\n".join(f"a{n} b c d. e" for n in range(12)) + "\n```"
    passages = texts(Document("d", "T", code), 20)
    assert "\n".join(passages) == code
    assert all(passage.endswith((". e", "```")) for passage in passages)


TABLE = "Fees.\n\n| Item | Fee |\n| --- | --- |\n" + "\n".join(f"| tool {n} | {n} EUR. |" for n in range(20))


def test_each_chunk_of_a_table_begins_with_its_header() -> None:
    passages = texts(Document("d", "T", TABLE), 40, 8)
    header, *rows = TABLE.split("\n")[2:3] + TABLE.split("\n")[4:]
    assert len(passages) > 3
    for passage in passages:
        assert header in passage
        assert set(passage.split("\n")) <= {header, *rows, "Fees.", "", "| --- | --- |"}
    assert [row for row in rows if not any(row in passage for passage in passages)] == []


def test_a_header_as_long_as_the_rows_is_not_repeated() -> None:
    long = TABLE.replace("| Item |", f"| {'Item ' * 20}|")
    assert sum("Item" in passage for passage in texts(Document("d", "T", long), 40)) < 3


def test_passages_carry_the_place_that_they_stand_at() -> None:
    pages = [(f"page {n}", f"a{n} b c d e f g h. i j k l m n.") for n in (1, 2, 3)]
    document = document_of_parts("d", "T", [*pages, ("page 4", "")])
    assert [place.label for place in document.places] == ["page 1", "page 2", "page 3"]
    passages = chunk_documents([document], count, 26, 0)
    assert [(passage.text.split()[0], passage.place) for passage in passages] == [
        ("a1", "page 1"), ("a2", "page 2"), ("a3", "page 3"),
    ]  # fmt: skip
    (whole,) = chunk_documents([document], count, 64, 0)
    assert whole.place == "page 1 – page 3"


structured = st.lists(
    st.sampled_from(["word ", "end. ", "\n", "\n\n", "\n\n# ", "\n```\n", "\n~~~~\n", "\n    # ",
                     "\n| a | b |\n|---|---|\n| ", " | ", "\n> ", "\n- ", "|"]),
    max_size=80,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(structured, st.integers(32, 64), st.integers(0, 16), st.sampled_from([count, letters]))
def test_no_word_is_lost_among_code_and_tables(
    parts: list[str], max_tokens: int, overlap: int, counter: CountTokens
) -> None:
    text = "".join(f"{part}n{number}" for number, part in enumerate(parts)).strip()
    passages = chunk_documents([Document("d", "T", text)], counter, max_tokens, overlap)
    assert max(counter([embedding_text(passage) for passage in passages]), default=0) <= max_tokens
    words = {word for passage in passages for word in passage.text.split()}
    assert set(text.split()) <= words


def test_a_passage_ends_neither_behind_a_heading_nor_in_a_row() -> None:
    rows = "\n".join(f"| vessel {n} | {n} places | yes, by the lift |" for n in range(6))
    table = f"| Vessel | Places | Without a step |\n|---|---|---|\n{rows}"
    text = f"One two three four five six. Seven eight nine.\n\n## What each vessel offers\n\n{table}"
    passages = texts(Document("d", "T", text), 40, 8)
    assert passages[0] == "One two three four five six. Seven eight nine."
    assert passages[1].startswith("## What each vessel offers\n\n| Vessel | Places |")
    assert passages[2].startswith("| Vessel | Places | Without a step |\n| vessel")
    whole = set(rows.split("\n"))
    assert {line for passage in passages for line in passage.split("\n") if "vessel " in line[:10]} == whole
