"""The passages that questions bring themselves, as SQuAD's do → a corpus of its own."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from typing import Any

from harness.imports.values import as_text, is_empty

_LONGEST_NAME = 60


class Contexts:
    """Distinct passages as documents, named by their title and a number."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}
        self._titles: dict[str, str] = {}
        self._numbers: Counter[str] = Counter()

    def ids_of(self, title: Any, value: Any) -> list[str]:
        """The ids of the passages in a cell, a text or a list of texts; new ones are added."""
        texts = value if isinstance(value, list) else [value]
        found = []
        for text in (as_text(text) for text in texts if isinstance(text, str) and not is_empty(text)):
            if text not in self._ids:
                name = "" if is_empty(title) else as_text(title)
                stem = re.sub(r"[^\w.-]+", "_", unicodedata.normalize("NFC", name)).strip("_.")[
                    :_LONGEST_NAME
                ]
                stem = stem or "passage"
                self._numbers[stem] += 1
                self._ids[text] = f"{stem}-{self._numbers[stem]}"
                self._titles[text] = name
            found.append(self._ids[text])
        return list(dict.fromkeys(found))

    def documents(self) -> Iterator[dict[str, str]]:
        for text, doc_id in self._ids.items():
            yield {"doc_id": doc_id, "title": self._titles[text], "text": text}

    def __len__(self) -> int:
        return len(self._ids)
