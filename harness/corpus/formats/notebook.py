"""Jupyter notebooks → text: Markdown cells, code between fences, and what the code printed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from harness.corpus.document import NotRead
from harness.corpus.formats.md import markdown
from harness.corpus.formats.shape import fenced, readable, tidy

_LONGEST_OUTPUT = 2_000


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
    if kind != "code" or not source.strip():
        return "", source
    return "", "\n\n".join([fenced(source.rstrip(), language), *_outputs(cell.get("outputs", ()))])


def _outputs(outputs: Any) -> Iterator[str]:
    for output in outputs:
        data = output.get("data", output)
        text = _joined(output.get("text") or data.get("text/plain") or "").strip("\n")
        if text.strip() and output.get("output_type") != "error":
            yield fenced(text if len(text) <= _LONGEST_OUTPUT else f"{text[:_LONGEST_OUTPUT]}\n…")


def _joined(text: Any) -> str:
    return text if isinstance(text, str) else "".join(map(str, text))
