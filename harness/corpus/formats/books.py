"""EPUB and OpenDocument text (ODT) → text: archives of pages that other readers know, and of XML."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from harness.corpus.document import NotRead, Parsed
from harness.corpus.formats.elements import attribute
from harness.corpus.formats.marks import down, settled, up
from harness.corpus.formats.outlines import Outlines
from harness.corpus.formats.shape import (
    cell_text,
    headed_table,
    lays_out,
    no_heading,
    one_line,
    readable,
    small_table,
    tidy,
)
from harness.corpus.formats.web import html, image
from harness.corpus.source import archive, check_entities, page_of


def epub(data: bytes, stem: str) -> Parsed:
    """Title (of the book's description, else the stem) and the text of each chapter, once, in reading order."""
    with archive(data) as book:
        description = _xml(book, "META-INF/container.xml").find(".//{*}rootfile")
        if description is None:
            raise NotRead("broken", "it does not name its chapters")
        place = description.get("full-path", "")
        package = _xml(book, place)
        if _locked(book):
            raise NotRead("encrypted", "it is protected against copying")
        title = one_line(package.findtext(".//{http://purl.org/dc/elements/1.1/}title") or "")
        styles = "\n".join(
            book.read(name).decode("utf-8", "replace") for name in book.namelist() if name.endswith(".css")
        )
        parts = []
        names = dict.fromkeys(
            _chapters(package, posixpath.dirname(place))
        )  # one may be named a million times
        for number, name in enumerate(names, start=1):
            chapter, text = html(page_of(_member(book, name)), "", styles)
            known = chapter and chapter != title
            parts.append((f"chapter {number}: {chapter}" if known else f"chapter {number}", text))
    return Parsed(title or readable(stem), tuple(parts))


def _locked(book: zipfile.ZipFile) -> bool:
    """Whether pages are encrypted; fonts often are, which is no matter."""
    if "META-INF/encryption.xml" not in book.namelist():
        return False
    names = (
        element.get("URI", "")
        for element in _xml(book, "META-INF/encryption.xml").iter()
        if element.get("URI")
    )
    return any(name.endswith(("html", "htm", "xml")) for name in names)


def _chapters(package: Element, folder: str) -> Iterator[str]:
    files = {
        item.get("id"): posixpath.normpath(posixpath.join(folder, unquote(item.get("href", ""))))
        for item in package.iterfind(".//{*}manifest/{*}item")
    }
    for entry in package.iterfind(".//{*}spine/{*}itemref"):
        if entry.get("idref") in files:
            yield files[entry.get("idref")]


def _member(archived: zipfile.ZipFile, name: str) -> bytes:
    try:
        return archived.read(name)
    except KeyError:
        raise NotRead("broken", f"it lacks {name}") from None


def _xml(archived: zipfile.ZipFile, name: str) -> Element:
    from xml.etree.ElementTree import ParseError, fromstring

    data = _member(archived, name)
    check_entities(data)
    try:
        return fromstring(data)  # noqa: S314 - entities, the danger, have been refused
    except ParseError as error:
        raise NotRead("broken", f"its {name} is no XML ({error})") from None


def odt(data: bytes, stem: str) -> Parsed:
    """Title (of the file's properties, else the first heading, else the stem) and the text."""
    with archive(data) as packed:
        if b"encryption-data" in _member(packed, "META-INF/manifest.xml"):
            raise NotRead("encrypted", "it asks for a password; save it without one")
        content = _xml(packed, "content.xml")
        meta, styles = (
            _xml(packed, name) if name in packed.namelist() else content
            for name in ("meta.xml", "styles.xml")
        )
    reader = _OpenText(content, Outlines((styles, content)))
    body = content.find(".//{*}body")
    blocks = list(reader.blocks(body)) if body is not None else []
    title = one_line(meta.findtext(".//{http://purl.org/dc/elements/1.1/}title") or "") or reader.title
    return Parsed(title or readable(stem), (("", tidy("\n\n".join([*blocks, *reader.notes]))),))


_UNREAD = frozenset(
    ("tracked-changes", "annotation", "annotation-end", "note-citation", "sequence-decls", "forms")
)


class _OpenText:
    def __init__(self, content: Element, outlines: Outlines) -> None:
        self.title = ""
        self._outlines = outlines
        self.notes: list[str] = []
        self._styles = {
            attribute(style, "name") or "": properties
            for style in content.iterfind(".//{*}style")
            for properties in style.iterfind("{*}text-properties")
        }

    def blocks(self, parent: Iterable[Element], depth: int = -1) -> Iterator[str]:
        """Headings, paragraphs, lists and tables in their order. `depth`: lists around them, less one."""
        for element in parent:
            name = _name(element)
            if name == "h" or (name == "p" and attribute(element, "style-name") == "Title"):
                text = one_line(settled(self._text(element)))
                self.title = self.title or text
                level = int(attribute(element, "outline-level") or 1)
                number = self._outlines.heading(element, level) if name == "h" and text else ""
                yield from [f"{'#' * min(level, 6)} {number} {text}".replace("  ", " ")] if text else []
            elif name == "p":
                text = settled(self._text(element)).strip("\n ")
                yield from [no_heading(text)] if text else []
            elif name == "list":
                yield "\n".join(self._items(element, depth + 1))
            elif name == "table":
                yield from self._table(element)
            elif name not in _UNREAD:
                yield from self.blocks(element, depth)

    def _items(self, element: Element, depth: int) -> Iterator[str]:
        """The items of a list and of those in it, a line each; further paragraphs of an item have no sign."""
        self._outlines.begin(element, depth)
        for item in element:
            is_new = _name(item) == "list-item"
            for part in item:
                if _name(part) == "list":
                    yield from self._items(part, depth + 1)
                    continue
                for block in self.blocks([part], depth):
                    sign = f"{self._outlines.item(item, depth)} " if is_new and _name(part) != "h" else ""
                    indent = "  " * min(depth, 8) if sign or not is_new else ""
                    yield f"{indent}{sign}{block}"
                    is_new = False

    def _table(self, element: Element) -> Iterator[str]:
        """The rows of data, a line each; a row with a heading or a table in a cell is layout: its blocks are read."""
        heads: list[list[str]] = []
        rows: list[list[str]] = []
        hanging: dict[int, list[str]] = {}

        def written() -> str:
            return headed_table([*heads, *rows], len(heads)) if heads else small_table(rows)

        for row, is_head in _rows(element):
            cells = [(cell, [*self.blocks(cell)]) for cell in row]
            blocks = [block for _, inner in cells for block in inner]
            if lays_out(blocks):
                yield written()
                yield from blocks
                heads, rows = [], []
            else:
                (heads if is_head else rows).append(_cells(cells, hanging))
        yield written()

    def _text(self, element: Element) -> str:
        text = element.text or ""
        for child in element:
            name = _name(child)
            if name == "s":
                text += " " * min(int(attribute(child, "c") or 1), 100)
            elif name in ("tab", "line-break"):
                text += "\t" if name == "tab" else "\n"
            elif name == "note":
                number = one_line(child.findtext("{*}note-citation") or "")
                note = " ".join(one_line(block) for block in self.blocks(child))
                self.notes.append(f"[^{number}]: {note}")
                text += f" [^{number}]"
            elif name in ("frame", "text-box", "custom-shape"):
                picture = image(child.findtext("{*}desc") or child.findtext("{*}title") or "")
                text += " ".join(["", *self.blocks(child), picture, ""])
            elif name == "span":
                text += self._span(child)
            elif name not in _UNREAD:
                text += self._text(child)
            text += child.tail or ""
        return text

    def _span(self, element: Element) -> str:
        """A piece of a line as its style shows it: raised, lowered, struck out, or not at all."""
        words = self._text(element)
        style = self._styles.get(attribute(element, "style-name") or "")
        if style is None or not words.strip():
            return words
        if attribute(style, "display") == "none":
            return ""
        position = (attribute(style, "text-position") or "0").split()[0]
        if position not in ("0", "0%"):
            return down(words) if position.startswith(("sub", "-")) else up(words)
        struck = (attribute(style, "text-line-through-style") or "none") != "none"
        return f"~~{words}~~" if struck else words


def _rows(element: Element, is_head: bool = False) -> Iterator[tuple[Element, bool]]:
    """The rows of a table, without those of tables in its cells; whether each belongs to its head."""
    for part in element:
        name = _name(part)
        if name == "table-row":
            yield part, is_head
        elif name in ("table-header-rows", "table-rows", "table-row-group"):
            yield from _rows(part, is_head or name == "table-header-rows")


def _cells(cells: Iterable[tuple[Element, Sequence[str]]], hanging: dict[int, list[str]]) -> list[str]:
    """A row's cells as texts. `hanging`: by column, what cells over several rows still say in those below."""
    texts: list[str] = []
    for cell, blocks in cells:
        text = cell_text(blocks)
        if _name(cell) == "covered-table-cell" and hanging.get(len(texts)):
            text = hanging[len(texts)].pop()
        elif (spanned := int(attribute(cell, "number-rows-spanned") or 1)) > 1:
            hanging[len(texts)] = [text] * min(spanned - 1, 1000)
        times = int(attribute(cell, "number-columns-repeated") or 1)
        texts += [text] * min(times, 50)
    return texts


def _name(element: Element) -> str:
    return element.tag.rsplit("}", 1)[-1]
