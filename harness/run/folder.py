"""The run folder: a manifest that is replaced whole, and evidence that is only ever appended to."""

from __future__ import annotations

import contextlib
import dataclasses
import tempfile
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.errors import InputError
from harness.files import append_lines, drop_torn_tail, to_json, write_text
from harness.records import (
    AnswerRow,
    BatchRow,
    FailureRow,
    PassageRow,
    PromptSample,
    ProposalRow,
    QuestionRow,
    Ranked,
    Scores,
    TimingRow,
    TrainingRow,
    TrialRow,
)
from harness.run.facts import ModelFacts
from harness.run.lock import LOCK
from harness.run.manifest import Manifest
from harness.run.manifest_file import MANIFEST, read_manifest, write_manifest
from harness.run.missing import place_of, still_missing
from harness.run.rows import each_row, read_rows
from harness.spec.system import System
from harness.steps import typed
from harness.temporary import remove_left

ANSWERS, BATCHES, TIMINGS, PASSAGES = "answers.jsonl", "batches.jsonl", "timings.jsonl", "passages.jsonl"
FAILURES, REPEATS, TUNING, LEARNING = "failures.jsonl", "repeats.jsonl", "tuning.jsonl", "learning.jsonl"
PROPOSALS = "proposals.jsonl"
QUESTIONS, TRAINING, PROMPTS = "questions.jsonl", "training.jsonl", "prompts.jsonl"
RESULTS, PAGE = "results.json", "report.html"
"""What is derived of a run; a report has more."""
_EVERY_TIME = -1
"""In the place of the time that a question is asked."""


def run_name(run_id: str, folder: Path) -> str:
    """A run by its folder, if that bears its id, else by both: `20261129T120229Z-fde53d (reports/baseline)`."""
    return str(folder) if folder.name == run_id else f"{run_id} ({folder})"


class RunFolder:
    """One run on disk. Open it with `create` or `resume`."""

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self.path = path
        self.manifest = manifest
        self._writing = threading.RLock()  # strands of a run may go on at once
        self._settled: dict[tuple[str, str, int, int], set[str]] | None = None
        self._ids: dict[str, str] = {}
        """Ids of questions, each once: every system has answers to the same ones."""
        self._passages = {(row.task, row.chunk_id) for row in each_row(path / PASSAGES, PassageRow)}

    @classmethod
    def create(cls, path: Path, manifest: Manifest) -> RunFolder:
        """Make a new run folder. Raises InputError if it exists with something in it, or cannot be written."""
        check_output(path)
        write_manifest(path, manifest)
        return cls(path, manifest)

    @classmethod
    def resume(cls, path: Path) -> RunFolder:
        """Open a run folder to go on with it; what a kill left half-written is cut off.

        Raises InputError where there is no run, or one of another version.
        """
        manifest = read_manifest(path)
        remove_left(path)
        for name in (ANSWERS, TIMINGS, BATCHES, PASSAGES, FAILURES, REPEATS, TUNING, LEARNING, PROPOSALS):
            drop_torn_tail(path / name)
        return cls(path, manifest)

    def update(self, **fields: Any) -> None:
        """Set fields of the manifest and replace it on disk."""
        self.change(lambda _manifest: fields)

    def change(self, changes: Callable[[Manifest], Mapping[str, Any]]) -> None:
        """Set fields of the manifest to what `changes` makes of those before, with nothing in between."""
        with self._writing:
            self.manifest = dataclasses.replace(self.manifest, **changes(self.manifest))
            write_manifest(self.path, self.manifest)

    def update_model(self, system: System, **fields: Any) -> None:
        """Set what is known of the model that a system answers with; what the first one has at the top, there too."""
        label = self.manifest.model_of(system).label
        models = [
            dataclasses.replace(each, **fields) if each.label == label else each
            for each in self.manifest.models
        ]
        self.update_models(models, first_query_s=models[0].first_query_s)

    def update_models(self, models: Sequence[ModelFacts], **fields: Any) -> None:
        """Set what is known of all models, in their order, and fields beside."""
        self.update(model=models[0], other_models=tuple(models[1:]), **fields)

    def write_whole(self, name: str, rows: Iterable[QuestionRow | TrainingRow | PromptSample]) -> None:
        """Replace a JSONL file in one step: what a run knows from its start, and a resumed one writes again."""
        write_text(self.path / name, "".join(f"{to_json(row)}\n" for row in rows))

    def add_answers(self, rows: Sequence[AnswerRow], batches: Sequence[BatchRow]) -> None:
        """Append what batches returned; their times are written first, so that no answer lacks it."""
        with self._writing:
            if batches:
                append_lines(self.path / BATCHES, batches)
            append_lines(self.path / ANSWERS, rows)
            self._settle(rows)

    def add_failure(self, row: FailureRow) -> None:
        """Append that an answer could not be had."""
        with self._writing:
            append_lines(self.path / FAILURES, [row])
            self._settle_failed([row])

    def add_timings(self, rows: Sequence[TimingRow]) -> None:
        append_lines(self.path / TIMINGS, rows)

    def add_passages(self, task: str, ranked: Iterable[Ranked]) -> None:
        """Keep the text of every passage that was retrieved, once."""
        with self._writing:
            rows = []
            for item in ranked:
                key = (task, item.passage.chunk_id)
                if key not in self._passages:
                    self._passages.add(key)
                    rows.append(PassageRow(task=task, **dataclasses.asdict(item.passage)))
            if rows:
                append_lines(self.path / PASSAGES, rows)

    def scores(self, tasks: Collection[str]) -> dict[tuple[str, str, int], dict[str, Scores]]:
        """What the code of these tasks made of answers: (task, system id, seed) → question id → scores."""
        made: dict[tuple[str, str, int], dict[str, Scores]] = {}
        for row in each_row(self.path / ANSWERS, AnswerRow) if tasks else ():
            if row.task in tasks:
                known = made.setdefault((row.task, row.system, row.seed), {})
                known[self._one(row.question_id)] = row.metrics or {}
        return made

    def add_repeats(self, rows: Sequence[AnswerRow]) -> None:
        """Append what questions were answered when they were asked again."""
        with self._writing:
            append_lines(self.path / REPEATS, rows)
            self._settle(rows)

    def add_proposal(self, row: ProposalRow) -> None:
        """Append a system message that a model proposed."""
        with self._writing:
            append_lines(self.path / PROPOSALS, [row])

    def proposals(self) -> list[ProposalRow]:
        return read_rows(self.path / PROPOSALS, ProposalRow).all

    def add_trial(self, row: TrialRow) -> None:
        """Append what came of a setting that was tried on dev questions."""
        with self._writing:
            append_lines(self.path / TUNING, [row])

    def trials(self) -> list[TrialRow]:
        return read_rows(self.path / TUNING, TrialRow).all

    def add_learnt(self, row: TrialRow) -> None:
        """Append what a system answers that learnt from fewer examples."""
        with self._writing:
            append_lines(self.path / LEARNING, [row])

    def learnt(self) -> list[TrialRow]:
        return read_rows(self.path / LEARNING, TrialRow).all

    def settled(self, task: str, system: str, seed: int, repeat: int = 0) -> set[str]:
        """The questions that nobody need ask again: answered, or with a reason that stays."""
        with self._writing:
            if self._settled is None:  # read once: a run of many systems asks for each
                self._settled = {}
                for name in (ANSWERS, REPEATS):
                    self._settle(each_row(self.path / name, AnswerRow))
                self._settle_failed(each_row(self.path / FAILURES, FailureRow))
            # What is too long the first time is too long every time.
            too_long = self._settled.get((task, system, seed, _EVERY_TIME), set())
            return self._settled.get((task, system, seed, repeat), set()) | too_long

    def _settle(self, rows: Iterable[AnswerRow]) -> None:
        if self._settled is not None:
            for row in rows:
                key = (row.task, row.system, row.seed, row.repeat)
                self._settled.setdefault(key, set()).add(self._one(row.question_id))

    def _one(self, question_id: str) -> str:
        return self._ids.setdefault(question_id, question_id)

    def _settle_failed(self, rows: Iterable[FailureRow]) -> None:
        if self._settled is not None:
            for row in rows:
                if row.final and not row.timed:
                    key = (row.task, row.system, row.seed, _EVERY_TIME)
                    self._settled.setdefault(key, set()).add(self._one(row.question_id))

    def missing(self) -> list[FailureRow]:
        """What could not be had, and is worth asking for again."""
        failures = read_rows(self.path / FAILURES, FailureRow).all
        if not failures:
            return []
        answers = (row for name in (ANSWERS, REPEATS) for row in each_row(self.path / name, AnswerRow))
        failed = still_missing(failures, map(place_of, answers))
        return [row for row in failed if not row.final and not row.timed]

    def timed(self) -> set[tuple[str, str, str, bool]]:
        """What is timed already, or failed and is not timed again: (task, system id, question id, merged)."""
        rows = read_rows(self.path / TIMINGS, TimingRow).all
        failed = [row for row in read_rows(self.path / FAILURES, FailureRow).all if row.timed]
        return {
            *((row.task, row.system, row.question_id, row.merged) for row in rows),
            *((row.task, row.system, row.question_id, True) for row in failed),
        }


def check_output(path: Path) -> None:
    """Raises InputError where `path` is used already (a run never writes over another) or cannot be written.

    Whether a folder can be written is found out by writing: permissions alone do not tell of a full disk or
    a read-only one. Nothing is left behind.
    """
    remove_left(path)
    if path.exists() and (not path.is_dir() or any(entry.name != LOCK for entry in path.iterdir())):
        way = (
            f", or go on with it: {typed('compare', '--resume', path)}" if (path / MANIFEST).exists() else ""
        )
        raise InputError(f"the output {path} exists already; name another{way}")
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
