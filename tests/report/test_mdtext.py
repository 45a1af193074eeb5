"""Markdown in which text from outside means itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from harness.report import gate, gate_files, mdtext
from harness.report.mdtext import escape
from harness.report.view import Bullets, Section, Table, visible
from tests.report.gates import nasty


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a | b", "a \\| b"),
        ("`x` <b> [l](u) *i* ~s~", "\\`x\\` \\<b\\> \\[l\\](u) \\*i\\* \\~s\\~"),
        ("snake_case, _em_ and __init__", "snake_case, \\_em\\_ and \\_\\_init\\_\\_"),
        ("1. item", "1\\. item"),
        ("1984) item", "1984\\) item"),
        ("1.5 of 2.", "1.5 of 2."),
        ("# head", "\\# head"),
        ("head #", "head \\#"),
        ("- item", "\\- item"),
        ("a & b &amp;", "a &amp; b &amp;amp;"),
        ("one\ntwo\r\n  three", "one two three"),
        ("\x1b[0m", "\\[U+001B\\]\\[0m"),
    ],
)
def test_text_means_itself(text: str, wanted: str) -> None:
    assert mdtext.escape(text) == wanted


DEAD = {
    "@someone, @org/team and a.b@example.org": "@&#8203;someone, @&#8203;org/team and a.b@&#8203;example.org",
    "#12, owner/repo#3, GH-4": "\\#&#8203;12, owner/repo#&#8203;3, GH-&#8203;4",
    "https://example.org www.example.org": "https:&#8203;//example.org www&#8203;.example.org",
    "fixed in 0123456789ab": "fixed in 012345&#8203;6789ab",
    ":+1: at 10:20:30": ":&#8203;+1: at 10:20:30",
    "C# @ 5 and lora": "C# @ 5 and lora",
}


@pytest.mark.parametrize(("text", "wanted"), DEAD.items())
def test_what_a_forge_would_link_or_notify_is_dead(text: str, wanted: str) -> None:
    assert mdtext.escape(text) == wanted


GITHUB = re.compile(
    r"(^|[^a-z0-9_`])@[a-z0-9]|[\w.+-]+@[\w-]+\.\w|#\d|\bgh-\d|\bwww\.|\w://|:[a-z+-][\w+-]*:"
    r"|(?<![0-9a-z_])[0-9a-f]{7,40}(?![0-9a-z_])",
    re.IGNORECASE,
)
"""What GitHub links, notifies or draws in the text of a page that is rendered already."""
PIECES = st.sampled_from([
    "@user", "@", "#1", "#", "GH-7", "o/r", "https://a.b", "http:", "//", "www.", "www", "javascript:alert(1)",
    "mailto:", "a@b.org", "deadbeef", "0123456", "abcdef", "[x]", "(y)", "![i](u)", "[x]: u", "<b>", "</td>", "<!--",
    "-->", "&amp;", "&#64;", "&", "```", "~~~", "~~", "`", "``", "*", "**", "_", "__", "|", "\\", "\\|", "\n", "\r\n\n",
    "    ", "\t", "- ", "+ ", "1. ", "2) ", "> ", "===", "---", "# ", ":+1:", ":", "$", "a", "B", "7", " ", "é",
    "\u200b", "\u202e", "\x1b", "!",
])  # fmt: skip
FRAMES: dict[str, str] = {
    "paragraph": "{}\n", "heading": "## {}\n", "item": "- {}\n", "bold": "- **{}: x** y\n",
    "cell": "| a | b |\n| --- | --- |\n| {} | b |\n",
}  # fmt: skip


@pytest.mark.parametrize("frame", FRAMES)
@given(pieces=st.lists(PIECES | st.text(max_size=5), min_size=1, max_size=12))
def test_any_text_means_itself_wherever_it_stands(frame: str, pieces: list[str]) -> None:
    """Rendered, it is the same text in one piece: nothing of it formats, links, notifies, ends a cell or a line."""
    text = " ".join(visible("".join(pieces)).split())
    assume(text)
    rendered = (
        MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(FRAMES[frame].format(escape(text)))
    )
    kinds = [token.type for token in rendered if token.type != "inline"]
    plain = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(FRAMES[frame].format("x"))
    assert kinds == [token.type for token in plain if token.type != "inline"]
    inline = next(token for token in rendered if token.type == "inline" and token.content not in ("a", "b"))
    spans = [part for part in inline.children or [] if part.type not in ("text", "text_special")]
    assert [part.type for part in spans] == (["strong_open", "strong_close"] if frame == "bold" else [])
    shown = "".join(part.content for part in inline.children or [])
    assert shown.replace("\u200b", "").removesuffix(": x y" if frame == "bold" else "") == text
    assert not GITHUB.search(shown)


def test_sections_are_headings_tables_and_lists() -> None:
    found = [Section("T | x", (Table(("A", "B"), (("1|2", "3"),)), Bullets(("one", "two")), "End."))]
    assert mdtext.render(found) == (
        "## T \\| x\n\n| A | B |\n| --- | --- |\n| 1\\|2 | 3 |\n\n- one\n- two\n\nEnd.\n"
    )


def test_a_comment_of_nasty_replies_keeps_its_rows_and_lines(tmp_path: Path) -> None:
    found = nasty(tmp_path)
    lines = gate_files.FORMS[".md"](found).decode().splitlines()
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
