"""Answers that need not be computed again, keyed by everything that shaped them. Timing never looks here."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from harness.engines.engine import Completion, EngineIdentity
from harness.errors import HarnessError
from harness.files import canonical_json, sha256_json, sha256_text, writing
from harness.progress import Progress
from harness.run.prompts import Prompt

ENGINE_VERSION = 1
"""Raise when decoding changes in a way that may change answers."""


def answer_key(model: EngineIdentity, adapter_sha256: str | None, prompt: Prompt) -> str:
    """Hash of model, adapter, prompt, decoding, dtype and device kind."""
    decoding = prompt.request.decoding
    return sha256_json(
        {
            "engine": ENGINE_VERSION,
            "model": model.sha256,
            "dtype": model.dtype,
            "device": model.device_kind,
            "adapter": adapter_sha256,
            "prompt": prompt.facts.sha256,
            "max_tokens": decoding.max_tokens,
            "stop": list(decoding.stop),
            "choices": [option.text for option in prompt.request.continuations],
        }
    )


class AnswerCache:
    """A SQLite file of completions. A damaged file is set aside and a damaged row ignored, never trusted."""

    def __init__(self, path: Path, progress: Progress) -> None:
        self._path = path
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
        self._progress.note(f"The answer cache {self._path} is damaged; it is set aside as {aside.name}.")
        with writing(str(aside)), contextlib.suppress(FileNotFoundError):  # another process was faster
            self._path.replace(aside)
        self._prepare()

    def _prepare(self) -> None:
        with self._open() as database:
            database.execute(
                "CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, value TEXT, sha256 TEXT)"
            )

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        database = sqlite3.connect(self._path, timeout=60)
        try:
            with database:
                yield database
        finally:
            database.close()

    def get(self, keys: Sequence[str]) -> dict[str, Completion]:
        """The completions that are known, by key."""
        known: dict[str, Completion] = {}
        with self._forgiving("read"), self._open() as database:
            for key in keys:
                row = database.execute("SELECT value, sha256 FROM answers WHERE key = ?", (key,)).fetchone()
                if row and sha256_text(key + row[0]) == row[1]:
                    known[key] = _completion(row[0])
        return known

    def put(self, answers: dict[str, Completion]) -> None:
        rows = []
        for key, completion in answers.items():
            value = canonical_json(asdict(completion))
            rows.append((key, value, sha256_text(key + value)))
        with self._forgiving("write"), self._open() as database:
            database.executemany("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", rows)

    @contextlib.contextmanager
    def _forgiving(self, verb: str) -> Iterator[None]:
        """A cache that fails in the middle of a run costs time, not the run."""
        try:
            yield
        except sqlite3.OperationalError as error:
            self._progress.note(f"Could not {verb} the answer cache {self._path}: {error}. Going on without.")
        except sqlite3.DatabaseError:
            self._set_aside()


def _completion(text: str) -> Completion:
    data = json.loads(text)
    lists = {name: tuple(data[name]) for name in ("choice_logprobs", "greedy") if data.get(name) is not None}
    return Completion(**{**data, **lists})
