"""Trials of a run → how much effort each strategy got, and what that cost."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from harness.analysis.evidence import Evidence
from harness.analysis.results.tuning import Effort, Trial, Tuning
from harness.quantities import counted, listed
from harness.records import TrialRow
from harness.run.facts import Tuned
from harness.run.tuning.words import in_words, sentence
from harness.spec.space import tunable
from harness.spec.system import System


def effort_of(run: Evidence, task: str) -> Effort:
    """The effort that went into a task's systems before they were compared."""
    manifest = run.manifest
    tuned = {row.default.name: row for row in manifest.tuned if row.task == task}
    own = {name: one for name, one in run.systems(task).items() if not one.trained_elsewhere(task)}
    return Effort(
        budget=manifest.settings.tries,
        tuning={
            name: _tuning(row, run.trials.get((task, row.default.id), ())) for name, row in tuned.items()
        },
        proposals=run.proposals.get(task, ()),
        untuned=tuple(name for name, one in own.items() if name not in tuned and tunable(one)),
    )


def searched_by(run: Evidence, task: str, system: System) -> tuple[TrialRow, ...]:
    """The trials that a system's settings were chosen by; none where they were not searched."""
    default = next(
        (row.default.id for row in run.manifest.tuned if (row.task, row.chosen) == (task, system.id)), None
    )
    return run.trials.get((task, default), ()) if default else ()


def _tuning(tuned: Tuned, rows: Sequence[TrialRow]) -> Tuning:
    by_candidate: dict[str, list[TrialRow]] = {}
    for row in rows:
        by_candidate.setdefault(row.candidate, []).append(row)
    last = max((row.stage for row in rows), default=0)
    trials = tuple(_trial(some, last, chosen=name == tuned.chosen) for name, some in by_candidate.items())
    return Tuning(
        why=tuned.why,
        said=sentence(tuned),
        p=tuned.p,
        questions=tuned.questions,
        from_train=tuned.from_train,
        trials=trials,
        seconds=math.fsum(trial.seconds for trial in trials),
        usd=usd_of(rows),
    )


def _trial(rows: Sequence[TrialRow], last: int, *, chosen: bool) -> Trial:
    """One setting over all its stages. What counts is the last training that it came to."""
    whole = [row for row in rows if not row.unfinished] or rows
    reached = max(whole, key=lambda row: row.stage)
    counting = [row for row in whole if row.examples == reached.examples]
    scores = {name: score for row in counting for name, score in row.scores.items()}
    failed = next((row.failed for row in rows if row.failed), None)
    return Trial(
        settings=reached.settings,
        label=in_words(reached.settings),
        score=math.fsum(scores.values()) / len(scores) if scores else None,
        n=len(scores),
        seconds=seconds_of(rows),
        train_s=math.fsum(row.train_s for row in rows),
        prompt_tokens=sum(row.prompt_tokens for row in rows),
        completion_tokens=sum(row.completion_tokens for row in rows),
        usd=usd_of(rows),
        examples=reached.examples,
        dropped=reached.stage < last and failed is None,
        chosen=chosen,
        failed=failed,
    )


def seconds_of(rows: Iterable[TrialRow]) -> float:
    """What trials took, or would have without the cache: its answers count as long as those that were computed."""
    rows = [*rows]
    return _asked_s(rows) + math.fsum(row.propose_s for row in rows)


def machine_seconds_of(rows: Iterable[TrialRow]) -> float | None:
    """The same without what was paid for by the token; None where everything was."""
    rows = [*rows]
    proposed = [row.propose_s for row in rows if row.propose_s and row.propose_usd is None]
    unpaid = [row for row in rows if row.usd is None]
    return _asked_s(unpaid) + math.fsum(proposed) if unpaid or proposed else None


def _asked_s(rows: Sequence[TrialRow]) -> float:
    computed = sum(len(row.scores) - row.cached for row in rows)
    answers = sum(len(row.scores) for row in rows)
    answering = math.fsum(row.seconds for row in rows)
    scaled = answering * answers / computed if computed > 0 else answering
    return scaled + math.fsum(row.train_s + row.index_s for row in rows)


def usd_of(rows: Iterable[TrialRow]) -> float | None:
    """What requests to servers cost; None where none was paid for by the token."""
    known = [usd for row in rows for usd in (row.usd, row.propose_usd) if usd is not None]
    return math.fsum(known) if known else None


NOT_TUNED = "Not tuned: {} run{} with the settings of the task file."


def in_short(effort: Effort) -> str:
    """The effort in a sentence; empty where no strategy has anything to tune."""
    tuning, untuned = effort.tuning, effort.untuned
    if not tuning:
        return NOT_TUNED.format(listed(untuned), "s" if len(untuned) == 1 else "") if untuned else ""
    few = [name for name, row in tuning.items() if row.why == "few"]
    tried = {name: row.tried for name, row in tuning.items() if name not in few}
    told = []
    if tried:
        questions = max(row.questions for row in tuning.values())
        where = " (split from train)" if any(row.from_train for row in tuning.values()) else ""
        told.append(
            f"Tried on {counted(questions, 'dev question')}{where}: {_counts(tried)}, at most {effort.budget} each."
        )
    if few:
        told.append(f"Not tuned for want of dev questions: {listed(few)}.")
    changed = [f"{name}: {row.said}" for name, row in tuning.items() if row.why == "better"]
    told.append(f"Changed: {'; '.join(changed)}." if changed else "The defaults stay." if tried else "")
    return " ".join(filter(None, told))


def _counts(tried: Mapping[str, int]) -> str:
    """`rag 8 settings, lora 5`."""
    first, *rest = tried.items()
    return listed([f"{first[0]} {counted(first[1], 'setting')}", *(f"{name} {n}" for name, n in rest)])
