"""Answers that need not be computed again, keyed by everything that shaped them. Timing never looks here."""

from __future__ import annotations

import contextlib
import functools
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from harness.engines.engine import AdapterRef, Completion, EngineIdentity, Wanted
from harness.errors import HarnessError
from harness.files import canonical_json, sha256_json, sha256_text, writing
from harness.progress import Progress
from harness.quantities import counted
from harness.run.settings import Settings
from harness.run.tools import Tools

ENGINE_VERSION = 2
"""Raise when decoding changes in a way that may change answers."""


def answer_key(model: EngineIdentity, adapter: AdapterRef | None, wanted: Wanted, prompt_sha256: str) -> str:
    """Hash of model, adapter, prompt, decoding, dtype and device kind; of a server, its address and names."""
    decoding = wanted.decoding
    facts: dict[str, Any] = {
        "engine": ENGINE_VERSION,
        "model": model.sha256,
        "dtype": model.dtype,
        "device": model.device_kind,
        "adapter": adapter.sha256 if adapter else None,
        "prompt": prompt_sha256,
        "max_tokens": decoding.max_tokens,
        "stop": list(decoding.stop),
        "choices": [option.text for option in wanted.continuations],
    }
    if decoding.stop and not decoding.stop_at_once:
        facts["stop_behind"] = "word"
    if decoding.form:
        facts["form"] = asdict(decoding.form)
    if any(option.ends for option in wanted.continuations):
        facts["ends"] = [option.ends for option in wanted.continuations]
    if decoding.thinking_tokens:
        facts["thinking"] = decoding.thinking_tokens
    if model.sha256 is None:  # nobody here sees the weights
        served = adapter.served if adapter else None
        facts["unseen"] = {**asdict(model.model), "adapter": served, "json": decoding.json}
    return sha256_json(facts)


class AnswerCache:
    """A SQLite file of completions. A damaged file is set aside, and a row that is damaged, or of another shape than
    its request asks for, is named once and made again: neither is ever trusted."""

    def __init__(self, path: Path, progress: Progress) -> None:
        self._path = path
        self._told: set[str] = set()
        self._putting = threading.Lock()  # strands that wait for each other in SQLite would sleep
        with writing(str(path)):
            path.parent.mkdir(parents=True, exist_ok=True)
        self._progress = progress
        try:
            self._prepare()
        except sqlite3.OperationalError as error:  # not damage: no permission, disk full, held by another
            raise HarnessError(
                f"the answer cache {path} cannot be used: {error}. Mend that, or run with --no-cache."
            ) from error
        except sqlite3.DatabaseError:
            self._set_aside()

    def _set_aside(self) -> None:
        aside = self._path.with_suffix(".damaged")
        self._progress.note(
            f"The answer cache {self._path} is damaged or of another program; it is set aside as {aside.name}."
        )
        with writing(str(aside)), contextlib.suppress(FileNotFoundError):  # another process was faster
            self._path.replace(aside)
        self._prepare()

    def _prepare(self) -> None:
        with self._open() as database:
            database.execute(
                "CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, value TEXT, sha256 TEXT)"
            )
            columns = tuple(row[1] for row in database.execute("PRAGMA table_info(answers)"))
        if columns != ("key", "value", "sha256"):
            raise sqlite3.DatabaseError(f"its columns are {columns}")

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        database = sqlite3.connect(self._path, timeout=60)
        database.text_factory = functools.partial(str, encoding="utf-8", errors="replace")
        try:
            database.execute("PRAGMA synchronous = OFF")  # what a power cut takes or damages is made again
            with database:
                yield database
        finally:
            database.close()

    def get(self, asked: Mapping[str, Wanted]) -> dict[str, Completion]:
        """The completions that are known, by key. `asked`: key → what was wanted."""
        known: dict[str, Completion] = {}
        wrong = 0
        with self._forgiving("read"), self._open() as database:
            for key, wanted in asked.items():
                row = database.execute("SELECT value, sha256 FROM answers WHERE key = ?", (key,)).fetchone()
                completion = _completion(key, row, wanted) if row else None
                if completion:
                    known[key] = completion
                elif row:
                    wrong += 1
        if wrong:
            rows = f"{counted(wrong, 'answer')} in the answer cache {self._path}"
            self._tell("rows", f"{rows}: damaged, or not what was asked for; made again.")
        return known

    def put(self, answers: dict[str, Completion]) -> None:
        rows = []
        for key, completion in answers.items():
            value = canonical_json(completion)
            rows.append((key, value, sha256_text(key + value)))
        with self._putting, self._forgiving("write"), self._open() as database:
            database.executemany("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", rows)

    @contextlib.contextmanager
    def _forgiving(self, verb: str) -> Iterator[None]:
        """A cache that fails in the middle of a run costs time, not the run."""
        try:
            yield
        except sqlite3.OperationalError as error:
            self._tell(verb, f"Could not {verb} the answer cache {self._path}: {error}. Going on without.")
        except sqlite3.DatabaseError:
            self._set_aside()

    def _tell(self, what: str, sentence: str) -> None:
        """Say a thing once: a cache is asked many times in a run."""
        if what not in self._told:
            self._told.add(what)
            self._progress.note(sentence)


def open_answers(settings: Settings, tools: Tools) -> AnswerCache | None:
    """The cache of a run; None where it shall use none."""
    return AnswerCache(tools.cache / "answers.sqlite", tools.progress) if settings.use_cache else None


@functools.cache
def _adapter() -> TypeAdapter[Completion]:
    return TypeAdapter(Completion)


def _completion(key: str, row: tuple[object, object], wanted: Wanted) -> Completion | None:
    """A row as an answer of the kind wanted; None where it is damaged, stands under another key, or does not fit."""
    value, sha256 = row
    if not isinstance(value, str) or sha256_text(key + value) != sha256:
        return None
    try:
        completion = _adapter().validate_json(value, strict=True)
    except ValueError:
        return None
    return completion if _fits(completion, wanted) else None


def _fits(completion: Completion, wanted: Wanted) -> bool:
    """Whether an answer is of the kind wanted."""
    logprobs, greedy = completion.choice_logprobs, completion.greedy
    if not wanted.scored:
        written = completion.finish_reason != "choice" and logprobs is None and greedy is None
        counted_here = completion.usage is None  # what a server counts is for the server to say
        answer = completion.completion_tokens - completion.reasoning_tokens
        return written and (not counted_here or answer <= wanted.decoding.max_tokens)
    if completion.finish_reason != "choice" or not logprobs or not greedy or completion.completion_tokens:
        return False
    return len(logprobs) == len(greedy) == (len(wanted.continuations) or len(logprobs))
