"""Files that are set into a Word document or a slide, such as a workbook: pages of HTML are read, others are told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from harness.corpus.document import NotRead
from harness.quantities import counted

_CHUNK = "/aFChunk"
"""Text that Word takes over when it opens the document."""
_KINDS = ("/package", "/oleObject", _CHUNK)


def unread(parts: Iterable[Any]) -> tuple[NotRead, ...]:
    """Why a document, by its part or those of its slides, is not read as a whole; empty where it is."""
    relations = [one for part in parts for one in part.rels.values() if one.reltype.endswith(_KINDS)]
    count = sum(not is_page(one) for one in relations)
    verb = "is" if count == 1 else "are"
    return (NotRead("type", f"{counted(count, 'file')} set into it {verb} not read"),) if count else ()


def is_page(relation: Any) -> bool:
    """Whether a file that is set into a document is a page of HTML."""
    is_text = relation.reltype.endswith(_CHUNK) and not relation.is_external
    return is_text and "html" in str(relation.target_part.content_type)
