"""PowerPoint → text, slide by slide: titles, text, tables, charts, diagrams, and the speaker's notes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any

from harness.corpus.document import NotRead, Parsed
from harness.corpus.formats.embedded import unread
from harness.corpus.formats.formula import omml
from harness.corpus.formats.marks import down, settled, up
from harness.corpus.formats.numbers import numeral
from harness.corpus.formats.shape import no_heading, one_line, readable, small_table, table, tidy
from harness.corpus.formats.web import image
from harness.corpus.source import archive

_FORMS = {"alphaLc": "a", "alphaUc": "A", "romanLc": "i", "romanUc": "I"}
_MOST_POINTS = 10_000
"""Of a chart: reading them takes time that grows with their square, and a file may claim billions."""


def pptx(data: bytes, stem: str) -> Parsed:
    """Title (of the file's properties, else the first slide's, else the stem) and the text of each slide, once."""
    from pptx import Presentation

    with archive(data):
        presentation = Presentation(BytesIO(data))
    different = {slide.part.partname: slide for slide in presentation.slides}.values()
    slides = [_slide(number, slide) for number, slide in enumerate(different, start=1)]
    first = next((title for title, _, _ in slides if title), "")
    title = one_line(presentation.core_properties.title or "")
    title = "" if title == "PowerPoint Presentation" else title
    parts = tuple((label, text) for _, label, text in slides)
    return Parsed(title or first or readable(stem), parts, unread(slide.part for slide in different))


def _slide(number: int, slide: Any) -> tuple[str, str, str]:
    """Title, label and text of a slide."""
    heading = slide.shapes.title
    title = one_line(_frame(heading.text_frame)) if heading is not None else ""
    hidden = " (hidden)" if slide._element.get("show") == "0" else ""
    label = f"slide {number}{hidden}" + (f": {title}" if title else "")
    others = (shape for shape in slide.shapes if heading is None or shape.shape_id != heading.shape_id)
    blocks = [f"## {title}" if title else "", *_shapes(others), *_diagrams(slide)]
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        notes = _frame(slide.notes_slide.notes_text_frame)
        blocks.append(f"Notes: {notes}" if notes else "")
    return title, label, tidy("\n\n".join(block for block in blocks if block))


def _shapes(shapes: Iterable[Any]) -> Iterator[str]:
    for shape in shapes:
        if hasattr(shape, "shapes"):
            yield from _shapes(shape.shapes)
        elif getattr(shape, "has_table", False):
            yield small_table([[_frame(cell.text_frame) for cell in row.cells] for row in shape.table.rows])
        elif getattr(shape, "has_chart", False):
            yield _chart(shape.chart)
        elif shape.has_text_frame:
            yield no_heading(_frame(shape.text_frame))
        else:
            yield image(shape._element.xpath("string(.//p:cNvPr/@descr)"))


def _frame(frame: Any) -> str:
    """The paragraphs of a text frame, a line each, deeper ones indented, numbered ones with their numbers."""
    lines = []
    counts: dict[int, tuple[str, int]] = {}
    for paragraph in frame.paragraphs:
        text = _runs(paragraph).strip()
        if not text:
            continue
        level = paragraph.level
        counts = {depth: count for depth, count in counts.items() if depth <= level}
        sign = _number(paragraph, counts) or ("-" if level else "")
        lines.append("  " * (level - 1) + f"{sign} {text}" if sign else text)
    return "\n".join(lines)


def _number(paragraph: Any, counts: dict[int, tuple[str, int]]) -> str:
    """The number that PowerPoint writes before a paragraph; empty for none. `counts`: the last one of each level."""
    kind = paragraph._p.find("./{*}pPr/{*}buAutoNum")
    if kind is None:
        counts.pop(paragraph.level, None)
        return ""
    form, start = kind.get("type", "arabicPeriod"), int(kind.get("startAt", "1"))
    before, last = counts.get(paragraph.level, ("", 0))
    number = last + 1 if before == form else start
    counts[paragraph.level] = form, number
    sign = numeral(number, next((sign for name, sign in _FORMS.items() if form.startswith(name)), "1"))
    return f"({sign})" if form.endswith("Both") else f"{sign})" if form.endswith("R") else f"{sign}."


def _runs(paragraph: Any) -> str:
    """A paragraph's text; raised and lowered runs apart from numbers. Fields and line breaks are part of it."""
    text = ""
    for element in paragraph._p:
        name = element.tag.rsplit("}", 1)[-1]
        if name == "br":
            text += " "
        elif name == "AlternateContent":  # a formula, and a picture of it
            text += "".join(omml(formula) for formula in next(iter(element)).iter("{*}oMath"))
        words = "".join(part.text or "" for part in element if part.tag.endswith("}t"))
        properties = next((part for part in element if part.tag.endswith("}rPr")), None)
        baseline = int(properties.get("baseline", "0").rstrip("%") or 0) if properties is not None else 0
        struck = properties is not None and properties.get("strike", "noStrike") != "noStrike"
        if struck and words.strip():
            text += f"~~{words}~~"
        elif baseline and words.strip():
            text += up(words) if baseline > 0 else down(words)
        else:
            text += words
    return settled(text)


def _chart(chart: Any) -> str:
    """The figures that a chart draws, as a table. Raises NotRead where they are too many."""
    claimed = [int(count.get("val", 0)) for count in chart._chartSpace.iter("{*}ptCount")]
    if max(claimed, default=0) > _MOST_POINTS:
        raise NotRead("large", f"a chart has {max(claimed):,} points, which is not safe")
    title = (
        one_line(_frame(chart.chart_title.text_frame))
        if chart.has_title and chart.chart_title.has_text_frame
        else ""
    )
    blocks = [title]
    for plot in chart.plots:
        series = list(plot.series)
        if all(hasattr(one, "iter_values") for one in series):  # points of two values
            blocks += [_points(one) for one in series]
            continue
        names = [str(category) for category in plot.categories]
        columns = [tuple(one.values) for one in series]
        rows = [[name, *(_value(column, number) for column in columns)] for number, name in enumerate(names)]
        blocks.append(table(rows, ["", *(one.name or "" for one in series)]))
    return "\n\n".join(block for block in blocks if block)


def _points(series: Any) -> str:
    """The points of a series of a scatter chart, as a table."""
    across = [point.text or "" for point in series._element.iterfind("{*}xVal//{*}v")]
    rows = [[x, _value(series.values, number)] for number, x in enumerate(across)]
    return table(rows, ["x", series.name or "y"])


def _value(values: Any, number: int) -> str:
    value = values[number] if number < len(values) else None
    return "" if value is None else f"{value:.15g}"


def _diagrams(slide: Any) -> Iterator[str]:
    """The words of diagrams (SmartArt), which stand in files of their own."""
    from pptx.oxml import parse_xml

    for relation in slide.part.rels.values():
        if relation.reltype.endswith("/diagramData") and not relation.is_external:
            for paragraph in parse_xml(relation.target_part.blob).iter("{*}p"):
                words = "".join(part.text or "" for part in paragraph.iter("{*}t"))
                yield from [f"- {words}"] if words.strip() else []
