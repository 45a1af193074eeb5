"""The names that people give to gold documents → ids of the corpus.

A name is an id, or any end of the path of a document's file, from a folder on, with or without its suffix: for
`/data/docs/policies/loans.md`, whose id is `policies/loans`, also `loans`, `loans.md` and `docs/policies/loans`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from harness.corpus.documents import Corpus
from harness.corpus.readers import READERS
from harness.errors import InputError, LazyText, did_you_mean, shown
from harness.quantities import listed
from harness.records import PassedOver, Question
from harness.spec.task import Task

_NAMED = 3
_NAME_SHOWN = 200


class GoldNames:
    """What the documents of a corpus may be called."""

    def __init__(self, corpus: Corpus) -> None:
        self._ids = corpus.ids
        self._ends: dict[str, list[tuple[str, str]]] = {}
        for doc_id in self._ids:
            file = corpus.files.get(doc_id)
            for path in {doc_id} if file is None else {doc_id, file, _without_suffix(file)}:
                self._ends.setdefault(_last(path), []).append((path, doc_id))
        self._passed_over = {name: file for file in corpus.passed_over for name in _names_of(file)}

    def ids_of(self, name: str) -> list[str]:
        """The documents that a name may mean: one, where the corpus has it and the name tells it from the others."""
        name = _plain(name)
        if name in self._ids:
            return [name]
        stem = _without_suffix(name)
        for called in [name] if stem == name or name in self._passed_over else [name, stem]:
            ends = self._ends.get(_last(called), ())
            found = {doc_id for path, doc_id in ends if path == called or path.endswith(f"/{called}")}
            if found:
                return sorted(found)
        return []

    def fault(self, name: str) -> str:
        """Why a name means no one document, as a sentence."""
        found = self.ids_of(name)
        if found:
            which = f"{len(found)} documents, {listed(map(repr, found), _NAMED)}"
            return f"{shown(name, _NAME_SHOWN)} is the name of {which}; write the whole id."
        file = self._passed_over.get(_plain(name))
        if file:
            return f"the document {shown(name, _NAME_SHOWN)} was passed over: {file.path}: {file.reason}."
        return f"the corpus has no document {shown(name, _NAME_SHOWN)}{self._near(_plain(name))}."

    def _near(self, name: str) -> str:
        """The nearest id, else the document whose file's name is nearest."""
        hint = did_you_mean(name, self._ids)
        if hint:
            return hint
        last = _last(_without_suffix(name))
        return did_you_mean(last, {_last(doc_id) for doc_id in self._ids})


def with_gold_ids(task: Task, corpus: Corpus) -> tuple[Task, list[InputError]]:
    """The task with its gold documents by their ids, and a mistake for each that the corpus lacks, at its question with
    the nearest id or the reason why it was passed over, or whose name several documents have."""
    names = GoldNames(corpus)
    errors: list[InputError] = []

    def resolved(question: Question) -> Question:
        found = {name: names.ids_of(name) for name in question.gold_docs}
        errors.extend(
            InputError(
                LazyText("{}: gold_docs: {}".format, task.lines[question.id], LazyText(names.fault, name))
            )
            for name, ids in found.items()
            if len(ids) != 1
        )
        gold = tuple(dict.fromkeys(ids[0] for ids in found.values() if ids))
        return question if gold == question.gold_docs else replace(question, gold_docs=gold)

    test, train, dev = (tuple(map(resolved, part)) for part in (task.test, task.train, task.dev))
    return replace(task, test=test, train=train, dev=dev), errors


def _plain(name: str) -> str:
    """A name in NFC with the separators of ids."""
    return unicodedata.normalize("NFC", name).strip().replace("\\", "/").removeprefix("./")


def _last(path: str) -> str:
    return path.rsplit("/", 1)[-1]


def _without_suffix(name: str) -> str:
    """A path without the suffix of a type that is read."""
    suffix = PurePosixPath(name).suffix
    return name.removesuffix(suffix) if suffix.lower() in READERS else name


def _names_of(file: PassedOver) -> Iterator[str]:
    """What a question may call the document of a file: its id, which is the path without suffix, or the path."""
    path = unicodedata.normalize("NFC", file.path)
    yield file.doc_id or str(PurePosixPath(path).with_suffix(""))
    yield path
