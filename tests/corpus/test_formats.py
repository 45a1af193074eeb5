"""Protects what a reader (and the model) gets to see of a file: no text lost, no number changed, no machinery."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from itertools import pairwise
from unittest import mock

import pytest
from hypothesis import given, settings

from harness.corpus.formats import md, shape, web
from tests.corpus.texts import html, markdown, mixed


class TestFrontMatter:
    def test_its_title_wins_and_its_settings_are_dropped(self) -> None:
        source = '---\nlayout: page\ntitle: "Leave: types"\ntags: {{ broken }}\n---\n# Heading\n\nText.\n'
        assert md.markdown(source, "stem") == ("Leave: types", "# Heading\n\nText.")

    def test_what_no_site_generator_knows_stays_as_text(self) -> None:
        source = "---\ntitle: Loans\ndeposit: 20 EUR\ndays: {drill: 14, s: 7}\nsummary: Be on time.\n"
        source += "date: 2025-05-01\ntag: a\n---\nx"
        assert md.markdown(source, "s") == (
            "Loans",
            "deposit: 20 EUR\ndays: drill: 14; s: 7\nsummary: Be on time.\ndate: 2025-05-01\n\nx",
        )

    def test_toml_and_empty_ones(self) -> None:
        assert md.markdown('+++\ntitle = "A"\ndraft = true\n+++\nx', "s") == ("A", "x")
        assert markdown("---\n---\nx") == "x"

    @pytest.mark.parametrize(
        "source",
        [
            "---\nplain words\n---\nmore",
            "---\n\nNote: a drill may be kept 14 days.\n\n---\n\nmore",
            "---\nDrills: they may be kept 14 days.\nWhoever is late pays.\n\n* item\n\n---\n\nmore",
            "---\nDrill: 14 days\nSaw: 7 days\n---\nmore",
            "---\n- a\n- b\n---\nmore",
            "---\n\n---\nmore",
            "+++\nnot toml 14\n+++\nmore",
            "---\ntitle: never closed\n\nmore",
        ],
    )  # fmt: skip
    def test_a_rule_at_the_top_is_not_front_matter(self, source: str) -> None:
        kept = markdown(source)
        assert [word for word in re.findall(r"\w+", source) if word not in kept] == []

    def test_a_value_that_repeats_itself_is_cut(self) -> None:
        bomb = "---\ntitle: x\na0: &a0 [x,x,x,x,x,x,x,x,x]\n"
        bomb += "".join(f"a{n + 1}: &a{n + 1} [{','.join([f'*a{n}'] * 9)}]\n" for n in range(12))
        assert len(markdown(f"{bomb}---\ntext")) < 50_000


class TestTitles:
    def test_from_the_first_heading_which_stays_in_the_text(self) -> None:
        assert md.markdown("Intro.\n\n## Two\n\n# The *one* `x` #\n", "s") == (
            "The one x",
            "Intro.\n\n## Two\n\n# The *one* `x` #",
        )
        assert md.markdown("The [one](x)\n===\n", "s") == ("The one", "# The one")

    @pytest.mark.parametrize(
        ("stem", "title"),
        [("travel-and_leave", "Travel and leave"), ("README", "README"), ("a__b", "A b"), ("--", "--")],
    )
    def test_from_the_stem(self, stem: str, title: str) -> None:
        assert md.markdown("no heading", stem)[0] == title
        assert shape.plain("# not markdown", stem) == (title, "# not markdown")

    def test_a_comment_in_code_is_none(self) -> None:
        assert md.markdown("```sh\n# comment\n```\n\n# Real\n", "s")[0] == "Real"

    def test_of_html_from_title_then_h1_then_stem(self) -> None:
        assert web.html("<title>A &amp; B</title><h1>Top</h1>", "s")[0] == "A & B"
        assert web.html("<h1>Top</h1><p>x</p>", "s")[0] == "Top"
        assert web.html("<svg><title>icon</title></svg><p>x</p>", "a-b")[0] == "A b"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ('see [the `list`](http://x/(y) "t").', "see the `list`."),
        ("see [a][1].\n\n[1]: http://x\n", "see a."),
        ("x ![14 days](i.png) y", "x [image: 14 days] y"),
        ('x ![](i.png "20 EUR")', "x [image: 20 EUR]"),
        ("| a |\n|---|\n| x<ul><li>1</li><li>2</li></ul> |", "| a |\n|---|\n| x  1  2   |"),
        ("x ![](i.png)![shot.png](shot.png)y", "x y"),
        ("a<!-- hidden\nlines -->b", "ab"),
        ("`table[i](x)` and rows[0](1), table[i](x), see [the fee](20)",
         "`table[i](x)` and rows[0](1), table[i](x), see [the fee](20)"),
        ("14[1] days, 14[2](#n2) days[3](#n3), see [1], [14](x.md) days\n\n[1]: https://x.org",
         "14 [1] days, 14 [2] days [3], see 1, 14 days"),
        ("a [b\nc](d) e\nf", "a b\nc e\nf"),
        ("> see [a](b)\n> and [c](d)", "> see a\n> and c"),
        ("- see [a](b)\n  and [c](d)\n  1. [e](f)", "- see a\n  and c\n  1. e"),
        ("- [x] done [a](b)\n- [ ] open", "- [x] done a\n- [ ] open"),
        ("a footnote[^1] and 14[^2] days\n\n[^1]: kept\n[^2]: two words", None),
        ("| a | [b](c) |\n|---|---|\n| 1 \\| 2 | [3](x) |", "| a | b |\n|---|---|\n| 1 \\| 2 | 3 |"),
        ("| a | b |\n|---|---|\n| 1 | [2](x) | 3 |", "| a | b |\n|---|---|\n| 1 | 2 | 3 |"),
        ("```\n[a](b) <!-- c -->\n```", "```\n[a](b) <!-- c -->\n```"),
        ("x\n\n    [a](b)\n", "x\n\n    [a](b)"),
        ("{% highlight sh %}\n# stop\n{% endhighlight %}\nx", "```sh\n# stop\n```\nx"),
        ("{{< highlight go >}}\n# a\n{{< /highlight >}}", "```go\n# a\n```"),
        ("{% highlight sh %}\n# open", "{% highlight sh %}\n# open"),
        ("a\n\n\n\nb   \n", "a\n\nb"),
        ("5 &lt; 6 &amp; 7\\* \\# 20&nbsp;EUR", "5 < 6 & 7* # 20 EUR"),
        ("\\# no heading", "\\# no heading"),
        ("run `a` with <your-name> and <T>", "run `a` with <your-name> and <T>"),
        ("<Note fee='20'>14 days</Note>", "<Note fee='20'>14 days</Note>"),
        ("{{< tabs >}} {% include x %}", "{{< tabs >}} {% include x %}"),
        ("<https://x.org> <a@x.org>", "https://x.org a@x.org"),
        ("up to 10<sup>6", "up to 10^6"),
        ("10<sup>**6**</sup> l, 5<sup>*</sup>", "10^6 l, 5 [*]"),
        ("10<span style='vertical-align:super'>6</span> <span>l</span> H<span class=sub>2</span>O", "10^6 l H2O"),
        ("10<sup>6</sup> l, H<sub>2</sub>O, a<br>b", "10^6 l, H2O, a\nb"),
        ("<table><tr><td>Fee<td>20</table>\n\nx <b>y</b>", "| Fee | 20 |\n\nx y"),
        ("<details>\n<summary>How long?</summary>\n\n14 **days**\n\n</details>", "How long?\n\n14 **days**"),
        ("x[1]: y\n[note]: 14 days\n", "x[1]: y\n[note]: 14 days"),
        ("[A]: yes\n\n[B]: 14\n\n[Q]: https://x.org\n", "[A]: yes\n\n[B]: 14"),
        ("[a] b\n\n[a]: c\n", "a b\n\n[a]: c"),
        ("[a] b\n\n[a]: c/d\n", "a b"),
        ("[Fee]: 20/day\n\n[Ticket]: #14\n\n[Start]: 9:00\n", "[Fee]: 20/day\n\n[Ticket]: #14\n\n[Start]: 9:00"),
        ("1. a\n1. b\n\n   # c\n   1) d\n   1) e\n1. f", "1. a\n2. b\n\n   # c\n   1) d\n   2) e\n3. f"),
        ("> 1. a\n> 1. b\n\n- 1. c\n  1. d", "> 1. a\n> 2. b\n\n- 1. c\n  2. d"),
        ("1. a\n1. b\n2. c\n3. d\n\n---\n\n1990. e\n1990. f", "1. a\n2. b\n3. c\n4. d\n\n---\n\n1990. e\n1990. f"),
        ("1. 1. a\n   1. b\n1. c\n1. d", "1. 1. a\n   2. b\n2. c\n3. d"),
        ("3. a\n\n```\n1. b\n1. c\n```\n\n7. d\n\n1. e", "3. a\n\n```\n1. b\n1. c\n```\n\n7. d\n\n1. e"),
        ("2*3*4 and **b** _c_ ~~d~~", "2*3*4 and **b** _c_ ~~d~~"),
    ],
)  # fmt: skip
def test_markdown_text(source: str, text: str | None) -> None:
    kept = "a footnote [^1] and 14 [^2] days\n\n[^1]: kept\n[^2]: two words"
    assert markdown(source) == (text or kept)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("10<sup>6</sup>", "10^6"),
        ("10<sup>-6</sup>", "10^-6"),
        ("2<sup>n+1</sup>", "2^(n+1)"),
        ("m<sup>2</sup>, km<sup>2</sup>, s<sup>-1</sup>, Na<sup>+</sup>", "m², km², s⁻¹, Na⁺"),
        ("E=mc<sup>2</sup>, x<sup>n</sup>, (a+b)<sup>2</sup>", "E=mc², x^n, (a+b)^2"),
        ("120<sup>o</sup>C, 30<sup>°</sup>", "120°C, 30°"),
        ("1<sup>st</sup>, 2<sup>e</sup>, Acme<sup>TM</sup>", "1st, 2e, AcmeTM"),
        ("14<sup><a href=#n>2</a></sup> days<sup>3</sup>", "14 [2] days [3]"),
        ("<a href=#n><sup>2</sup></a>14.<sup>1</sup>", "[2]14. [1]"),
        ("14<sup>[2]</sup>, 5<sup>*</sup>, 7<sup>†</sup>", "14 [2], 5 [*], 7 [†]"),
        ("5<sup>1</sup>/<sub>2</sub>, <sup>3</sup>&frasl;<sub>4</sub>", "5 1/2, 3/4"),
        ("H<sub>2</sub>O, Ca(OH)<sub>2</sub>, x<sub>i</sub>, 10<sub>2</sub>", "H2O, Ca(OH)2, x_i, 10_2"),
        ("5<sup> </sup>6<sub></sub>", "56"),
        ("14 days<sup>new</sup>, M<sup>me</sup>", "14 days [new], Mme"),
        ("XX<sup>e</sup> s., n<sup>o</sup> 5, PM<sub>2.5</sub>, 30<sup>1)</sup>", "XXe s., nº 5, PM2.5, 30 [1]"),
        ("Oslo<sup>a,b</sup>, 14<sup>a, c</sup>", "Oslo [a,b], 14 [a, c]"),
        ("14<sup>1,2</sup> days, 15<sup>1</sup><sup>,</sup> days", "14 [1,2] days, 15^1, days"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("reader", [html, markdown])
def test_raised_and_lowered_text_changes_no_number(reader: object, source: str, text: str) -> None:
    if reader is markdown:
        source = re.sub(r"</?a[^>]*>", "", source) if "14.<sup>" not in source else "see"
        text = "see" if source == "see" else text.replace("14 [2] days", "14^2 days")
        assert markdown(source) == text
    else:
        assert html(source) == text


# Words that stand once each, with the signs that make readers stumble between them.
_SIGNS = [
    " ", " ", "\n", "\n\n", "\n\n# ", "\n- ", "\n1. ", "\n> ", "\n    ", "\n\n    ", " | ", "\n|", "|\n|-|-|\n|", "**",
    "*", "_",
    "`", "\n```\n", "\n~~~\n", "[", "](", ")", "]", "]: ", "![", "\\", "&", "<", " < ", "> ", ": ", "\n---\n",
    "\n===\n", "\t", "~~", "[^", "#", "{%", "{{", "$", "^", "+++\n",
]  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(mixed(_SIGNS))
def test_markdown_loses_no_word_but_targets_of_links(case: tuple[list[str], str]) -> None:
    words, source = case
    text = md.markdown(source, "s")
    gone = [word for word in words if word not in " ".join(text)]
    # What goes is a link's target, a definition's, or a tag: the source has the sign for it.
    for word in gone:
        before = source[: source.index(word)]
        assert before.endswith(("](", "[", "]: ", "<")) or re.search(r"\]\(|\]: |<|\[", before), (
            word,
            source,
        )


@settings(max_examples=300, deadline=None)
@given(mixed([sign for sign in _SIGNS if not set(sign) & set("[]()<&\\`~{")]))
def test_markdown_without_links_is_left_as_it_is(case: tuple[list[str], str]) -> None:
    words, source = case
    text = " ".join(md.markdown(source, "s"))
    assert [word for word in words if word not in text] == []


@settings(max_examples=400, deadline=None)
@given(mixed(_SIGNS))
def test_what_is_not_parsed_needs_no_change(case: tuple[list[str], str]) -> None:
    _, source = case
    with mock.patch.object(md, "stretches", lambda lines, _: iter([(0, len(lines))])):
        whole = md.markdown(source, "s")
    assert md.markdown(source, "s") == whole


@pytest.mark.parametrize("sign", ["[", "![", ">", "- ", "*", "`", "<", "[a](", "\\", "|", "<a "])
def test_hostile_markdown_ends_and_stays(sign: str) -> None:
    source = f"first\n\n{sign * 20_000}"
    assert markdown(source).replace(" ", "").startswith("first")
    assert len(markdown(source)) >= 0.4 * len(source)


LAUGHS = "".join(f"{key}: &{key} [{f'*{before}, ' * 9}]\n" for before, key in pairwise("abcdefghij"))
MERGES = "".join(f"{key}: &{key} {{<<: [{f'*{before}, ' * 9}]}}\n" for before, key in pairwise("abcdefghij"))


@pytest.mark.parametrize("bomb", [f"a: &a [ha]\n{LAUGHS}title: *j", f"a: &a {{b: c}}\n{MERGES}title: Loans"])
def test_front_matter_of_aliases_does_not_grow(bomb: str) -> None:
    title, text = md.markdown(f"---\n{bomb}\n---\n14 days", "x")
    assert title in ("*j", "Loans")
    assert text.endswith("14 days")
    assert len(text) < 2 * len(bomb)


@pytest.mark.parametrize(
    "source",
    [
        f"a|b\n{' ' * 200_000}|x",
        f"a|b\n|-{' ' * 200_000}x",
        f"x{'[^a' * 30_000}",
        f"[1]({'1' * 90_000}/)",
        "<table>\n" * 20_000,
    ],
    ids=[
        "blanks before a bar",
        "blanks behind a rule",
        "marks of notes",
        "digits of a target",
        "open tables",
    ],
)
def test_patterns_take_no_time_that_grows_with_the_square(source: str) -> None:
    started = time.process_time()
    markdown(source)
    assert time.process_time() - started < 10


def test_the_room_imports_no_parser_before_there_is_a_page() -> None:
    heavy = "{'selectolax', 'markdown_it', 'torch', 'numpy', 'pypdf', 'docx', 'openpyxl', 'pptx', 'docutils'}"
    code = f"import sys, harness.corpus.documents; assert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_cells_under_a_long_header_of_markdown_carry_their_headings() -> None:
    heads = [f"The [heading](x) of column {number}" for number in range(6)]
    rule, cells = " | ".join(["---"] * 6), ["14", "", "a \\| b", "`x`", "", "20"]
    named = "The heading of column 0: 14 | The heading of column 2: a | b | The heading of column 3: `x`"
    for quote in ("", "> "):
        lines = (" | ".join(heads), rule, " | ".join(cells), " | ".join(["7"] + [""] * 5))
        source = "\n".join(f"{quote}| {line}" for line in lines)
        assert markdown(f"See\n\n{source}\n\nEnd") == (
            f"See\n\n{quote}{named} | The heading of column 5: 20\n{quote}The heading of column 0: 7\n\nEnd"
        )
    plain = f"| {' | '.join('heading ' * 4 for _ in range(6))} |\n| {rule} |\n| 1 |"
    assert markdown(plain) == f"{('heading ' * 4).strip()}: 1"
