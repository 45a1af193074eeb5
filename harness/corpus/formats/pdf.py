"""PDF → text, page by page. What is but a picture of text is told, not read."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Callable
from io import BytesIO
from typing import Any

from harness.corpus.document import NotRead, Parsed
from harness.corpus.formats.pages import page_text
from harness.corpus.formats.shape import no_heading, one_line, readable, tidy

_HYPHENATED = re.compile(r"(?<![^\W\d_])(?P<word>[^\W\d_]+)-\n(?P<rest>[a-zà-öø-ÿß]+)")
_CONTINUES = re.compile(r"(?<=[^\n.!?:;|])\n(?=[a-zà-öø-ÿß(])")
_NO_TITLE = re.compile(r"untitled|document\d*|.*\.(?:docx?|pptx?|xlsx?|pdf|tex|dvi|indd)\s*", re.I)
_SHOWN_PAGES = 8
_MOST_OPERATIONS = 10_000_000
"""Of all pages; some minutes. Pages may share what draws them, so that a small file takes days."""
_LIGATURE = re.compile("[\ufb00-\ufb4f\ufb50-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc]+")
"""Of Latin, Armenian, Hebrew and Arabic letters: the forms in which they are drawn."""


def pdf(data: bytes, stem: str) -> Parsed:
    """Title (of the file's properties, else the stem) and the text of each page.

    Raises NotRead where it asks for a password, or where no page has text.
    """
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, FileNotDecryptedError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what is wrong with the file is told here
    try:
        reader = PdfReader(BytesIO(data))
        spend = _purse()
        pages = [_tidied(page_text(page, spend)) for page in reader.pages]
    except FileNotDecryptedError:
        raise NotRead("encrypted", "it asks for a password; save it without one") from None
    except DependencyError:
        reason = "it is encrypted; save it without protection, or install the package `cryptography`"
        raise NotRead("encrypted", reason) from None
    empty = [number for number, text in enumerate(pages, start=1) if not text]
    if len(empty) == len(pages):
        what = "its only page holds" if len(pages) == 1 else f"its {len(pages)} pages hold"
        reason = f"{what} pictures only, no text; run text recognition (OCR) over it"
        raise NotRead("scanned", reason)
    whole = "\n".join(pages)
    parts = tuple((f"page {number}", _joined(text, whole)) for number, text in enumerate(pages, start=1))
    return Parsed(_title(reader) or readable(stem), parts, _gaps(empty, len(pages)))


def _purse() -> Callable[[int], None]:
    """Counts operations. What it gives raises NotRead where they are too many."""
    spent = 0

    def spend(operations: int) -> None:
        nonlocal spent
        spent += operations
        if spent > _MOST_OPERATIONS:
            raise NotRead("large", f"its pages are drawn by more than {_MOST_OPERATIONS:,} operations")

    return spend


def _gaps(empty: list[int], count: int) -> tuple[NotRead, ...]:
    if not empty:
        return ()
    shown = ", ".join(map(str, empty[:_SHOWN_PAGES])) + (" and more" if len(empty) > _SHOWN_PAGES else "")
    return (NotRead("scanned", f"{len(empty)} of its {count} pages have no text (page {shown})"),)


def _title(reader: Any) -> str:
    try:
        title = one_line(str(reader.metadata.title or "")) if reader.metadata else ""
    except (ValueError, TypeError, AttributeError):
        return ""
    title = title.removeprefix("Microsoft Word - ").removeprefix("Microsoft PowerPoint - ")
    return "" if _NO_TITLE.fullmatch(title) else title


def _tidied(text: str) -> str:
    """Text without what cannot be written (half surrogate pairs, and NUL), ligatures as their letters."""
    clean = text.encode("utf-8", "ignore").decode("utf-8").replace("\0", "").replace("\xad\n", "")
    clean = no_heading(_LIGATURE.sub(lambda sign: unicodedata.normalize("NFKC", sign[0]), clean))
    return tidy(re.sub(r"[ \t\xa0]+", " ", clean.replace("\r\n", "\n").replace("\r", "\n")))


def _joined(page: str, whole: str) -> str:
    """A page whose words are not divided at line ends, and whose sentences run on."""

    def join(match: re.Match[str]) -> str:
        word, rest = match["word"], match["rest"]
        return f"{word}-{rest}" if f"{word}-{rest}" in whole else f"{word}{rest}"

    return _CONTINUES.sub(" ", _HYPHENATED.sub(join, page))
