"""The passages that questions bring themselves, as SQuAD's and HotpotQA's do → a corpus of its own."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.imports.values import as_text, is_empty

_LONGEST_NAME = 60
_TEXT = ("text", "paragraph_text", "passage_text", "sentences", "content", "contents", "passage")
_TITLE = ("title", "wikipedia_title")
_SUPPORTS = ("is_supporting", "is_selected")
"""Keys of objects that are passages: MuSiQue's, MS MARCO's, HotpotQA's."""


@dataclass(frozen=True, slots=True)
class Passage:
    """`supports`: whether the answer rests on it, where its source says so."""

    title: str
    text: str
    supports: bool | None = None


def passages_of(value: Any, title: Any = None) -> list[Passage] | None:
    """The passages in a cell; None where it holds anything else. `title`: of those that bring none.

    A text, or a list: of texts, of titles with their sentences, or of objects. Also an object of lists side by side.
    """
    name = "" if is_empty(title) else as_text(title)
    value = _side_by_side(value) if isinstance(value, Mapping) else value
    entries = value if isinstance(value, list) else [value]
    found = [_passage(entry, name) for entry in entries if not is_empty(entry)]
    return [passage for passage in found if passage and passage.text] if all(found) else None


def _side_by_side(value: Mapping[str, Any]) -> list[Any]:
    """The objects of an object of lists, as data frames write them; of any other the object itself."""
    lists = {key: held for key, held in value.items() if isinstance(held, list)}
    lengths = {len(held) for held in lists.values()}
    alone = any(isinstance(value.get(key), str) for key in _TITLE)
    if alone or len(lengths) != 1:
        return [value]
    return [{key: held[place] for key, held in lists.items()} for place in range(lengths.pop())]


def _passage(entry: Any, title: str) -> Passage | None:
    match entry:
        case str():
            return Passage(title, as_text(entry))
        case [str() as own, str() | list() as text]:
            return Passage(own.strip(), _joined(text))
        case Mapping():
            written = next((entry[key] for key in _TEXT if not is_empty(entry.get(key))), None)
            if not isinstance(written, str | list):
                return None
            own = next((as_text(entry[key]) for key in _TITLE if not is_empty(entry.get(key))), title)
            supports = next((bool(entry[key]) for key in _SUPPORTS if key in entry), None)
            return Passage(own, _joined(written), supports)
    return None


def _joined(text: str | list[Any]) -> str:
    return as_text(text) if isinstance(text, str) else " ".join(as_text(part) for part in text)


def supporting(passages: Iterable[Passage], facts: Any) -> list[Passage]:
    """The passages of a row that hold the answer: all, where nothing tells which.

    `facts`: the row's `supporting_facts`, titles or titles with the places of sentences.
    """
    some = [*passages]
    if not is_empty(facts):
        named = facts.get("title") if isinstance(facts, Mapping) else facts
        named = named if isinstance(named, list) else [named]
        titles = {as_text(fact[0] if isinstance(fact, list) and fact else fact) for fact in named}
        return [passage for passage in some if passage.title in titles]
    if any(passage.supports is not None for passage in some):
        return [passage for passage in some if passage.supports]
    return some


class Contexts:
    """Distinct passages as documents, named by their title and a number."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}
        self._titles: dict[str, str] = {}
        self._numbers: Counter[str] = Counter()

    def ids_of(self, passages: Iterable[Passage]) -> list[str]:
        """The ids of passages, each once; new ones are added."""
        return list(dict.fromkeys(self._id(passage) for passage in passages))

    def _id(self, passage: Passage) -> str:
        if passage.text not in self._ids:
            title = unicodedata.normalize("NFC", passage.title)
            stem = re.sub(r"[^\w.-]+", "_", title).strip("_.")[:_LONGEST_NAME] or "passage"
            self._numbers[stem] += 1
            self._ids[passage.text] = f"{stem}-{self._numbers[stem]}"
            self._titles[passage.text] = passage.title
        return self._ids[passage.text]

    def documents(self) -> Iterator[dict[str, str]]:
        for text, doc_id in self._ids.items():
            yield {"doc_id": doc_id, "title": self._titles[text], "text": text}

    def __len__(self) -> int:
        return len(self._ids)
