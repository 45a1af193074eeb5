"""A Markdown file → title and text. The parser tells what is what; lines that need no change stay as they are.

Links leave their text, pictures their alternative text, link definitions and comments nothing; HTML is read as HTML.
Emphasis, lists, tables and code keep Markdown's signs. What merely looks like a definition (`[Anna]: 14 days`), and
tags that HTML does not know (`<your-name>`, components), are text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from harness.corpus.formats.frontmatter import front_matter
from harness.corpus.formats.inline import needs_reading, rendered
from harness.corpus.formats.shape import readable, tidy
from harness.corpus.layout import layout

_UNDERLINED = re.compile(r"\S[ \t]*\n[ >]*(?:=+|-+)[ \t]*$", re.M)
_CLOSING = re.compile(r"[ \t]#+[ \t]*$")
_PREFIX = re.compile(r"[\s>]*")
_LOOKS_LIKE_TARGET = re.compile(
    r"[a-z][a-z0-9+.-]*:|[/#]|\.{1,2}/|www\.|[^\s/]+/|[^\s]+\.(?:html?|md|pdf|png|jpe?g|svg)\b", re.I
)
_LONGEST_BLOCK = 100_000
"""A block with more characters stays as it is: no person wrote it, and parsing it takes too long."""


def markdown(source: str, stem: str) -> tuple[str, str]:
    """Title (front matter, else the first `# heading`, else the stem) and text of a Markdown source."""
    front = front_matter(source)
    body = source[front.end :]
    if needs_reading(body) or _UNDERLINED.search(body):
        page = _Page(body)
        title, text = page.title, page.text()
    else:  # nothing that the parser would change
        title, text = _first_heading(body), body
    lines = "\n".join(front.lines)
    return front.title or title or readable(stem), tidy(f"{lines}\n\n{text}" if lines else text)


def _first_heading(body: str) -> str:
    """The words of the first `# heading` of a source without links, tags and references."""
    for start in sorted(layout(body).headings):
        line = body[start:].split("\n", 1)[0]
        if re.match(r"#(?: |$)", line):
            return " ".join(rendered(_parser(), _CLOSING.sub("", line[1:]), {}, plain=True)[0].split())
    return ""


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
        self.title = ""
        self._lines = source.split("\n")
        self._new: dict[int, list[str]] = {}
        self._env: dict[str, Any] = {}
        self._used: set[str] = set()
        try:
            tokens = _parser().parse(source, self._env)
        except RecursionError:
            tokens = []
        self._links = self._definitions()
        for number, token in enumerate(tokens):
            if token.map is not None:
                self._read(token, tokens[number - 1] if number else token)

    def text(self) -> str:
        for label, links in self._links.items():
            for link in links:
                if label in self._used or _LOOKS_LIKE_TARGET.match(link["href"]):
                    first, last = link["map"]
                    self._replace(first, last, [])
        return "\n".join(
            line for number, old in enumerate(self._lines) for line in self._new.get(number, [old])
        )

    def _definitions(self) -> dict[str, list[Any]]:
        """Link definitions by label, footnotes left out; the parser is left with those alone."""
        known = {label: link for label, link in self._env.get("references", {}).items() if label[:1] != "^"}
        self._env["references"] = known
        links = {label: [link] for label, link in known.items()}
        for link in self._env.get("duplicate_refs", []):
            if link["label"] in links:
                links[link["label"]].append(link)
        return links

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

    def _inline(self, content: str, *, row: bool = False, plain: bool = False) -> str:
        text, used = rendered(_parser(), content, self._env, row=row, plain=plain)
        self._used |= used
        return text

    def _heading(self, content: str, opening: Any) -> None:
        first, last = opening.map
        if len(content) >= _LONGEST_BLOCK:
            return
        if opening.tag == "h1" and not self.title:
            self.title = " ".join(self._inline(content, plain=True).split())
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
        from harness.corpus.formats.tags import html_alone
        from harness.corpus.formats.web import fragment

        if html_alone(content):
            prefix = _PREFIX.match(self._lines[first])
            text = fragment(content)
            self._replace(first, last, [(prefix[0] if prefix else "") + line for line in text.split("\n")])

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
