"""Text and tables in GitHub-flavoured Markdown. Every text from outside means itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from harness.report.view import Bullets, Section, Table, visible

_SPECIAL = re.compile(r"([\\`*\[\]<>|~]|\b_|_\b)")


def escape(text: str) -> str:
    """Text that means itself in Markdown, on one line."""
    plain = _SPECIAL.sub(r"\\\1", " ".join(visible(text).split())).replace("&", "&amp;")
    return f"\\{plain}" if plain.startswith(("#", "+", "-", "=")) else plain


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield _row(headers)
    yield f"|{' --- |' * len(headers)}"
    yield from map(_row, rows)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(escape, cells))} |"


def shortened(text: str, most: int) -> str:
    """Whole lines of a Markdown text, at most so many characters of it."""
    if len(text) <= most:
        return text
    return f"{text[: text.rfind(chr(10), 0, most)]}\n\n… shortened; --json has it all.\n"


def render(sections: Iterable[Section], level: int = 2) -> str:
    """Sections under headings of a level."""
    lines: list[str] = []
    for section in sections:
        lines += ["", f"{'#' * level} {escape(section.title)}"]
        for block in section.blocks:
            lines.append("")
            match block:
                case Table(headers=headers, rows=rows):
                    lines += table(headers, rows)
                case Bullets(items=items):
                    lines += [f"- {escape(item)}" for item in items]
                case str():
                    lines.append(escape(block))
    return "\n".join(lines).strip() + "\n"
