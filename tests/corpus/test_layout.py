"""Protects what the chunker takes for headings, code and tables."""

from __future__ import annotations

import pytest

from harness.corpus.layout import layout


@pytest.mark.parametrize(
    ("text", "headings"),
    [
        ("# a\n\n## b\n#c\n####### d\n   # e", ["# a", "## b", "# e"]),
        ("    # indented code\n\t# tab\n> # quoted\n- # item", []),
        ("```\n# a\n```\n# b", ["# b"]),
        ("~~~ sh\n# a\n```\n# b\n~~~\n# c", ["# c"]),
        ("````\n```\n# a\n```\n````\n# b", ["# b"]),
        ("- x\n  ```\n  # a\n  ```\n# b", ["# b"]),
        ("```\n# never closed", []),
        ("`` `x` ``\n# a\n```inline``` code\n# b", ["# a", "# b"]),
        ("| a | b |\n|---|---|\n# c", ["# c"]),
    ],
)  # fmt: skip
def test_headings(text: str, headings: list[str]) -> None:
    starts = sorted(layout(text).headings)
    assert [text[start:].split("\n")[0] for start in starts] == headings


def test_code_spans_reach_from_fence_to_fence() -> None:
    text = "a\n```sh\nb\n```\nc\n~~~\nd\n~~~~\n```\ne"
    assert [text[start:end] for start, end in layout(text).code] == [
        "```sh\nb\n```",
        "~~~\nd\n~~~~",
        "```\ne",
    ]


@pytest.mark.parametrize(
    ("text", "tables"),
    [
        ("x\n| a | b |\n| --- | :-: |\n| 1 | 2 |\n| 3 | 4 |\n\ny | z", [("| a | b |", "| 1 | 2 |\n| 3 | 4 |")]),
        ("a | b\n-|-\n1 | 2\nx", [("a | b", "1 | 2")]),
        ("a\n---\n1 | 2", []),
        ("| a |\n|---|", [("| a |", "")]),
        ("```\n| a | b |\n|---|---|\n```", []),
        ("| a | b |\n|--|--|\n| 1 | 2 |\n\n| c | d |\n|--|--|\n| 3 | 4 |",
         [("| a | b |", "| 1 | 2 |"), ("| c | d |", "| 3 | 4 |")]),
    ],
)  # fmt: skip
def test_tables(text: str, tables: list[tuple[str, str]]) -> None:
    assert [(text[slice(*t.header)], text[slice(*t.body)]) for t in layout(text).tables] == tables
