"""Jupyter notebooks → text: Markdown cells, code between fences, and what the code printed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from harness.corpus.document import NotRead
from harness.corpus.formats.md import markdown
from harness.corpus.formats.shape import fenced, no_heading, readable, tidy
from harness.corpus.formats.web import fragment

_LONGEST_OUTPUT = 2_000
_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
"""What colours a terminal."""
_OBJECT = re.compile(r"<[\w.]++[^<>\n]*>")
_FORMS: dict[str, Callable[[str], str]] = {
    "text/markdown": lambda source: markdown(source, "")[1],
    "text/html": fragment,
    "text/latex": str.strip,
}
"""Other forms of an output, the likelier to be text first."""


def notebook(source: str, stem: str) -> tuple[str, str]:
    """Title (the first `# heading`, else the stem) and text. Pictures and tracebacks are left out.

    Raises NotRead where it is no notebook.
    """
    try:
        book = json.loads(source)
        cells = book.get("cells") or [cell for sheet in book.get("worksheets", ()) for cell in sheet["cells"]]
        language = str(book.get("metadata", {}).get("kernelspec", {}).get("language", ""))
        titles, blocks = [], []
        for cell in cells:
            title, text = _cell(cell, language)
            titles.append(title)
            blocks.append(text)
    except (ValueError, RecursionError, AttributeError, TypeError, KeyError) as error:
        raise NotRead("broken", f"it is no notebook ({type(error).__name__}: {error})") from None
    title = next((title for title in titles if title), "")
    return title or readable(stem), tidy("\n\n".join(block for block in blocks if block))


def _cell(cell: dict[str, Any], language: str) -> tuple[str, str]:
    """The title that a cell gives (empty for none), and its text."""
    kind, source = cell["cell_type"], _joined(cell.get("source", cell.get("input", "")))
    if kind == "heading":
        return source.strip(), f"{'#' * int(cell.get('level', 1))} {source.strip()}"
    if kind == "markdown":
        title, text = markdown(source, "\0")
        return title.strip("\0"), text
    if kind != "code":
        return "", no_heading(source)
    code = [fenced(source.rstrip(), language)] if source.strip() else []
    return "", "\n\n".join([*code, *_outputs(cell.get("outputs", ()))])


def _outputs(outputs: Any) -> Iterator[str]:
    """What code printed or showed, without colours; in a form of text where the plain one but names an object."""
    for output in outputs:
        data = output.get("data", output)
        text = _COLOUR.sub("", _joined(output.get("text") or data.get("text/plain") or "")).strip("\n")
        form = next((form for form in _FORMS if form in data), None)
        if output.get("output_type") == "error":
            continue
        if form and (not text.strip() or _OBJECT.fullmatch(text.strip())):
            yield _shortened(_FORMS[form](_joined(data[form])))
        elif text.strip():
            yield fenced(_shortened(text))


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_OUTPUT else f"{text[:_LONGEST_OUTPUT]}\n…"


def _joined(text: Any) -> str:
    return text if isinstance(text, str) else "".join(map(str, text))
