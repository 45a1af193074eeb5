"""One trial: a system asked dev questions, with what that took."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from harness.engines.engine import AdapterRef, is_served
from harness.errors import HarnessError, InputError, TrainingFailed
from harness.finetune.store import load_or_train
from harness.records import AnswerRow, BatchRow, FailureRow, Question, Ranked, TrialRow
from harness.run.answer import AnswerPass
from harness.run.answer_cache import AnswerCache
from harness.run.facts import ModelFacts
from harness.run.fitting import obstacle_of
from harness.run.plan import Job
from harness.run.prepare import ReadyJob, TaskContext
from harness.run.scores import scores_of
from harness.run.spending import price_of, usd
from harness.run.tools import Model, Tools
from harness.run.tuning.messages import ProposalEffort
from harness.run.tuning.words import in_words
from harness.spec.space import MESSAGE, Changes
from harness.spec.system import System


@dataclass(frozen=True, slots=True)
class Candidate:
    """A system that is tried in the place of the `default`, which it is itself where it changes nothing."""

    default: System
    system: System
    changes: Changes = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The name on a progress bar: `rag, retrieval.k 5`."""
        return f"{self.default.name}, {in_words(self.changes) if self.changes else 'as it is'}"


@dataclass(frozen=True, slots=True)
class Stage:
    """`questions`: of dev, what is asked. `examples`: on so many an adapter is trained; None: as the recipe says."""

    number: int
    questions: tuple[Question, ...]
    examples: int | None = None


@dataclass
class TrialEvidence:
    """What a trial is answered, in the place of a run folder: dev questions are no evidence of a comparison."""

    answers: list[AnswerRow] = field(default_factory=list)
    batches: list[BatchRow] = field(default_factory=list)
    failures: list[FailureRow] = field(default_factory=list)

    def settled(self, task: str, system: str, seed: int, repeat: int = 0) -> set[str]:  # noqa: ARG002
        return set()

    def add_answers(self, rows: Sequence[AnswerRow], batches: Sequence[BatchRow]) -> None:
        self.answers += rows
        self.batches += batches

    def add_failure(self, row: FailureRow) -> None:
        self.failures.append(row)

    def add_passages(self, task: str, ranked: Iterable[Ranked]) -> None:
        pass

    def add_repeats(self, rows: Sequence[AnswerRow]) -> None:
        pass


@dataclass(frozen=True)
class Asker:
    """Asks candidates of one task and model."""

    tools: Tools
    model: Model
    facts: ModelFacts
    context: TaskContext
    cache: AnswerCache | None
    seed: int
    proposed: Mapping[str, ProposalEffort] = field(default_factory=dict)
    """System message → what proposing it took."""
    stopped: Callable[[TrialRow], None] = lambda _row: None
    """Told of a trial that a server, or the limit of what may be spent, has stopped."""

    def __call__(self, candidate: Candidate, stage: Stage) -> TrialRow:
        """What came of a trial; a setting that cannot be tried says why."""
        kept = TrialEvidence()
        try:
            row = self._tried(candidate, stage, kept)
        except (InputError, TrainingFailed) as error:
            return replace(self._row(candidate, stage, kept), failed=str(error).rstrip("."))
        except HarnessError:
            if kept.answers:  # they are paid for
                self.stopped(replace(self._row(candidate, stage, kept), unfinished=True))
            raise
        return row

    def _tried(self, candidate: Candidate, stage: Stage, kept: TrialEvidence) -> TrialRow:
        system = _shorter(candidate.system, stage.examples)
        system = replace(system, name=candidate.label)
        job = Job(self.context.task.name, system, self.seed)
        ready = ReadyJob(job, self.context, stage.questions, self.context.prompts(system, stage.questions))
        row = self._row(candidate, stage, kept)
        if why := obstacle_of(ready):
            return replace(row, failed=why.why)
        adapter, train_s = self._adapter(job)
        tools = self.tools
        AnswerPass(self.model.engine, kept, self.cache, tools.progress, tools.clock, tools.executor).run(
            ready, adapter
        )
        row = self._row(candidate, stage, kept)
        row = replace(row, train_s=train_s, index_s=self._index_s(candidate))
        proposed = self.proposed.get(str(candidate.changes.get(MESSAGE)))
        if proposed is None or stage.number:
            return row
        return replace(row, propose_s=proposed.seconds, propose_usd=proposed.usd)

    def _adapter(self, job: Job) -> tuple[AdapterRef | None, float]:
        """The adapter that a job answers with, and the seconds that training it takes."""
        if job.adapter is None:
            return job.served, 0.0
        assert self.model.trainer is not None  # else the plan has no such system
        training = self.context.training(job.system, job.seed)
        adapter = load_or_train(self.model.trainer, training, self.tools.cache, self.tools.progress)
        return adapter.ref, adapter.record.seconds

    def _index_s(self, candidate: Candidate) -> float:
        """The seconds of an index that only this setting needs."""
        own, default = (self._index_of(one) for one in (candidate.system, candidate.default))
        return own[1] if own and own != default else 0.0

    def _index_of(self, system: System) -> tuple[str, float] | None:
        if not system.passages:
            return None
        assert self.context.retrievers is not None
        info = self.context.retrievers.of(system.passages).info
        return info.sha256, info.seconds

    def _row(self, candidate: Candidate, stage: Stage, kept: TrialEvidence) -> TrialRow:
        task = self.context.task
        asked = {question.id: question for question in stage.questions}
        scored = {
            row.question_id: scores_of(row, asked[row.question_id], task.spec).get(task.spec.metrics[0])
            for row in kept.answers
        }
        return TrialRow(
            task=task.name,
            system=candidate.default.id,
            candidate=candidate.system.id,
            settings=dict(candidate.changes),
            stage=stage.number,
            questions=len(stage.questions),
            scores={name: score for name, score in scored.items() if score is not None},
            seconds=math.fsum(row.machine_s for row in kept.batches),
            train_s=0.0,
            index_s=0.0,
            prompt_tokens=sum(row.prompt_tokens for row in kept.answers),
            completion_tokens=sum(row.completion_tokens for row in kept.answers),
            cached=sum(row.cached for row in kept.answers),
            usd=self._usd(candidate, kept),
            examples=stage.examples,
        )

    def _usd(self, candidate: Candidate, kept: TrialEvidence) -> float | None:
        price = price_of(self.facts, adapted=candidate.system.adapted)
        if price is None or not is_served(self.model.engine):
            return None
        return math.fsum(
            row.attempts * usd(price, row.prompt_tokens, row.completion_tokens, row.cached_tokens or 0)
            for row in kept.answers
            if not row.cached
        )


Ask = Callable[[Candidate, Stage], TrialRow]


def _shorter(system: System, examples: int | None) -> System:
    """The system trained on fewer examples."""
    if examples is None or system.recipe is None:
        return system
    return replace(system, adapter=replace(system.recipe, max_examples=examples))
