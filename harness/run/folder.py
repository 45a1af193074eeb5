"""The run folder: a manifest that is replaced whole, and evidence that is only ever appended to."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness.errors import InputError
from harness.files import append_lines, drop_torn_tail, write_json, write_text
from harness.records import AnswerRow, BatchRow, Question, Ranked, TimingRow

SCHEMA_VERSION = 1


class RunFolder:
    """One run on disk. Open it with `create` or `resume`."""

    def __init__(self, path: Path, manifest: dict[str, Any]) -> None:
        self.path = path
        self.manifest = manifest
        self._passages = {(row["task"], row["chunk_id"]) for row in self._rows("passages.jsonl")}

    @classmethod
    def create(cls, path: Path, manifest: dict[str, Any]) -> RunFolder:
        """Make a new run folder. Raises InputError if it exists with something in it, or cannot be written."""
        check_output(path)
        write_json(path / "run.json", manifest)
        return cls(path, manifest)

    @classmethod
    def resume(cls, path: Path) -> RunFolder:
        """Open a run folder to go on with it; what a kill left half-written is cut off.

        Raises InputError where there is no run, or one of a newer version.
        """
        manifest = read_manifest(path)
        for name in ("answers.jsonl", "timings.jsonl", "batches.jsonl", "passages.jsonl"):
            drop_torn_tail(path / name)
        return cls(path, manifest)

    def update(self, **fields: Any) -> None:
        """Set fields of the manifest and replace it on disk."""
        self.manifest |= fields
        write_json(self.path / "run.json", self.manifest)

    def write_questions(self, rows: Iterable[dict[str, Any]]) -> None:
        self.write_whole("questions.jsonl", rows)

    def write_whole(self, name: str, rows: Iterable[dict[str, Any]]) -> None:
        """Replace a JSONL file in one step: what a run knows from its start, and a resumed one writes again."""
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        write_text(self.path / name, text)

    def add_answers(self, rows: Sequence[AnswerRow], batch: BatchRow | None) -> None:
        """Append what a batch returned; its time is written first, so that no answer lacks it."""
        if batch:
            append_lines(self.path / "batches.jsonl", [asdict(batch)])
        append_lines(self.path / "answers.jsonl", [row.to_json() for row in rows])

    def add_timing(self, row: TimingRow) -> None:
        append_lines(self.path / "timings.jsonl", [asdict(row)])

    def add_passages(self, task: str, ranked: Iterable[Ranked]) -> None:
        """Keep the text of every passage that was retrieved, once."""
        rows = []
        for item in ranked:
            key = (task, item.passage.chunk_id)
            if key not in self._passages:
                self._passages.add(key)
                rows.append({"task": task, **asdict(item.passage)})
        if rows:
            append_lines(self.path / "passages.jsonl", rows)

    def answered(self) -> dict[tuple[str, str, int], dict[str, AnswerRow]]:
        """What is answered already: (task, strategy, seed) → question id → row."""
        done: dict[tuple[str, str, int], dict[str, AnswerRow]] = {}
        for row in self._rows("answers.jsonl"):
            answer = AnswerRow.from_json(row)
            done.setdefault((answer.task, answer.strategy, answer.seed), {})[answer.question_id] = answer
        return done

    def timed(self) -> set[tuple[str, str, str, bool]]:
        """What is timed already: (task, strategy, question id, merged)."""
        return {
            (row["task"], row["strategy"], row["question_id"], row.get("merged", True))
            for row in self._rows("timings.jsonl")
        }

    def _rows(self, name: str) -> list[dict[str, Any]]:
        path = self.path / name
        if not path.exists():
            return []
        with path.open(encoding="utf-8") as stream:
            return [json.loads(line) for line in stream if line.strip()]


def check_output(path: Path) -> None:
    """Raises InputError where `path` is used already (a run never writes over another) or cannot be written.

    Whether a folder can be written is found out by writing: permissions alone do not tell of a full disk or
    a read-only one. Nothing is left behind.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise InputError(f"the output {path} exists already; name another, or go on with --resume {path}")
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path) as probe:
            probe.write(b"\0")
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"the output folder {path} cannot be written: {reason}.") from error
    finally:
        for folder in missing:
            with contextlib.suppress(OSError):
                folder.rmdir()


def question_row(task: str, question: Question, fact_seen: bool | None) -> dict[str, Any]:
    """A line of questions.jsonl."""
    return {"task": task, **asdict(question), "fact_seen": fact_seen}


def read_manifest(path: Path) -> dict[str, Any]:
    """The manifest of a run folder. Raises InputError where it is missing, broken or newer than this code."""
    file = path / "run.json"
    try:
        manifest: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"there is no run in {path}: it holds no run.json.") from None
    except NotADirectoryError:
        raise InputError(
            "this is a file; name the folder of a run, which holds run.json.", path=path
        ) from None
    except (OSError, ValueError) as error:
        raise InputError(f"the manifest cannot be read: {error}", path=file) from error
    version = manifest.get("schema_version") if isinstance(manifest, dict) else None
    if not isinstance(version, int):
        raise InputError("is not the manifest of a run: it has no schema_version.", path=file)
    if version > SCHEMA_VERSION:
        raise InputError(
            f"was written by a newer version (schema {version}; this version reads up to {SCHEMA_VERSION}). "
            "Update the program.",
            path=file,
        )
    wrong = [name for name, kind in _SHAPES.items() if not isinstance(manifest.get(name, kind()), kind)]
    if wrong or not all(_is_planned(entry) for entry in manifest.get("plan", ())):
        raise InputError(
            f"is damaged: {wrong[0] if wrong else 'plan'!r} is not what a run writes there.", path=file
        )
    return manifest


_SHAPES = {
    "tasks": dict, "model": dict, "indexes": dict, "settings": dict, "machine": dict, "libraries": dict,
    "plan": list, "adapters": list, "api_prices": list,
}  # fmt: skip
"""What must be of its kind where it is there at all: all that is derived from a run rests on it."""


def _is_planned(entry: Any) -> bool:
    return isinstance(entry, dict) and all(isinstance(entry.get(key), str) for key in ("task", "strategy"))
