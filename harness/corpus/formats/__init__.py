"""The formats of files: each module turns what one kind of file holds into titles and text. Start at `shape.py`."""

from harness.corpus.formats.md import markdown
from harness.corpus.formats.shape import plain, readable, tidy
from harness.corpus.formats.web import html

__all__ = ["html", "markdown", "plain", "readable", "tidy"]
