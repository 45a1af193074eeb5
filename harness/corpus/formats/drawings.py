"""What drawings of office files say: a chart's figures as a table, a diagram's words as a list, text in boxes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from harness.corpus.formats.shape import no_heading, table


def chart(root: Any) -> str:
    """The figures that a chart keeps, under its title; series whose values stand over the same places in one table."""
    titles = root.iterfind(".//{*}chart/{*}title")
    blocks = ["".join(part.text or "" for title in titles for part in title.iter("{*}t"))]
    groups: dict[tuple[tuple[int, str], ...], list[_Series]] = {}
    for element in root.iter("{*}ser"):
        series = _series(element)
        groups.setdefault(tuple(series.across.items()), []).append(series)
    for across, group in groups.items():
        names = dict(across)
        places = sorted({place for series in group for place in series.values})
        rows = [
            [names.get(place, ""), *(series.values.get(place, "") for series in group)] for place in places
        ]
        blocks.append(table(rows, ["", *(series.name for series in group)]))
    return "\n\n".join(block for block in blocks if block)


def diagram(root: Any) -> Iterator[str]:
    """The paragraphs of a diagram's data."""
    for paragraph in root.iter("{*}p"):
        words = "".join(part.text or "" for part in paragraph.iter("{*}t"))
        yield from [f"- {words}"] if words.strip() else []


def boxes(root: Any) -> str:
    """The text in the boxes of a drawing, a paragraph a line."""
    paragraphs = (box.iter("{*}p") for box in root.iter("{*}txBody"))
    texts = (
        "\n".join("".join(part.text or "" for part in one.iter("{*}t")) for one in box) for box in paragraphs
    )
    return no_heading("\n\n".join(text.strip("\n") for text in texts if text.strip()))


class _Series(NamedTuple):
    """`across`: what stands below each place, by its number; `values`: by the same."""

    name: str
    across: dict[int, str]
    values: dict[int, str]


def _series(element: Any) -> _Series:
    name = " ".join(point.text or "" for point in element.iterfind("{*}tx//{*}v"))
    return _Series(name, _points(element, "cat", "xVal"), _points(element, "val", "yVal"))


def _points(element: Any, *names: str) -> dict[int, str]:
    found = (point for name in names for point in element.iterfind(f"{{*}}{name}//{{*}}pt"))
    return {int(point.get("idx", 0)): _number(point.findtext("{*}v") or "") for point in found}


def _number(text: str) -> str:
    try:
        return f"{float(text):.15g}"
    except ValueError:
        return text
