"""Word documents → text: headings, lists, tables, notes, text boxes, content controls, insertions not yet accepted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any

from harness.corpus.document import Parsed
from harness.corpus.formats.drawings import chart, diagram
from harness.corpus.formats.elements import attribute, child_of, name_of, value_of
from harness.corpus.formats.embedded import is_page, unread
from harness.corpus.formats.formula import omml
from harness.corpus.formats.marks import down, settled, up
from harness.corpus.formats.numbering import BULLET, Numbering
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
from harness.corpus.formats.symbols import in_font, symbol
from harness.corpus.formats.web import html, image
from harness.corpus.source import archive, page_of

_SKIPPED = frozenset(
    ("del", "moveFrom", "instrText", "delText", "rPr", "pPr", "sectPr", "tblPr", "delInstrText")
)
_GAPS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": "\t"}
_NOTES = {"footnoteReference": "", "endnoteReference": "e"}


def docx(data: bytes, stem: str) -> Parsed:
    """Title (of the file's properties, else the first title or heading, else the stem) and the text."""
    from docx import Document

    with archive(data):
        document = Document(BytesIO(data))
    reader = _Word(document)
    blocks = [*reader.blocks(document.element.body), *_notes(document, reader), *_margins(document, reader)]
    title = one_line(document.core_properties.title or "") or reader.title or readable(stem)
    text = tidy("\n\n".join(_together(blocks)))
    return Parsed(title, (("", text),), unread([document.part]))


class _Item(str):
    """A block that is an item of a list."""

    __slots__ = ()


def _together(blocks: list[str]) -> Iterator[str]:
    """Blocks, the items of a list a line each."""
    items: list[str] = []
    for block in (*blocks, ""):
        if items and not isinstance(block, _Item):
            yield "\n".join(items)
            items = []
        if isinstance(block, _Item):
            items.append(block)
        elif block:
            yield block


def _ruby(parts: Sequence[str]) -> list[str]:
    """A word with its reading behind it, which stands first in the file."""
    reading, *words = parts
    return [*words, f"({reading})"] if reading else words


class _Word:
    def __init__(self, document: Any) -> None:
        self.title = ""
        self._numbering = Numbering(document)
        self._drawn = document.part.rels
        self._levels = {style.style_id: _level(style) for style in document.styles}

    def blocks(self, parent: Any) -> Iterator[str]:
        """Paragraphs and tables in their order, those of text boxes behind the paragraph that holds them."""
        for element in parent:
            name = name_of(element)
            if name == "p":
                boxes: list[Any] = []
                text = self._paragraph(element, boxes)
                yield from [text] if text.strip() else []
                for box in boxes:
                    yield from [box] if isinstance(box, str) else self.blocks(box)
            elif name == "tbl":
                yield from self._table(element)
            elif name == "AlternateContent":
                yield from self.blocks(next(iter(element), ()))
            elif name == "altChunk":
                page = self._drawn.get(attribute(element, "id"))
                if page is not None and is_page(page):
                    yield html(page_of(page.target_part.blob), "")[1]
            elif name not in _SKIPPED:
                yield from self.blocks(element)

    def _paragraph(self, element: Any, boxes: list[Any]) -> str:
        text = settled("".join(self._runs(element, [""], boxes))).strip("\n ")
        properties = next((child for child in element if name_of(child) == "pPr"), None)
        if properties is None or (not text.strip() and _is_gone(properties)):
            return no_heading(text)
        place = self._numbering.sign(properties)  # Word counts empty ones too
        if not text.strip():
            return no_heading(text)
        level = self._levels.get(value_of(properties, "pStyle"), 0)
        level = int(value_of(properties, "outlineLvl", str(level - 1))) + 1 if level < 9 else level
        depth, sign = place or (0, BULLET)
        if 1 <= level <= 9:
            self.title = self.title or one_line(text)
            number = f"{sign} " if sign != BULLET else ""
            return f"{'#' * min(level, 6)} {number}{one_line(text)}"
        if place or level == _LIST:
            return _Item(f"{'  ' * min(depth, 8)}{sign} {text}")
        return no_heading(text)

    def _runs(self, element: Any, out: list[str], boxes: list[Any]) -> list[str]:
        """The pieces of a paragraph's text, in `out`; text boxes go to `boxes`."""
        for child in element:
            name = name_of(child)
            if name == "t":
                out.append(child.text or "")
            elif name in _GAPS:
                out.append(_GAPS[name])
            elif name in _NOTES:
                out.append(f" [^{_NOTES[name]}{attribute(child, 'id')}]")
            elif name == "r":
                self._run(child, out, boxes)
            elif name == "oMath":
                out.append(omml(child))
            elif name == "sym":
                out.append(symbol(attribute(child, "font"), attribute(child, "char")))
            elif name == "ruby":
                out += _ruby(
                    ["".join(self._runs(part, [], boxes)) for part in child if name_of(part) != "rubyPr"]
                )
            elif name == "docPr":
                out.append(image(attribute(child, "descr")))
            elif name in ("chart", "relIds"):
                boxes += self._drawing(attribute(child, "id" if name == "chart" else "dm"))
            elif name == "txbxContent":
                boxes.append(child)
            elif name == "AlternateContent":
                self._runs(next(iter(child), ()), out, boxes)
            elif name not in _SKIPPED:
                self._runs(child, out, boxes)
        return out

    def _drawing(self, relation: str) -> Iterator[str]:
        """The text of a chart or a diagram, which stand in files of their own."""
        from docx.oxml import parse_xml

        found = self._drawn.get(relation)
        if found is None or found.is_external:
            return
        if found.reltype.endswith("/chart"):
            yield chart(parse_xml(found.target_part.blob))
        elif found.reltype.endswith("/diagramData"):
            yield "\n".join(diagram(parse_xml(found.target_part.blob)))

    def _run(self, run: Any, out: list[str], boxes: list[Any]) -> None:
        properties = next((child for child in run if name_of(child) == "rPr"), ())
        if _is_on(properties, "vanish"):
            return
        fonts = next((child for child in properties if name_of(child) == "rFonts"), None)
        text = in_font(
            "".join(self._runs(run, [], boxes)), "" if fonts is None else attribute(fonts, "ascii")
        )
        raised = value_of(properties, "vertAlign") if text.strip() and not text.startswith(" [^") else ""
        if raised in ("superscript", "subscript"):
            out.append(up(text) if raised == "superscript" else down(text))
        elif text.strip() and (_is_on(properties, "strike") or _is_on(properties, "dstrike")):
            out.append(f"~~{text}~~")
        else:
            out.append(text)

    def _table(self, table: Any) -> Iterator[str]:
        """The rows of data, a line each; a row with a heading or a table in a cell is layout: its blocks are read."""
        rows: list[list[str]] = []
        heads = 0
        for element in _inside(table, "tr"):
            cells = [(cell, [*self.blocks(cell)]) for cell in _inside(element, "tc")]
            blocks = [block for _, inner in cells for block in inner]
            if lays_out(blocks):
                yield _written(rows, heads)
                yield from blocks
                rows, heads = [], 0
            else:
                is_head = heads == len(rows) and _repeats(element)
                heads += is_head
                rows.append(_row(cells, rows[-1] if rows else (), is_head))
        yield _written(rows, heads)


def _repeats(row: Any) -> bool:
    """Whether Word repeats a row on each page, as it does a table's header."""
    properties = next((child for child in row if name_of(child) == "trPr"), ())
    return _is_on(properties, "tblHeader")


def _written(rows: Sequence[Sequence[str]], heads: int) -> str:
    return headed_table(rows, heads) if 0 < heads < len(rows) else small_table(rows)


def _row(cells: Sequence[tuple[Any, Sequence[str]]], above: Sequence[str], is_head: bool) -> list[str]:
    """A row's cells as texts; a cell that spans rows stands in each of them, a heading over all its columns."""
    row: list[str] = []
    for cell, blocks in cells:
        properties = next((child for child in cell if name_of(child) == "tcPr"), ())
        text = cell_text(blocks)
        if value_of(properties, "vMerge", "none") in ("continue", "true") and not text:
            text = above[len(row)] if len(row) < len(above) else ""
        spanned = min(int(value_of(properties, "gridSpan", "1")), 50)
        row += [text, *[text if is_head else ""] * (spanned - 1)]
    return row


_LIST = 99


def _level(style: Any) -> int:
    """A style's heading level, 0 for none; _LIST for a list's."""
    name = (style.name or "").lower()
    if match := re.fullmatch(r"heading (\d)", name):
        return int(match[1])
    if name.startswith("list"):
        return _LIST
    return 1 if name == "title" else 0


def _is_on(properties: Any, name: str) -> bool:
    return value_of(properties, name, "false") not in ("false", "0", "none", "off")


def _is_gone(properties: Any) -> bool:
    """Whether the end of a paragraph is deleted or hidden, so that Word counts it no more."""
    mark = child_of(properties, "rPr")
    return _is_on(mark, "vanish") or any(name_of(child) in ("del", "moveFrom") for child in mark)


def _inside(element: Any, name: str) -> Iterator[Any]:
    """The rows of a table or the cells of a row, also those inside content controls."""
    for child in element:
        if name_of(child) == name:
            yield child
        elif name_of(child) in ("sdt", "sdtContent", "customXml", "ins"):
            yield from _inside(child, name)


def _notes(document: Any, reader: _Word) -> Iterator[str]:
    """Footnotes and endnotes, each as `[^1]: text`."""
    from docx.oxml import parse_xml

    for kind, sign in (("footnotes", ""), ("endnotes", "e")):
        for relation in document.part.rels.values():
            if relation.reltype.endswith(f"/{kind}") and not relation.is_external:
                for note in parse_xml(relation.target_part.blob):
                    number = attribute(note, "id")
                    text = one_line(" ".join(reader.blocks(note)))
                    yield from [f"[^{sign}{number}]: {text}"] if text else []


def _margins(document: Any, reader: _Word) -> Iterator[str]:
    """Headers and footers, each text once."""
    seen: set[str] = set()
    for section in document.sections:
        for margin in (section.header, section.first_page_header, section.footer, section.first_page_footer):
            if margin.is_linked_to_previous:
                continue
            text = "\n".join(reader.blocks(margin._element))
            if re.search(r"[^\W\d_]", text) and text not in seen:
                seen.add(text)
                yield text
