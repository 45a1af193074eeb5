"""A Markdown file → title and text. The parser tells what is what; lines that need no change stay as they are.

Links leave their text, pictures their alternative text, link definitions and comments nothing; HTML is read as HTML.
Emphasis, lists, tables and code keep Markdown's signs. What merely looks like a definition (`[Anna]: 14 days`), and
tags that HTML does not know (`<your-name>`, components), are text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import takewhile
from typing import Any

from harness.corpus.formats.frontmatter import front_matter
from harness.corpus.formats.inline import needs_reading, rendered
from harness.corpus.formats.items import numbered
from harness.corpus.formats.shape import fenced, is_long, no_heading, readable, table, tidy
from harness.corpus.formats.stretches import stretches
from harness.corpus.formats.tags import html_alone
from harness.corpus.formats.web import fragment
from harness.corpus.layout import layout

_TOP_HEADING = re.compile(r" {0,3}#(?:[ \t]+(?P<words>.*?))?(?:[ \t]+#+)?[ \t]*$")
_MOST_HEADINGS = 100
_PREFIX = re.compile(r"[\s>]*")
_TARGET = re.compile(
    r"[a-z][a-z0-9+.-]*://|mailto:|www\.|\.{1,2}/|[^\s]+\.(?:html?|md|pdf|png|jpe?g|svg)(?:#|\Z)", re.I
)
_POSSIBLE_TARGET = re.compile(r"[^\s]*[/#:.]")
"""What a definition that the source uses may lead to; `[Anna]: yes` stays text, wherever Anna is named."""
_HIGHLIGHT = re.compile(
    r"^[ \t]*(?:\{%|\{\{[<%])-?[ \t]*highlight[ \t]+(?P<language>[\w+-]+)[^\n]*\n"
    r"(?P<code>(?:(?![^\n]*highlight)[^\n]*\n)*)"
    r"[ \t]*(?:\{%|\{\{[<%])-?[ \t]*(?:end|/)[ \t]*highlight\b[^\n]*$",
    re.M,
)
"""Code as Jekyll and Hugo mark it."""
_TABLE = re.compile(r"^ {0,3}<table\b(?:(?!</table>|<pre\b).)*+(?P<end></table>)?", re.M | re.S | re.I)
_EMPTY_LINES = re.compile(r"\n(?:[ \t]*\n)+")
_MARKED_UP = re.compile(r"```|~~~|\]\(|^[ \t]*(?:[-*+>|]|#{1,6}[ \t])|\*\*", re.M)
_LONGEST_BLOCK = 100_000
"""A block with more characters stays as it is: no person wrote it, and parsing it takes too long."""


def markdown(source: str, stem: str) -> tuple[str, str]:
    """Title (front matter, else the first `# heading`, else the stem) and text of a Markdown source."""
    front = front_matter(source)
    body = _HIGHLIGHT.sub(
        lambda block: fenced(block["code"].rstrip("\n"), block["language"]), source[front.end :]
    )
    page = _Page(numbered(_with_whole_tables(body), _parser()))
    title, text = page.title(), page.text()
    lines = "\n".join(front.lines)
    return front.title or title or readable(stem), tidy(f"{lines}\n\n{text}" if lines else text)


def _with_whole_tables(source: str) -> str:
    """The source without empty lines in tables of HTML alone: each would end a piece of HTML, and a row with it."""
    tables = [one for one in _TABLE.finditer(source) if one["end"] and _EMPTY_LINES.search(one[0])]
    if not tables:
        return source
    code = layout(source).code
    pieces, at = [], 0
    for one in tables:
        in_code = any(start <= one.start() < end for start, end in code)
        if not in_code and not _MARKED_UP.search(one[0]):
            pieces += [source[at : one.start()], _EMPTY_LINES.sub("\n", one[0])]
            at = one.end()
    return "".join([*pieces, source[at:]])


@cache
def _parser() -> Any:
    """The parser; its inline rules are applied to the blocks that need them alone."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"maxNesting": 20, "store_labels": True}).enable(
        ["table", "strikethrough"]
    )
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser


class _Page:
    """A Markdown source as its lines, some of which are written anew."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._layout = layout(source)
        self._lines = source.split("\n")
        self._new: dict[int, list[str]] = {}
        self._titles: dict[int, str] = {}
        self._links: dict[str, list[dict[str, Any]]] = {}
        self._env: dict[str, Any] = {"references": {}}
        self._used: set[str] = set()
        self._parsed = list(stretches(self._lines, self._layout))
        # Links may be defined behind their use, so all is parsed before any line is read.
        for tokens in [self._tokens(*lines) for lines in self._parsed]:
            opened = 0
            for number, token in enumerate(tokens):
                if token.map is not None:
                    self._read(token, tokens[number - 1] if number else token)
                    opened = number if token.type == "table_open" else opened
                elif token.type == "table_close":
                    self._wide_table(tokens[opened:number])

    def _tokens(self, first: int, last: int) -> list[Any]:
        """The blocks of some lines, numbered as in the whole; what they define as links is kept."""
        env: dict[str, Any] = {}
        try:
            tokens: list[Any] = _parser().parse("\n".join(self._lines[first:last]), env)
        except RecursionError:
            return []
        for token in tokens:
            if token.map is not None:
                token.map = [token.map[0] + first, token.map[1] + first]
        defined = [
            *env.get("references", {}).items(),
            *((link["label"], link) for link in env.get("duplicate_refs", ())),
        ]
        for label, link in defined:
            if label[:1] != "^":  # a footnote, which is text
                link["map"] = [link["map"][0] + first, link["map"][1] + first]
                self._links.setdefault(label, []).append(link)
                self._env["references"].setdefault(label, link)
        return tokens

    def title(self) -> str:
        """The words of the first `# heading`; empty for none."""
        lines = {
            self._source.count("\n", 0, start) for start in sorted(self._layout.headings)[:_MOST_HEADINGS]
        }
        for line in lines - {line for span in self._parsed for line in range(*span)}:
            if match := _TOP_HEADING.match(self._lines[line]):
                self._titles[line] = " ".join(self._inline(match["words"] or "", plain=True).split())
        return self._titles[min(self._titles)] if self._titles else ""

    def text(self) -> str:
        for label, links in self._links.items():
            for link in links:
                if (_POSSIBLE_TARGET if label in self._used else _TARGET).match(link["href"]):
                    first, last = link["map"]
                    self._replace(first, last, [])
        return "\n".join(
            line for number, old in enumerate(self._lines) for line in self._new.get(number, [old])
        )

    def _read(self, token: Any, before: Any) -> None:
        first, last = token.map
        if token.type == "html_block":
            self._html(first, last, token.content)
        elif token.type == "inline" and before.type == "heading_open":
            self._heading(token.content, before)
        elif token.type == "inline" and before.type == "paragraph_open":
            if needs_reading(token.content) and len(token.content) < _LONGEST_BLOCK:
                self._paragraph(first, last, token.content)
        elif token.type == "tr_open":
            line = self._lines[first]
            if needs_reading(line) and len(line) < _LONGEST_BLOCK:
                prefix = _PREFIX.match(line)
                start = prefix.end() if prefix else 0
                self._replace(first, last, [line[:start] + self._inline(line[start:], row=True)])

    def _wide_table(self, tokens: Sequence[Any]) -> None:
        """Write a table anew where its header is long, so that each cell carries its heading."""
        head = takewhile(lambda token: token.type != "thead_close", tokens)
        if not is_long([token.content for token in head if token.type == "inline"]):
            return
        rows: list[list[str]] = []
        for token in tokens:
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "inline":
                rows[-1].append(self._inline(token.content, row=True))
        if is_long(rows[0]):
            first, last = tokens[0].map
            prefix = _PREFIX.match(self._lines[first])
            lines = table(rows[1:], rows[0]).split("\n")
            self._replace(first, last, [(prefix[0] if prefix else "") + line for line in lines])

    def _inline(self, content: str, *, row: bool = False, plain: bool = False) -> str:
        text, used = rendered(_parser(), content, self._env, row=row, plain=plain)
        self._used |= used
        return text

    def _heading(self, content: str, opening: Any) -> None:
        first, last = opening.map
        if len(content) >= _LONGEST_BLOCK:
            return
        if opening.tag == "h1":
            self._titles[first] = " ".join(self._inline(content, plain=True).split())
        if opening.markup in ("=", "-"):  # underlined: the chunker knows the other form alone
            prefix = _PREFIX.match(self._lines[first])
            words = " ".join(self._inline(content).split())
            sign = "#" * int(opening.tag[1])
            self._replace(first, last, [f"{prefix[0] if prefix else ''}{sign} {words}"])
        elif needs_reading(content):
            line = self._lines[first].replace(content, self._inline(content), 1)
            self._replace(first, last, [line])

    def _paragraph(self, first: int, last: int, content: str) -> None:
        """Write a paragraph anew, each line behind what its list or quotation puts before it."""
        prefixes = [
            _before(line, part)
            for line, part in zip(self._lines[first:last], content.split("\n"), strict=False)
        ]
        lines = self._inline(content).split("\n")
        more = prefixes[-1] if len(prefixes) > 1 else re.sub(r"[^\s>]", " ", prefixes[0])
        prefixes += [more] * (len(lines) - len(prefixes))
        self._replace(first, last, [prefix + line for prefix, line in zip(prefixes, lines, strict=False)])

    def _html(self, first: int, last: int, content: str) -> None:
        if html_alone(content):
            prefix = _PREFIX.match(self._lines[first])
            text = fragment(content)
            self._replace(first, last, [(prefix[0] if prefix else "") + line for line in text.split("\n")])
        elif "#" in content:  # in a block of tags that HTML does not know, no line is a heading
            self._replace(first, last, [no_heading(line) for line in self._lines[first:last]])

    def _replace(self, first: int, last: int, lines: Sequence[str]) -> None:
        self._new[first] = list(lines)
        for number in range(first + 1, min(last, len(self._lines))):
            self._new[number] = []


def _before(line: str, part: str) -> str:
    """What stands on a source line before its part of a paragraph: indents, list signs, quotation signs."""
    words = part.strip()
    line = line.rstrip()
    if words and line.endswith(words):
        return line[: len(line) - len(words)]
    prefix = _PREFIX.match(line)
    return prefix[0] if prefix else ""
