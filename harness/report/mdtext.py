"""Text and tables in GitHub-flavoured Markdown. Every text from outside means itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from harness.report.view import Bullets, Section, Table, Text, visible
from harness.steps import Step

_MARKS = re.compile(r"[\\`*\[\]<>|~]|(?<![^\W_])_|_(?![^\W_])|(?<!\S)#|^[-+=]")
"""What Markdown reads as its own anywhere, and as a list or a heading at the beginning of a line."""
_NUMBERED = re.compile(r"^(\d{1,9})([.)])(?!\S)")
_LIVE = re.compile(
    r"(?P<mention>@)(?=\w)|(?P<issue>#|\bGH-)(?=\d)|(?P<url>:)(?=//)|(?P<www>\bwww)(?=\.)"
    r"|(?P<emoji>:)(?=[a-z+-][\w+-]*:)|(?P<commit>(?<![0-9a-z_])[0-9a-f]{7,40}(?![0-9a-z_]))",
    re.IGNORECASE,
)
"""What GitHub looks for in text that is rendered already, where no backslash protects it: `@user`, `#12` (behind a
repository's name, too), `GH-12`, web and mail addresses, `:smile:` and commits, of which seven digits are enough
(docs.github.com: "Autolinked references and URLs", and the autolinks of the GFM specification, 6.9)."""
_BAR = re.compile(r"(?<!\\)\|")
_APART = "\u200b"
"""A space without width. `visible` leaves none of the text's own."""


def escape(text: str) -> str:
    """Text that means itself in Markdown, on one line: it formats nothing, links nothing and notifies nobody."""
    line = _LIVE.sub(_dead, " ".join(visible(text).split()))
    line = _NUMBERED.sub(r"\1\\\2", _MARKS.sub(r"\\\g<0>", line))
    return line.replace("&", "&amp;").replace(_APART, "&#8203;")


def _dead(match: re.Match[str]) -> str:
    """What GitHub would link, with spaces without width in it: a commit in pieces too short to be one."""
    found = match[0]
    if match["commit"]:
        return _APART.join(found[at : at + 6] for at in range(0, len(found), 6))
    return found + _APART


def code(text: str) -> str:
    """Text as it is typed, on one line, which Markdown leaves alone."""
    line = " ".join(visible(text).split())
    fence = "`" * (1 + max(map(len, re.findall("`+", line)), default=0))
    edge = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{edge}{line}{edge}{fence}"


def inline(text: Text) -> str:
    """A text, escaped; of a step the command as code."""
    if isinstance(text, Step):
        return f"{escape(text.text)}: {code(text.line)}" if text.line else f"{escape(text.text)}."
    return escape(text)


def table(headers: Sequence[str], rows: Iterable[Sequence[Text]]) -> Iterator[str]:
    yield _row(headers)
    yield f"|{' --- |' * len(headers)}"
    yield from map(_row, rows)


def _row(cells: Sequence[Text]) -> str:
    """A line of a table, in which code too may hold no bar that ends a cell."""
    written = (_BAR.sub(r"\\|", inline(cell)) for cell in cells)
    return f"| {' | '.join(written)} |"


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
                    lines += [f"- {inline(item)}" for item in items]
                case _:
                    lines.append(inline(block))
    return "\n".join(lines).strip() + "\n"
