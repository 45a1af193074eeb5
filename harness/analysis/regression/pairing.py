"""Two runs side by side: which tasks, systems and questions both measured, and what stands in the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from harness.analysis.accuracy import ScoredAnswers, Scores, score_all
from harness.analysis.evidence import Evidence, Pair, missing_answers
from harness.analysis.reading import read_run
from harness.analysis.regression import inputs
from harness.analysis.regression.differing import differing, sentences
from harness.analysis.regression.findings import NAMED
from harness.analysis.regression.labels import with_labels_of
from harness.errors import HarnessError, InputError, InputErrors
from harness.quantities import counted, listed
from harness.records import AnswerRow, Question, TimingRow
from harness.run.manifest import Manifest
from harness.spec.system import System
from harness.steps import typed

MARGIN = 0.02
LATENCY_MARGIN = 1.25


@dataclass(frozen=True, slots=True)
class Margins:
    """By how much a figure may get worse: accuracy as a share, latency as a factor."""

    accuracy: float = MARGIN
    latency: float = LATENCY_MARGIN


@dataclass(frozen=True)
class Side:
    """One of the two runs, with its answers scored."""

    run: Evidence
    scores: Scores

    @classmethod
    def read(cls, folder: Path, baseline: Manifest | None = None) -> Side:
        """Models that `baseline` has under other labels get its labels, so that systems of both runs find each other.

        Raises InputError where the folder holds no run that can be believed, HarnessError where it is incomplete.
        """
        run = read_run(folder, partial(with_labels_of, baseline) if baseline else None)
        status, missing = run.manifest.status, missing_answers(run)
        if status != "complete" or missing:
            lacks = [f"status {status}"] if status != "complete" else []
            lacks += [f"{counted(missing, 'answer')} missing"] if missing else []
            raise HarnessError(
                f"{folder} is incomplete ({', '.join(lacks)}), and only whole runs are compared. "
                f"Go on with: {typed('compare', '--resume', folder)}"
            )
        return cls(run, score_all(run))

    @property
    def manifest(self) -> Manifest:
        return self.run.manifest

    def strategies(self, task: str) -> list[str]:
        """Names of the systems that answered a task."""
        return [name for owner, name in self.run.planned if owner == task]


def measured(*sides: Side) -> dict[str, list[str]]:
    """Task → names of systems, of all sides together."""
    tasks = dict.fromkeys(task for side in sides for task in side.run.tasks)
    return {
        task: list(dict.fromkeys(name for side in sides for name in side.strategies(task))) for task in tasks
    }


@dataclass(frozen=True, slots=True)
class Past:
    """What is looked at of a run of the history."""

    manifest: Manifest
    timings: dict[Pair, tuple[TimingRow, ...]]


@dataclass(frozen=True)
class Rerun:
    """One system on one task, measured before and after, on the questions that both runs asked."""

    before: Side
    after: Side
    task: str
    strategy: str
    """The system's name."""
    questions: tuple[str, ...]
    """Ids, in the order of the later run."""
    margins: Margins
    history: tuple[Past, ...] = ()
    """Earlier runs of the same model, which show how much times move by themselves."""

    @property
    def pair(self) -> Pair:
        return (self.task, self.strategy)

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.before, self.after

    @property
    def manifests(self) -> tuple[Manifest, Manifest]:
        return self.before.manifest, self.after.manifest

    @property
    def systems(self) -> tuple[System, System]:
        return self.before.run.systems(self.task)[self.strategy], self.system

    @cached_property
    def system(self) -> System:
        return self.after.run.systems(self.task)[self.strategy]

    @property
    def metric(self) -> str:
        return next(iter(self.after.manifest.tasks[self.task].metrics), "")

    @cached_property
    def seeds(self) -> frozenset[int]:
        """Seeds that a fine-tune was trained with in both runs; of base weights none, as no seed shapes them."""
        if not self.system.adapted:
            return frozenset()
        old, new = (set(side.run.answers[self.pair].seed) for side in self.sides)
        return frozenset(old & new)

    def scored(self, side: Side) -> ScoredAnswers:
        """The side's answers to the common questions, those of common seeds where there are any."""
        scored, wanted = side.scores[self.pair], set(self.questions)
        columns = zip(scored.answers.question_id, scored.answers.seed, strict=True)
        places = [
            place
            for place, (name, seed) in enumerate(columns)
            if name in wanted and (not self.seeds or seed in self.seeds)
        ]
        return scored if len(places) == len(scored) else scored.taken(places)

    @cached_property
    def answers(self) -> list[tuple[AnswerRow, AnswerRow]]:
        """Both answers to each common question, seed by seed; fine-tunes of different seeds have none."""
        old, new = (
            {
                (row.question_id, row.seed if self.system.adapted else 0): row
                for row in self.scored(side).answers
            }
            for side in self.sides
        )
        seeds = sorted({seed for _, seed in old} & {seed for _, seed in new})
        return [
            (old[name, seed], new[name, seed])
            for seed in seeds
            for name in self.questions
            if (name, seed) in old and (name, seed) in new
        ]


@dataclass(frozen=True, slots=True)
class Common:
    """What two runs have in common, and the sentences that say what they have not."""

    tasks: dict[str, tuple[tuple[str, ...], tuple[str, ...]]]
    """Task → names of systems and question ids that both have."""
    obstacles: tuple[str, ...]
    """Why they did not measure the same as a whole."""
    added: tuple[str, ...]
    """What the later run has beyond the baseline: no reason against comparing."""


def shared(before: Side, after: Side) -> Common:
    """What both runs measured alike."""
    tasks: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    obstacles: list[str] = []
    old_tasks, new_tasks = before.run.tasks, after.run.tasks
    for task in old_tasks:
        if task not in new_tasks:
            obstacles.append(f"task {task!r} was not run again")
            continue
        scoring = differing(*(inputs.scoring(side.manifest, task) for side in (before, after)))
        if scoring:
            obstacles.append(
                f"task {task!r} is scored differently ({sentences(scoring)}), so it is another version of it"
            )
            continue
        questions, other = _questions(before.run, after.run, task)
        obstacles += [f"task {task!r}: {sentence}" for sentence in other]
        strategies = [name for name in before.strategies(task) if name in after.strategies(task)]
        lost = [name for name in before.strategies(task) if name not in strategies]
        if lost:
            obstacles.append(
                f"task {task!r}: {', '.join(lost)} {'was' if len(lost) == 1 else 'were'} not measured again"
            )
        if questions and strategies:
            tasks[task] = (tuple(strategies), tuple(questions))
    added = [f"task {task!r} is new" for task in new_tasks if task not in old_tasks]
    for task in tasks:
        new = [name for name in after.strategies(task) if name not in before.strategies(task)]
        added += [f"task {task!r}: {', '.join(new)} {'is' if len(new) == 1 else 'are'} new"] if new else []
    return Common(tasks, tuple(obstacles), tuple(added))


def reruns(
    before: Side,
    after: Side,
    common: Common,
    margins: Callable[[str, str], Margins] = lambda *_: Margins(),
    history: Sequence[Past] = (),
) -> Iterator[Rerun]:
    """Each system on each task of what is common. `margins`: those of a task and a system."""
    for task, (strategies, questions) in common.tasks.items():
        for name in strategies:
            yield Rerun(before, after, task, name, questions, margins(task, name), tuple(history))


def check_comparable(common: Common, *, partly: bool) -> None:
    """Raises InputErrors where the runs did not measure the same; `partly`: only where nothing is common."""
    if common.tasks and (partly or not common.obstacles):
        return
    sentences = [*common.obstacles] or ["they have no task in common"]
    rest = "Compare what is common with --common." if common.tasks else "Nothing is common."
    head = "the runs did not measure the same:"
    raise InputErrors([InputError(f"{head}\n" + "\n".join(f"  {s}." for s in sentences) + f"\n{rest}")])


def _questions(before: Evidence, after: Evidence, task: str) -> tuple[list[str], list[str]]:
    """Ids of the questions that both asked alike, and sentences about the others."""
    old, new = before.questions.get(task, {}), after.questions.get(task, {})
    both = [name for name in new if name in old]
    same = [name for name in both if asks(old[name].question) == asks(new[name].question)]
    sentences = []
    alike = set(same)
    for names, total, what in (
        ([name for name in old if name not in new], len(old), "of the baseline were not asked again"),
        ([name for name in new if name not in old], len(new), "are not in the baseline"),
        ([name for name in both if name not in alike], len(new), "have another text or other answers"),
    ):
        if names:
            sentences.append(f"{len(names)} of {counted(total, 'question')} {what} ({listed(names, NAMED)})")
    return same, sentences


def asks(question: Question) -> tuple[object, ...]:
    """What is asked and what is right; where the answer stands may have moved."""
    right = question.answers, question.parts, question.tolerance, question.pattern
    return (question.question, right, question.answerable, question.choices)
