"""Questions against their corpus: does every gold document exist?"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from pathlib import Path

from harness.errors import InputError
from harness.records import Question

_SUGGESTIONS = 20
"""How many misspelt ids get a suggestion; comparing each with a large corpus takes a while."""


def missing_gold(
    questions: Iterable[tuple[Question, Path, int]], document_ids: Collection[str]
) -> list[InputError]:
    """One error, with the nearest id, for each gold document that the corpus lacks.

    `questions` come with the file and line they stand in; `document_ids` are the corpus's.
    """
    known = set(document_ids)
    hints: dict[str, str] = {}
    errors = []
    for question, path, line in questions:
        for doc_id in question.gold_docs:
            if doc_id in known:
                continue
            if doc_id not in hints:
                hints[doc_id] = _hint(doc_id, known) if len(hints) < _SUGGESTIONS else ""
            message = f"question {question.id!r}: the corpus has no document {doc_id!r}.{hints[doc_id]}"
            errors.append(InputError(message, path=path, line=line))
    return errors


def _hint(doc_id: str, known: Collection[str]) -> str:
    """The nearest id as a question, empty where none is near. Sorted first, so that ties fall alike."""
    near = difflib.get_close_matches(doc_id, sorted(known), n=1, cutoff=0.5)
    return f" Did you mean {near[0]!r}?" if near else ""
