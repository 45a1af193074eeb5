"""Protects the headings in passages' titles: the right ones, within the room that a passage has."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from harness.corpus.chunks import chunk_documents, embedding_text
from harness.corpus.document import Document
from harness.corpus.headings import fitting_path, heading_paths
from harness.corpus.layout import layout
from harness.records import Passage

TEXT = """# Leave

Leave is earned.

## Award leave

Forty hours a year.

### Limits #

No more than eighty.

## Sick leave

As needed."""


def words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) + 2 for text in texts]


def cut(text: str, title: str = "Leave", most: int = 24, headings: bool = True) -> tuple[Passage, ...]:
    return chunk_documents([Document("d", title, text)], words, most, 0, headings=headings)


def test_a_passage_names_the_headings_that_it_stands_under_and_not_its_own() -> None:
    assert [(passage.title, passage.text.splitlines()[0]) for passage in cut(TEXT, most=16)] == [
        ("Leave", "# Leave"),
        ("Leave", "## Award leave"),
        ("Leave > Award leave", "### Limits #"),
        ("Leave", "## Sick leave"),
    ]


def test_a_passage_from_the_middle_of_a_section_names_the_section() -> None:
    long = "## Rates\n\n" + "One two three four five six. " * 12
    first, *others = cut(long, title="Tariff", most=24)
    assert first.title == "Tariff"
    assert {passage.title for passage in others} == {"Tariff > Rates"}
    assert {passage.title for passage in cut(long, title="Tariff", headings=False)} == {"Tariff"}


def test_signs_in_code_are_no_headings() -> None:
    text = "## Setup\n\n```\n# a comment\n```\n\n" + "Words go on and on. " * 20
    assert all("comment" not in passage.title for passage in cut(text))


def test_the_outer_headings_go_where_there_is_no_room() -> None:
    path = ("Terms and conditions of carriage", "Dangerous goods", "Lithium")
    count = len
    assert fitting_path(path, lambda word: len(word.split()), 99) == " > " + " > ".join(path)
    assert fitting_path(path, lambda word: 1, 5) == " > Dangerous goods > Lithium"
    assert fitting_path(path, lambda word: 1, 1) == ""
    assert fitting_path((), count, 9) == ""


def test_levels_that_are_left_out_and_headings_without_words() -> None:
    text = "#### Deep\n\nx\n\n## Up\n\ny\n\n### \n\nz"
    paths = heading_paths(text, "T", layout(text).headings)
    assert paths.at(text.index("x")) == ("Deep",)
    assert paths.at(text.index("y")) == ("Up",)
    assert paths.at(text.index("z")) == ("Up",)


@given(
    st.lists(st.sampled_from(["# One", "## Two words", "### Three", "Some text here. ", "\n\n", "More. "]))
)
def test_passages_stay_within_their_length_and_keep_every_word(parts: list[str]) -> None:
    text = "\n\n".join(parts) or "Something."
    if not text.strip():
        return
    passages = cut(text, most=16)
    assert all(words([embedding_text(passage)])[0] <= 16 for passage in passages)
    assert " ".join(passage.text for passage in passages).split() == text.split()
