"""Run folders → what a history keeps of them.

results.json is believed where it fits the manifest and is no older than the evidence; else everything is derived.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from harness.analysis.evidence import Pair
from harness.analysis.latency_ratio import mean_ratio
from harness.analysis.reading import read_questions, read_run, read_timings
from harness.analysis.regression.inputs import scoring
from harness.analysis.regression.pairing import asks
from harness.analysis.results.figures import Estimate, Tokens
from harness.analysis.results.hosting import Hosting
from harness.analysis.results.money import Components
from harness.analysis.results.run import RunResult, SystemResult, read_results
from harness.errors import InputError
from harness.files import sha256_json, sha256_text
from harness.records import TimingRow
from harness.run.facts import EmbedderFacts, ModelFacts
from harness.run.folder import (
    ANSWERS,
    BATCHES,
    PAGE,
    PASSAGES,
    PROMPTS,
    QUESTIONS,
    RESULTS,
    TIMINGS,
    TRAINING,
    run_name,
)
from harness.run.machines import MachineFacts
from harness.run.manifest import Manifest
from harness.run.manifest_file import MANIFEST, read_manifest
from harness.spec.system import System, bare_beside
from harness.spec.tariff import Tariff
from harness.strictjson import read_strict

EVIDENCE = (MANIFEST, QUESTIONS, ANSWERS, BATCHES, TIMINGS, PASSAGES, TRAINING, PROMPTS)
"""Files that results.json must not be older than."""
_STAMP = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z")


class Figure(StrEnum):
    """What a history follows from run to run."""

    ACCURACY = "accuracy"
    COST = "cost"
    LATENCY = "latency ratio"


@dataclass(frozen=True, slots=True)
class Point:
    """What a history keeps of one system in one run.

    `cost`: dollars a query, one at a time, over the timed questions. `latency_ratio`: the geometric mean of its time
    over base's. `seeds`: how many trainings answered. `usd_per_hour_of_use`: the machine's price, of a shared one
    over its utilisation. `hosted_usd`: hosted model → what a query's tokens would cost there.
    """

    system: System
    accuracy: Estimate
    cost: Estimate
    latency_ratio: Estimate
    seeds: int
    tokens: Tokens
    components: Components
    usd_per_hour_of_use: float | None
    hosted_usd: dict[str, float]

    def of(self, figure: Figure) -> Estimate:
        return {
            Figure.ACCURACY: self.accuracy,
            Figure.COST: self.cost,
            Figure.LATENCY: self.latency_ratio,
        }[figure]


@dataclass(frozen=True, slots=True)
class TaskRun:
    """One task in one run. `series`: names the questions and their scoring; only equal ones are compared."""

    folder: str
    created: str
    compared: bool
    series: str
    n: int
    metric: str | None
    strategies: dict[str, Point]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run as a history knows it.

    `derived`: its figures were made of the evidence now, since no results.json fitted. `compared`: it takes part in
    the search for changes; `reason`: why its answers cannot. `page`: its report. `questions`: task → how many.
    """

    folder: str
    created: str
    """ISO time, as the manifest or the folder's name has it; empty where neither does."""
    read: bool = True
    run_id: str
    status: str
    quick: bool
    incomplete: bool
    missing_answers: int
    derived: bool
    compared: bool
    reason: str | None = None
    page: str | None
    model: ModelFacts
    models: tuple[ModelFacts, ...] = ()
    """All of the run; as of RunResult."""
    embedder: EmbedderFacts | None
    machine: MachineFacts
    git_commit: str | None
    questions: dict[str, int]

    @property
    def name(self) -> str:
        """What people are told of it by."""
        return run_name(self.run_id, Path(self.folder))


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A run that cannot be read, and why."""

    folder: str
    created: str
    read: bool = False
    reason: str

    @property
    def name(self) -> str:
        """That of its folder: nothing else of it is known."""
        return self.folder


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A run with its figures and inputs, while it is compared with others. `path`: where its evidence lies."""

    path: Path
    run: Run
    tasks: Mapping[str, TaskRun]
    manifest: Manifest


@dataclass(frozen=True, slots=True)
class RunFolder:
    """A run folder before its figures are read. `manifest`: the manifest, or why it cannot be read."""

    path: Path
    created: str
    manifest: Manifest | str

    @property
    def moment(self) -> str:
        """`created` in UTC, so that it sorts; empty where it is no time."""
        when = moment_of(self.created)
        return when.isoformat() if when else ""


def moment_of(created: str) -> datetime.datetime | None:
    """An ISO time in UTC; None where the text is none."""
    try:
        when = datetime.datetime.fromisoformat(created)
    except ValueError:
        return None
    return when.astimezone(datetime.UTC) if when.tzinfo else when.replace(tzinfo=datetime.UTC)


def run_folders(folder: Path) -> list[RunFolder]:
    """The runs in `folder`, oldest first; what holds no run.json is none. Raises InputError without a folder."""
    if not folder.is_dir():
        what = "is a file, not a folder of runs" if folder.exists() else "does not exist"
        raise InputError(f"the folder {folder} {what}.")
    if (folder / MANIFEST).exists():
        raise InputError(f"{folder} is itself a run; name the folder that holds it: {folder.parent}")
    try:
        places = sorted(place for place in folder.iterdir() if _holds_run(place))
    except OSError as error:
        raise InputError(f"the folder {folder} cannot be read: {error.strerror}.") from error
    return sorted(map(_run_folder, places), key=lambda run: (run.moment, run.path.name))


def _holds_run(place: Path) -> bool:
    """Hidden folders are what a write in progress leaves; what must not be looked into may be a run."""
    try:
        return not place.name.startswith(".") and (place / MANIFEST).is_file()
    except OSError:
        return True


def _run_folder(path: Path) -> RunFolder:
    stamp = _STAMP.match(path.name)
    named = "{}-{}-{}T{}:{}:{}+00:00".format(*stamp.groups()) if stamp else ""
    try:
        manifest = read_manifest(path)
    except InputError as error:
        return RunFolder(path, named, one_line(error))
    return RunFolder(path, manifest.created or named, manifest)


def one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def read_entry(folder: RunFolder, known: dict[str, dict[str, str]]) -> Entry | Unread:
    """One run of a history. `known`: hash of a questions.jsonl → keys of its questions, kept for the runs to come."""
    reason = folder.manifest
    if not isinstance(reason, str):
        try:
            return _entry(folder.path, folder.created, reason, known)
        except InputError as error:
            reason = one_line(error)
    return Unread(folder=folder.path.name, created=folder.created, reason=reason)


def _entry(path: Path, created: str, manifest: Manifest, known: dict[str, dict[str, str]]) -> Entry:
    stored = _stored(path, manifest)
    results = stored or _derived(path)
    timings = read_timings(path, manifest)
    questions = _question_keys(path, manifest, known)
    compared = not results.quick and not results.incomplete
    tasks = {
        name: TaskRun(
            path.name,
            created,
            compared,
            sha256_json([questions.get(name, ""), dict(scoring(manifest, name))]),
            task.n,
            task.primary_metric,
            _points(name, task.strategies, timings),
        )
        for name, task in results.tasks.items()
    }
    run_facts = Run(
        folder=path.name,
        created=created,
        run_id=results.run_id,
        status=results.status or "unknown",
        quick=results.quick,
        incomplete=results.incomplete,
        missing_answers=results.missing_answers,
        derived=stored is None,
        compared=compared,
        page=f"{path.name}/{PAGE}" if (path / PAGE).is_file() else None,
        model=results.model,
        models=results.all_models,
        embedder=results.embedder,
        machine=results.machine,
        git_commit=results.git_commit,
        questions={name: task.n for name, task in tasks.items()},
    )
    return Entry(path, run_facts, tasks, manifest)


def _question_keys(path: Path, manifest: Manifest, known: dict[str, dict[str, str]]) -> dict[str, str]:
    """Task → names its set of questions: ids, texts, options and right answers, in whatever order."""
    file = path / QUESTIONS
    try:
        digest = sha256_text(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot be read: {error}.", path=file) from error
    if digest not in known:
        known[digest] = {
            task: sha256_json(sorted([name, *asks(row.question)] for name, row in asked.items()))
            for task, asked in read_questions(path, manifest).items()
        }
    return known[digest]


def _points(
    task: str, systems: Mapping[str, SystemResult], timings: Mapping[Pair, Sequence[TimingRow]]
) -> dict[str, Point]:
    of_run = {name: result.system for name, result in systems.items()}

    def base(system: System) -> Sequence[TimingRow]:
        return () if system.bare else timings.get((task, bare_beside(of_run, system)), ())

    return {
        name: _point(result, base(result.system), timings.get((task, name), ()))
        for name, result in systems.items()
    }


def _point(result: SystemResult, base: Sequence[TimingRow], timed: Sequence[TimingRow]) -> Point:
    cost, ratio = result.cost, mean_ratio(base, timed)
    low, high = cost.per_query_ci_usd or (None, None)
    hosting = cost.hosting if isinstance(cost.hosting, Hosting) else None
    used = hosting.utilisation if hosting and hosting.tariff is Tariff.SHARED else 1.0
    return Point(
        system=result.system,
        accuracy=result.accuracy,
        cost=Estimate(cost.per_query_usd, low, high, cost.timed_n),
        latency_ratio=Estimate(ratio.ratio, ratio.ci_low, ratio.ci_high, ratio.n)
        if ratio
        else Estimate(None, None, None, 0),
        seeds=result.seeds.n_seeds if result.seeds else 1,
        tokens=result.tokens,
        components=cost.components,
        usd_per_hour_of_use=hosting.usd_per_hour / used if hosting else None,
        hosted_usd={
            row.model: row.per_query_usd for row in cost.projections if row.per_query_usd is not None
        },
    )


def _derived(path: Path) -> RunResult:
    from harness.analysis.derive import derive  # slow to import, and hardly ever needed

    return derive(read_run(path))


def _stored(path: Path, manifest: Manifest) -> RunResult | None:
    """results.json, where it is this run's, of this version, and was made after the evidence."""
    file = path / RESULTS
    try:
        made = file.stat().st_mtime_ns
        if any((path / name).stat().st_mtime_ns > made for name in EVIDENCE if (path / name).exists()):
            return None
        text = file.read_bytes()
        read_strict(text)
        results = read_results(text)
    except (OSError, ValueError):
        return None
    fits = (results.run_id, results.schema_version, results.status) == (
        manifest.run_id, manifest.schema_version, manifest.status,
    )  # fmt: skip
    return results if fits else None
