"""The running text of a Markdown block, as a person reads it."""

from __future__ import annotations

import re
from typing import Any

from harness.corpus.formats.flow import Flow
from harness.corpus.formats.looks import shift_of
from harness.corpus.formats.marks import TAIL, linked, subscript, superscript
from harness.corpus.formats.tags import attribute, html_alone, tag_name
from harness.corpus.formats.web import image

_SIGNS = re.compile(r"[\[<&\\]")
_NUMBER = re.compile(r"[^/#:.\d]*+\d[^/#:.]*+")
_NAME = re.compile(r"[^/#:.]+")
_FOOTNOTE = re.compile(r"(?<=[^\s\[(])\[\^(?=[^\]\s]{1,100}\])")


_BREAKS = frozenset(
    ("br", "p", "div", "ul", "ol", "li", "dt", "dd", "table", "tr", "td", "th", "hr", "h1", "h2", "h3")
)
"""Tags that end a line, wherever they stand; numbers on their two sides are two."""


def needs_reading(source: str) -> bool:
    """Whether Markdown's inline rules can change a text: it has a bracket, a tag, a reference or a backslash."""
    return bool(_SIGNS.search(source))


def rendered(
    parser: Any, content: str, env: dict[str, Any], *, row: bool = False, plain: bool = False
) -> tuple[str, set[str]]:
    """The text of a block, and the labels of the link definitions that it uses.

    `row`: it is a table's row, and stays on one line; `plain`: without signs for emphasis and code.
    """
    tokens: list[Any] = []
    try:
        parser.inline.parse(content, parser, env, tokens)
    except RecursionError:
        return content, set()
    writer = _Inline(row, plain)
    for token in tokens:
        writer.write(token)
    labels = {token.meta["label"] for token in tokens if token.meta and "label" in token.meta}
    return writer.finished(), labels


class _Inline:
    def __init__(self, row: bool, plain: bool) -> None:
        self._row, self._plain = row, plain
        self._flows: list[tuple[str, Flow]] = [("", Flow())]
        self._unread = ""
        self._spans: list[str] = []
        """Of each span that is open, whether it is raised or lowered."""

    def finished(self) -> str:
        while len(self._flows) > 1:  # raised text that nothing closes
            name, flow = self._flows.pop()
            text = "".join(flow.pieces)
            if name in ("sup", "sub") and len(text) < TAIL:
                self._shift(name, text)
            else:
                self._pieces.append(text)
        text = "".join(self._pieces)
        return " ".join(text.split("\n")) if self._row else text

    @property
    def _pieces(self) -> list[str]:
        return self._flows[-1][1].pieces

    def write(self, token: Any) -> None:
        kind = token.type
        if self._unread and not (kind == "html_inline" and tag_name(token.content) == self._unread):
            return
        if kind == "text":
            self._pieces.append(self._text(token.content))
        elif kind == "text_special":
            self._pieces.append(self._special(token))
        elif kind in ("softbreak", "hardbreak"):
            self._pieces.append("\n")
        elif kind == "code_inline":
            self._pieces.append(token.content if self._plain else _code(token))
        elif kind == "image":
            self._pieces.append(image(_words(token) or str(token.attrs.get("title") or "")))
        elif kind == "html_inline":
            self._tag(token.content)
        elif kind == "link_open":
            self._flows.append((_source_of(token, "".join(self._pieces[-1:])), Flow()))
        elif kind == "link_close":
            self._link()
        elif not self._plain:
            self._pieces.append(token.markup)

    def _link(self) -> None:
        """Write a link: its text, apart from a number before it; and whole where it is none to a person."""
        while len(self._flows) > 1:
            source, flow = self._flows.pop()
            text = "".join(flow.pieces)
            if source not in ("sup", "sub"):
                before = "".join(self._pieces[-2:])
                self._pieces.append(f"[{text}]({source})" if source else linked(before, text))
                return
            self._pieces.append(text)  # raised text that begins in a link and ends behind it

    def _text(self, words: str) -> str:
        """Words, with the marks of footnotes kept apart from the number or word before them."""
        if words.startswith("[^") and self._pieces and not self._pieces[-1][-1:].isspace():
            words = f" {words}"
        return _FOOTNOTE.sub(" [^", words)

    def _special(self, token: Any) -> str:
        sign = str(token.content)
        if token.info == "entity":
            return sign.replace("\xa0", " ").replace("\xad", "")
        starts_line = not self._pieces or self._pieces[-1].endswith("\n")
        return token.markup if (sign == "|" and self._row) or (sign == "#" and starts_line) else sign

    def _tag(self, source: str) -> None:
        name, closing = tag_name(source), source.startswith("</")
        if name in ("script", "style"):
            self._unread = "" if closing else name
        elif name in ("sup", "sub"):
            self._raise(name, closing)
        elif name == "span":
            self._span(source, closing)
        elif name in _BREAKS:
            self._pieces.append("\n")
        elif name in ("s", "del", "strike"):
            self._pieces.append("~~")
        elif name == "img":
            self._pieces.append(image(attribute(source, "alt")))
        elif not html_alone(source):
            self._pieces.append(source)

    def _span(self, source: str, closing: bool) -> None:
        """Begin or end a span, which a style or a class may raise."""
        if not closing:
            looks = (attribute(source, "style"), attribute(source, "class")) if "=" in source else ("", "")
            self._spans.append(shift_of(*looks))
            shift = self._spans[-1]
        else:
            shift = self._spans.pop() if self._spans else ""
        if shift:
            self._raise(shift, closing)

    def _raise(self, name: str, closing: bool) -> None:
        if not closing:
            self._flows.append((name, Flow()))
        elif self._flows[-1][0] == name:
            _, inner = self._flows.pop()
            text = "".join(inner.pieces)
            self._shift(name, text.strip("*_") or text)

    def _shift(self, name: str, text: str) -> None:
        flow = self._flows[-1][1]
        before = flow.tail(TAIL)
        flow.pieces.append(superscript(before, text) if name == "sup" else subscript(before, text))


def _source_of(link: Any, before: str) -> str:
    """The target of a link that is but brackets: `rows[0](x)` in running text, `[fee](20)`; empty for true links."""
    target = str(link.attrs.get("href", ""))
    written = not (link.meta and "label" in link.meta) and link.markup != "autolink"
    touches = before[-1:].isalnum() or before[-1:] == "]"
    return target if written and (_NAME if touches else _NUMBER).fullmatch(target) else ""


def _code(token: Any) -> str:
    space = " " if token.content[:1] == "`" or token.content[-1:] == "`" else ""
    return f"{token.markup}{space}{token.content}{space}{token.markup}"


def _words(token: Any) -> str:
    """The alternative text of a picture: its children without their signs."""
    return "".join(
        _words(child) if child.children else child.content or " " for child in token.children or ()
    )
