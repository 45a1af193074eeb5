"""Markdown in which text from outside means itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.report import checks, gate, mdtext
from harness.report.view import Bullets, Section, Table
from tests.report.gates import nasty


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a | b", "a \\| b"),
        ("`x` <b> [l](u) *i* ~s~", "\\`x\\` \\<b\\> \\[l\\](u) \\*i\\* \\~s\\~"),
        ("snake_case and _em_", "snake_case and \\_em\\_"),
        ("# head", "\\# head"),
        ("- item", "\\- item"),
        ("a & b &amp;", "a &amp; b &amp;amp;"),
        ("one\ntwo\r\n  three", "one two three"),
        ("\x1b[0m", "\\[U+001B\\]\\[0m"),
    ],
)
def test_text_means_itself(text: str, wanted: str) -> None:
    assert mdtext.escape(text) == wanted


def test_sections_are_headings_tables_and_lists() -> None:
    found = [Section("T | x", (Table(("A", "B"), (("1|2", "3"),)), Bullets(("one", "two")), "End."))]
    assert mdtext.render(found) == (
        "## T \\| x\n\n| A | B |\n| --- | --- |\n| 1\\|2 | 3 |\n\n- one\n- two\n\nEnd.\n"
    )


def test_a_comment_of_nasty_replies_keeps_its_rows_and_lines(tmp_path: Path) -> None:
    found = nasty(tmp_path)
    lines = checks.FORMS[".md"](found).decode().splitlines()
    assert lines[0] == f"## {gate.headline(found)}"
    (row,) = [line for line in lines if line.startswith("| t |")]
    assert row.replace("\\|", "").count("|") == 6
    (flip,) = [line for line in lines if line.startswith("- lost q0")]
    assert "“a\\|b \\`c\\` \\<b\\>&amp;amp; \\]\\]\\> \\[U+001B\\]\\[31mred" in flip
    assert [line for line in lines if line.startswith("#")] == [
        line for line in lines if line.startswith("## ")
    ]


def test_a_comment_stays_within_what_a_forge_takes() -> None:
    text = "".join(f"line {at}\n" for at in range(100))
    cut = mdtext.shortened(text, 200)
    assert cut.startswith("line 0\n")
    assert cut.endswith("\n\n… shortened; --json has it all.\n")
    assert text.startswith(cut.partition("\n\n…")[0] + "\n")
    assert mdtext.shortened(text, len(text)) == text
