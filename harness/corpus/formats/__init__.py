"""The formats of files: each module turns what one kind of file holds into titles and text."""

from harness.corpus.formats.md import markdown
from harness.corpus.formats.shape import readable, tidy
from harness.corpus.formats.web import html

__all__ = ["html", "markdown", "plain", "readable", "tidy"]


def plain(source: str, stem: str) -> tuple[str, str]:
    """Title (from the stem) and text of a plain text file."""
    return readable(stem), tidy(source)
