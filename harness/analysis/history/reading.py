"""Run folders → runs. results.json is believed where it fits the manifest and is no older than the evidence."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Never

from harness.analysis.derive import derive
from harness.analysis.evidence import Pair, read_questions, read_run, read_timings
from harness.analysis.history.figures import Figures, UnfitError, figures_of, whole
from harness.analysis.history.series import questions_key, series_key
from harness.analysis.latency_ratio import BASE, mean_ratio
from harness.analysis.regression.changes import changes
from harness.analysis.regression.inputs import Inputs
from harness.errors import InputError
from harness.files import sha256_text
from harness.records import TimingRow
from harness.run.folder import read_manifest

EVIDENCE = ("run.json", "questions.jsonl", "answers.jsonl", "timings.jsonl")
"""Files that results.json must not be older than."""
PAGE = "report.html"
TOO_DEEP = "it holds JSON that is nested too deeply to be read"
_STAMP = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z")


@dataclass(frozen=True, slots=True)
class TaskRun:
    """One task in one run. `series`: the key of what it can be compared with."""

    n: int
    metric: str | None
    series: str
    strategies: Mapping[str, Figures]


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A run as a history knows it."""

    folder: Path
    run_id: str
    created: str
    """ISO time, as the manifest or the folder's name has it; empty where neither does."""
    status: str
    quick: bool
    incomplete: bool
    missing_answers: int
    manifest: Mapping[str, Any]
    tasks: Mapping[str, TaskRun]
    derived: bool
    """Whether the figures were made of the evidence now, since no results.json fitted."""

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def counts(self) -> bool:
        """Whether it takes part in the search for changes."""
        return not self.quick and not self.incomplete


@dataclass(frozen=True, slots=True)
class Unread:
    """A run that cannot be read, and why."""

    folder: Path
    created: str
    reason: str

    @property
    def name(self) -> str:
        return self.folder.name


@dataclass(frozen=True, slots=True)
class Found:
    """A run folder before its figures are read. `manifest`: None where `reason` says why not."""

    folder: Path
    created: str
    manifest: dict[str, Any] | None
    reason: str = ""

    @property
    def moment(self) -> str:
        """`created` in UTC, so that it sorts; empty where it is no time."""
        try:
            when = datetime.datetime.fromisoformat(self.created)
        except ValueError:
            return ""
        known = when if when.tzinfo else when.replace(tzinfo=datetime.UTC)
        return known.astimezone(datetime.UTC).isoformat()


def found_in(folder: Path) -> list[Found]:
    """The runs in `folder`, oldest first; what holds no run.json is none. Raises InputError without a folder."""
    if not folder.is_dir():
        what = "is a file, not a folder of runs" if folder.exists() else "does not exist"
        raise InputError(f"the folder {folder} {what}.")
    if (folder / "run.json").exists():
        raise InputError(f"{folder} is itself a run; name the folder that holds it: {folder.parent}")
    try:
        places = sorted(place for place in folder.iterdir() if _holds_run(place))
    except OSError as error:
        raise InputError(f"the folder {folder} cannot be read: {error.strerror}.") from error
    return sorted(map(_found, places), key=lambda one: (one.moment, one.folder.name))


def _holds_run(place: Path) -> bool:
    """Hidden folders are what a write in progress leaves; what must not be looked into may be a run."""
    try:
        return not place.name.startswith(".") and (place / "run.json").is_file()
    except OSError:
        return True


def _found(folder: Path) -> Found:
    named = _created(folder, {})
    try:
        manifest = read_manifest(folder)
    except InputError as error:
        return Found(folder, named, None, _one_line(error))
    except RecursionError:
        return Found(folder, named, None, TOO_DEEP)
    return Found(folder, _created(folder, manifest), manifest)


def _created(folder: Path, manifest: Mapping[str, Any]) -> str:
    """When the run began: its manifest's word, else what its folder is called by default."""
    said = manifest.get("created")
    if isinstance(said, str) and said:
        return said
    stamp = _STAMP.match(folder.name)
    return "{}-{}-{}T{}:{}:{}+00:00".format(*stamp.groups()) if stamp else ""


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


@dataclass
class Reader:
    """Reads runs one after the other; keeps what the next one is likely to hold as well."""

    _keys: dict[str, dict[str, str]] = field(default_factory=dict)
    """Hash of a questions.jsonl → task → key of its questions."""

    def read(self, found: Found) -> Run | Unread:
        if found.manifest is None:
            return Unread(found.folder, found.created, found.reason)
        try:
            return self._run(found.folder, found.created, found.manifest)
        except InputError as error:
            return Unread(found.folder, found.created, _one_line(error))
        except RecursionError:
            return Unread(found.folder, found.created, TOO_DEEP)
        except (UnfitError, LookupError, TypeError, AttributeError, ValueError, ArithmeticError) as error:
            reason = f"its evidence does not fit together ({type(error).__name__}: {_one_line(error)})"
            return Unread(found.folder, found.created, reason)

    def _run(self, folder: Path, created: str, manifest: dict[str, Any]) -> Run:
        stored = _stored(folder, manifest)
        if stored:
            try:
                timings = read_timings(folder)
                return self._made(folder, created, manifest, stored, timings, derived=False)
            except UnfitError:
                pass
        run = read_run(folder)
        return self._made(folder, created, manifest, derive(run), run.timings, derived=True)

    def _made(
        self,
        folder: Path,
        created: str,
        manifest: dict[str, Any],
        results: Mapping[str, Any],
        timings: Mapping[Pair, Sequence[TimingRow]],
        *,
        derived: bool,
    ) -> Run:
        keys = self._question_keys(folder)
        try:
            blocks = {str(name): block for name, block in results["tasks"].items()}
            tasks = {
                name: _task(block, name, keys.get(name, ""), manifest, timings)
                for name, block in blocks.items()
            }
            missing = whole(results["missing_answers"])
            quick, incomplete = bool(results["quick"]), bool(results["incomplete"])
        except (KeyError, AttributeError, TypeError) as error:
            raise UnfitError(str(error)) from error
        changes(Inputs(manifest), Inputs(manifest))  # a manifest that cannot be compared is found here
        return Run(
            folder,
            str(manifest.get("run_id", folder.name)),
            created,
            str(manifest.get("status") or "unknown"),
            quick,
            incomplete,
            missing,
            manifest,
            tasks,
            derived,
        )

    def _question_keys(self, folder: Path) -> dict[str, str]:
        path = folder / "questions.jsonl"
        try:
            content = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"cannot be read: {error}.", path=path) from error
        digest = sha256_text(content)
        if digest not in self._keys:
            self._keys[digest] = {
                task: questions_key(asked) for task, asked in read_questions(folder).items()
            }
        return self._keys[digest]


def _task(
    block: Mapping[str, Any],
    name: str,
    questions: str,
    manifest: Mapping[str, Any],
    timings: Mapping[Pair, Sequence[TimingRow]],
) -> TaskRun:
    spec = ((manifest.get("tasks") or {}).get(name) or {}).get("spec") or {}
    base = timings.get((name, BASE), ())
    strategies = {
        strategy: figures_of(
            figures, None if strategy == BASE else mean_ratio(base, timings.get((name, strategy), ()))
        )
        for strategy, figures in block["strategies"].items()
    }
    return TaskRun(whole(block["n"]), block["primary_metric"], series_key(questions, spec), strategies)


def _stored(folder: Path, manifest: Mapping[str, Any]) -> dict[str, Any] | None:
    """results.json, where it is this run's, of this version, and was made after the evidence."""
    path = folder / "results.json"
    try:
        made = path.stat().st_mtime_ns
        if any((folder / name).stat().st_mtime_ns > made for name in EVIDENCE if (folder / name).exists()):
            return None
        results = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_number)
    except (OSError, ValueError, RecursionError):
        return None
    fits = isinstance(results, dict) and all(
        results.get(name) == manifest.get(name) for name in ("run_id", "schema_version", "status")
    )
    return results if fits else None


def _no_number(constant: str) -> Never:
    raise ValueError(f"{constant} is no JSON number")
