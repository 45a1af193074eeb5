"""The report as GitHub-flavoured Markdown, every text from outside escaped."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.report.view import Block, Bullets, Document, Table

_SPECIAL = re.compile(r"([\\`*\[\]<>|])")


def escape(text: str) -> str:
    """Text that means itself in Markdown, on one line."""
    plain = _SPECIAL.sub(r"\\\1", " ".join(text.split())).replace("&", "&amp;")
    return f"\\{plain}" if plain.startswith(("#", "+", "-", "=", "~")) else plain


def render(document: Document) -> str:
    """The document as Markdown. Curves and single replies are left to the HTML page."""
    lines = [f"# {escape(document.title)}", ""]
    lines += [f"- **{escape(verdict)}**" for verdict in document.verdicts]
    lines += [""] if document.verdicts else []
    for warning in document.warnings:
        lines += [f"> **{escape(warning)}**", ""]
    lines += [f"- {escape(name)}: {escape(value)}" for name, value in document.facts]
    for part in document.sections:
        body = [line for block in part.blocks for line in _block(block)]
        if body:
            lines += ["", f"{'#' * part.level} {escape(part.title)}", *body]
    return "\n".join(lines) + "\n"


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, str):
        yield from ("", escape(block))
    elif isinstance(block, Bullets):
        yield ""
        yield from (f"- {escape(item)}" for item in block.items)
    elif isinstance(block, Table):
        yield ""
        yield _row(tuple(map(escape, block.headers)))
        yield _row(("---",) * len(block.headers))
        yield from (_row(tuple(map(escape, row))) for row in block.rows)


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"
