"""An HTML page → title and text, by a parser that knows HTML5: optional tags, broken nesting, character references.

What stays is what a person would read: headings, lists and code under Markdown's signs, a row of a table on a line,
raised and lowered text kept apart from numbers, the alternative texts of pictures, what unfolds on a click. What goes
is what only a machine needs: scripts, styles, comments, menus (`<nav>`), what stands in for scripts (`<noscript>`),
and spans that are hidden.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from harness.corpus.formats.flow import LINE, PARAGRAPH, Flow
from harness.corpus.formats.formula import mathml
from harness.corpus.formats.grid import Grid
from harness.corpus.formats.looks import as_shown, drop_machinery, is_bold, raised_classes
from harness.corpus.formats.marks import TAIL, subscript, superscript
from harness.corpus.formats.numbers import Numbers, number_of, numbers_of
from harness.corpus.formats.shape import fenced, no_heading, one_line, readable, tidy
from harness.corpus.formats.tame import tamed
from harness.corpus.formats.xhtml import as_html

_DROPPED = frozenset((
    *("script", "style", "nav", "noscript", "template", "head", "iframe", "rp", "datalist", "defs", "metadata"),
    *("-comment", "-doctype", "-document"),
))  # fmt: skip
_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_PARAGRAPHS = frozenset((
    *("p", "div", "section", "article", "main", "header", "footer", "aside", "dl", "blockquote", "figure", "form"),
    *("hr", "details", "fieldset", "address", "dialog", "search", "hgroup", "body", "center", "ul", "ol", "menu"),
))  # fmt: skip
_TIGHT = frozenset(("p", "div", "ul", "ol", "menu"))
"""Blocks that begin a line, not a paragraph, inside a list."""
_LINES = frozenset((
    *("li", "dt", "dd", "figcaption", "summary", "option", "legend", "optgroup", "select", "textarea"),
    *("text", "title", "desc"),  # of drawings
))  # fmt: skip
_COLLECTED = frozenset((*_HEADINGS, "sup", "sub", "pre", "td", "th", "caption"))
"""Elements whose whole text is known before it is written."""
_ROWS = frozenset(("tr", "thead", "tbody", "tfoot"))
_SINGLE = frozenset(("br", "img", "input", "math"))
_SIGNS = {
    "s": ("~~", "~~"),
    "strike": ("~~", "~~"),
    "del": ("~~", "~~"),
    "q": ("“", "”"),
    "rt": ("(", ")"),
    "button": (" ", " "),
}
_HIDEABLE = frozenset(("span", "a", "b", "i", "em", "strong", "small", "sup", "sub", "label", "button"))
_ACTS = frozenset((
    *_DROPPED, *_PARAGRAPHS, *_LINES, *_COLLECTED, *_SINGLE, *_SIGNS, *_HIDEABLE, "table", *_ROWS,
))  # fmt: skip
"""Elements that do more than hold text."""
_SHOWN_INPUTS = frozenset(
    ("", "text", "number", "date", "time", "email", "tel", "url", "search", "submit", "button", "reset")
)
_DEEPEST_LIST = 8
_SPACES = re.compile(r"\s+")
_FILE_NAME = re.compile(r"\S+\.(?:png|jpe?g|gif|svg|webp|bmp|ico|avif)\Z", re.I)


def html(source: str, stem: str, styles: str = "") -> tuple[str, str]:
    """Title (`<title>`, else `<h1>`, else the stem) and text of an HTML page. `styles`: sheets that it links to."""
    page = _parsed(source)
    drop_machinery(page)
    own = "\n".join(style.text() for style in page.css("style"))
    raised_by = {**raised_classes(styles), **raised_classes(own)}
    title = _title(page, raised_by)
    return title or readable(stem), tidy(_written(page.root, raised_by))


def _title(page: Any, raised_by: Mapping[str, str]) -> str:
    named = page.css_first("head > title")
    if named is not None and (title := one_line(named.text())):
        return title
    heading = page.css_first("h1")
    return _written(heading, raised_by).removeprefix("# ").rstrip("¶§ ") if heading is not None else ""


def fragment(source: str) -> str:
    """The text of a piece of HTML, as it stands in other formats."""
    return html(source, "")[1]


def image(alternative: str) -> str:
    """What is read of a picture: its alternative text, unless that is but a file's name."""
    words = one_line(alternative)
    return "" if not words or _FILE_NAME.match(words) else f"[image: {words}]"


def _parsed(source: str) -> Any:
    from selectolax.lexbor import LexborHTMLParser

    return LexborHTMLParser(tamed(as_html(source)))


def _written(root: Any, raised_by: Mapping[str, str]) -> str:
    writer = _Writer(raised_by)
    writer.read(root)
    return writer.text()


class _Writer:
    """Takes the elements of a page in their order and writes its text."""

    def __init__(self, raised_by: Mapping[str, str]) -> None:
        self._raised_by = raised_by
        self._flows = [Flow()]
        self._lists: list[Numbers | None] = []
        self._grids: list[Grid] = []
        self._pre = 0

    def text(self) -> str:
        return self._flows[0].finished()

    def read(self, root: Any) -> None:
        """Write a tree, without a deep stack. Nodes are not compared: the library would compare their HTML."""
        open_elements: list[tuple[str, Any]] = []
        node = root
        while node is not None:
            name, child = node.tag, None
            if name in _HIDEABLE:
                name = as_shown(name, node, self._raised_by)
            if name == "-text":
                self._words(node.text_content or "")
            elif name not in _ACTS or self._enter(name, node):
                child = node.first_child
                if child is not None:
                    open_elements.append((name, node))
                elif name in _ACTS:
                    self._leave(name, node)
            node = child if child is not None else node.next if open_elements else None
            while node is None and open_elements:
                name, ended = open_elements.pop()
                if name in _ACTS:
                    self._leave(name, ended)
                node = ended.next if open_elements else None

    def _enter(self, name: str, node: Any) -> bool:
        """Write what opens an element. False where its content is not read; it then has no end."""
        flow = self._flows[-1]
        if name in _PARAGRAPHS:
            flow.cut(self._break(name))
        elif name in _DROPPED or name[0] == "-":
            return False
        elif name in _SINGLE:
            self._single(name, node)
            return False
        if name in ("ul", "ol", "menu"):
            self._lists.append(numbers_of(node) if name == "ol" else None)
        elif name == "table":
            self._grids.append(Grid())
        elif name in _ROWS and self._grids:
            self._grids[-1].opens(name)
        elif name == "li":
            flow.marker(self._item(node))
        elif name == "dd":
            flow.marker(": ")
        elif name in _COLLECTED:
            self._flows.append(Flow())
            self._pre += name == "pre"
        elif name in _LINES:
            flow.cut(LINE)
        elif name in _SIGNS:
            flow.text(_SIGNS[name][0])
        return True

    def _leave(self, name: str, node: Any) -> None:
        """Write what closes an element."""
        if name in _COLLECTED:
            inner = self._flows.pop()
            behind = " " if name in ("sup", "sub") and inner.ends_apart() else ""
            self._collected(name, node, inner.finished() + behind)
            return
        flow = self._flows[-1]
        if name in ("ul", "ol", "menu"):
            self._lists.pop()
        if name in _PARAGRAPHS:
            flow.cut(self._break(name))
        elif name == "table":
            flow.block(self._grids.pop().text())
        elif name == "tr" and self._grids:
            self._grids[-1].closes()
        elif name in _LINES:
            flow.cut(LINE)
        elif name in _SIGNS:
            flow.text(_SIGNS[name][1])
        elif name == "a":
            flow.mark_apart()

    def _break(self, name: str) -> str:
        """The break around a block: items of a list stay together."""
        return LINE if self._lists and name in _TIGHT else PARAGRAPH

    def _words(self, text: str) -> None:
        if self._pre:
            self._flows[-1].pieces.append(re.sub(r"[\x1c-\x1f]", " ", text))
        else:
            words = _SPACES.sub(" ", text).replace("\u00ad", "")
            if len(self._flows) == 1 and "#" in words and self._flows[0].at_line_start():
                words = no_heading(words)
            self._flows[-1].text(words)

    def _single(self, name: str, node: Any) -> None:
        """Write an element that has no text of its own below it."""
        flow = self._flows[-1]
        if name == "br":
            flow.cut("\n" if self._pre else LINE)
        elif name == "img":
            flow.text(image(node.attributes.get("alt") or node.attributes.get("title") or ""))
        elif name == "math":
            flow.text(f" {mathml(node)} ")
        elif (node.attributes.get("type") or "").lower() in _SHOWN_INPUTS:
            flow.text(f" {one_line(node.attributes.get('value') or '')} ")

    def _collected(self, name: str, node: Any, text: str) -> None:
        """Write an element whose text had to be known first."""
        flow = self._flows[-1]
        if name == "pre":
            self._pre -= 1
            code = text.strip("\n")
            flow.block(fenced(code) if code and not self._pre else code)  # code in code has the outer fence
        elif name in _HEADINGS:
            heading = one_line(text)
            flow.block(heading and f"{'#' * _HEADINGS[name]} {heading}")
            if heading:
                for grid in self._grids:
                    grid.has_blocks()
        elif name in ("sup", "sub"):
            before = flow.tail(TAIL)
            note = node.css_first("a") is not None or node.parent.tag == "a"
            flow.pieces.append(superscript(before, text, note) if name == "sup" else subscript(before, text))
        elif name == "caption":
            (self._grids[-1].caption if self._grids else flow.block)(text)
        elif self._grids:
            spans = (
                (number_of(node, "rowspan", 1), number_of(node, "colspan", 1)) if node.attributes else (1, 1)
            )
            grid = self._grids[-1]
            grid.cell(name, text, *spans, bold=grid.at_top and name == "td" and is_bold(node))
        else:
            flow.block(text)

    def _item(self, node: Any) -> str:
        """The sign of a list item: a dash, or its number."""
        indent = "  " * min(len(self._lists) - 1, _DEEPEST_LIST)
        numbers = self._lists[-1] if self._lists else None
        return f"{indent}- " if numbers is None else f"{indent}{numbers.next(node)}. "
