"""Protects what a reader (and the model) gets to see of a file: tables stay, links and scripts go."""

from __future__ import annotations

import subprocess
import sys

import pytest

from harness.corpus import formats


def test_title_from_front_matter_wins_and_front_matter_is_dropped() -> None:
    source = '---\nlayout: page\ntitle: "Leave: types"\ntags: {{ broken }}\n---\n# Heading\n\nText.\n'
    assert formats.markdown(source, "stem") == ("Leave: types", "# Heading\n\nText.")


def test_title_from_the_first_heading_and_heading_stays_in_the_text() -> None:
    assert formats.markdown("Intro.\n\n## Two\n\n# The *one* #\n", "s") == (
        "The one",
        "Intro.\n\n## Two\n\n# The *one* #",
    )


@pytest.mark.parametrize(
    ("stem", "title"),
    [("travel-and_leave", "Travel and leave"), ("README", "README"), ("a__b", "A b"), ("--", "--")],
)
def test_title_from_the_stem_is_readable(stem: str, title: str) -> None:
    assert formats.markdown("no heading", stem)[0] == title
    assert formats.plain("# not markdown", stem) == (title, "# not markdown")


def test_a_rule_at_the_top_is_not_front_matter() -> None:
    assert formats.markdown("---\nplain words\n---\nmore", "s")[1] == "---\nplain words\n---\nmore"


def test_a_heading_in_a_code_block_is_no_title() -> None:
    assert formats.markdown("```sh\n# comment\n```\n\n# Real\n", "s")[0] == "Real"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ('see [the `list`](http://x/(y) "t").', "see the `list`."),
        ("see [a][1].\n\n[1]: http://x\n", "see a."),
        ("x ![alt](i.png) y", "x  y"),
        ("[![badge](b)](c)Hello", "Hello"),
        ("a<!-- hidden\nlines -->b", "ab"),
        ("`table[i](x)` and rows[0](1)", "`table[i](x)` and rows[0](1)"),
        ("a footnote[^1]\n\n[^1]: kept", "a footnote[^1]\n\n[^1]: kept"),
        ("| a | [b](c) |\n|---|---|\n| 1 | 2 |", "| a | b |\n|---|---|\n| 1 | 2 |"),
        ("```\n[a](b) <!-- c -->\n```", "```\n[a](b) <!-- c -->\n```"),
        ("a\n\n\n\nb   \n", "a\n\nb"),
    ],
)
def test_markdown_text(source: str, text: str) -> None:
    assert formats.markdown(source, "s")[1] == text


PAGE = """<!DOCTYPE html><html><head><title> Leave
 rules </title><style>p {}</style></head><body>
<nav>Home | About</nav><script>alert(1)</script><!-- secret -->
<h2>Annual <b>leave</b></h2>
<p>Ask your
   <a href="x">manager</a>, please.<br>Twice.</p>
<ul><li>one</li> <li>two <i>bits</i></li></ul>
<table><tr><th>Years</th><th>Hours</th></tr>
<tr><td>0&ndash;3</td><td><p>4 <b>h</b></p></td></tr></table>
<pre>if x:
    y()</pre></body></html>"""


def test_html_page() -> None:
    title, text = formats.html(PAGE, "s")
    assert title == "Leave rules"
    assert text == (
        "## Annual leave\n\nAsk your manager, please.\nTwice.\n\n- one\n- two bits\n\n"
        "Years | Hours\n0–3 | 4 h\n\nif x:\n    y()"
    )


def test_html_title_falls_back_to_h1_then_stem() -> None:
    assert formats.html("<h1>Top</h1><p>x</p>", "s")[0] == "Top"
    assert formats.html("<p>x</p>", "a-b")[0] == "A b"


@pytest.mark.parametrize(
    "source", ["notes.txt", "https://example.org/", '<?xml version="1.0"?><html><p>x</p></html>']
)
def test_html_that_looks_like_something_else_warns_nobody(source: str) -> None:
    assert formats.html(source, "s")[1]


def test_the_room_does_not_import_bs4_before_there_is_a_page() -> None:
    heavy = "{'bs4', 'torch', 'numpy', 'faiss'}"
    code = f"import sys, harness.corpus.documents; assert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
