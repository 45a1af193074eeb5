"""Everything that is ready before the first answer: retrieved passages, prompts, and training examples."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

from harness.corpus.examples import ExampleFinders
from harness.corpus.retrievers import Retrievers
from harness.engines.engine import Continuation, Engine, Request, Wanted
from harness.finetune.trainer import DevMetric, Example, Training
from harness.records import Question, Ranked
from harness.run.columns import Prompts
from harness.run.distractors import training_passages
from harness.run.plan import Job, sample
from harness.run.prompts import Nearby, Prompt, TaskPrompts, prompts_of
from harness.scoring.table import METRICS
from harness.spec.context import Contexts, Gold, Nearest, Retrieved, examples_of, passages_of, whole_corpus
from harness.spec.system import LoRA, System
from harness.spec.task import Task

MAKING = threading.RLock()
"""Held where prompts and examples are made: strands of a run share embedder, templates and the code of tasks."""

ROOM_PER_TURN = 100
"""More tokens than a chat template writes around a turn."""


@dataclass
class TaskContext:
    """One task with what is searched for it: makes the context and the prompt of any system for any question."""

    task: Task
    engine: Engine
    retrievers: Retrievers | None
    seed: int
    finders: ExampleFinders | None = None
    corpus: tuple[Ranked, ...] = ()
    """Every document as a passage, where a system shows them all; the last one first, as the best passage is last."""
    _examples: dict[LoRA, tuple[tuple[Example, ...], ...]] = field(default_factory=dict)
    """Recipe → what is trained on and watched."""
    _wanted: dict[Wanted, Wanted] = field(default_factory=dict)
    """What is wanted behind prompts, each once, however many want it."""

    @cached_property
    def prompts_of_task(self) -> TaskPrompts:
        return prompts_of(self.task, self.engine)

    def prompts(self, system: System, questions: Sequence[Question]) -> Prompts:
        """The prompt of each question under a system."""
        with MAKING:
            return self._prompts(system, questions)

    def _prompts(self, system: System, questions: Sequence[Question]) -> Prompts:
        passages, nearest = self._passages(system, questions), self._nearest(system.context, questions)
        made = (self.prompt(system, *asked) for asked in zip(questions, passages, nearest, strict=True))
        keep = self.prompts_of_task.keep
        kept = ((prompt, keep(prompt.request)) for prompt in made)
        return Prompts(questions, kept, partial(self._again, system), self._wanted)

    def _again(
        self,
        system: System,
        question: Question,
        shown: tuple[Ranked, ...],
        nearest: Nearby,
        wanted: Wanted,
        kept: bytes,
    ) -> Request:
        """The request of a prompt that was made before, with the passages that are `shown` of those retrieved."""
        passages = shown or self.corpus_for(system)
        return self.prompts_of_task.again(system.context, question, passages, nearest, wanted, kept)

    def prompt(
        self, system: System, question: Question, passages: tuple[Ranked, ...], nearest: Nearby = ()
    ) -> Prompt:
        return self.prompts_of_task.prompt(system.context, question, passages, nearest, system.form)

    def retrieve_one(self, passages: Retrieved, question: str) -> tuple[Ranked, ...]:
        """Retrieve for one question, as a deployed system would: embed the query, search, nothing reused."""
        assert self.retrievers is not None
        return next(self.retrievers.of(passages).search([question], passages.k))

    def corpus_for(self, system: System) -> tuple[Ranked, ...]:
        """The documents that a system shows with every question."""
        return self.corpus if system.whole_corpus else ()

    def nearest_one(self, nearest: Nearest, question: Question) -> Nearby:
        """Find the examples of one question in the same way."""
        assert self.finders is not None
        return next(self.finders.of(nearest).search([question], nearest.k))

    def gold(self, passages: Gold, question: Question) -> tuple[Ranked, ...]:
        """What a system is given that shows right passages."""
        return self.retrievers.given(passages, question) if self.retrievers else ()

    def _passages(self, system: System, questions: Sequence[Question]) -> list[tuple[Ranked, ...]]:
        """What may be shown with each question; retrieval runs for all of them at once."""
        if system.retrieved:
            return self._found(system.retrieved, questions)
        if system.whole_corpus:
            return [self.corpus] * len(questions)
        if gold := system.gold:
            return [self.gold(gold, question) for question in questions]
        return [()] * len(questions)

    def _nearest(self, contexts: Contexts, questions: Sequence[Question]) -> Sequence[Nearby]:
        """The examples of each question, where each has its own."""
        chosen = examples_of(contexts)
        if not isinstance(chosen, Nearest):
            return [()] * len(questions)
        assert self.finders is not None
        return self.finders.found(chosen, questions)

    def _found(self, passages: Retrieved, questions: Sequence[Question]) -> list[tuple[Ranked, ...]]:
        assert self.retrievers is not None
        return self.retrievers.found(passages, [question.question for question in questions])

    # Training

    def training(self, system: System, seed: int) -> Training:
        """The fine-tune that a system needs, on prompts built as for testing."""
        with MAKING:
            return self._training(system, seed)

    def _training(self, system: System, seed: int) -> Training:
        recipe = system.recipe
        assert recipe is not None
        if recipe not in self._examples:
            train = sample(self.task.train, recipe.max_examples, self.seed)
            made = (self._training_examples(recipe.context, some) for some in (train, self.task.dev))
            self._examples[recipe] = tuple(made)
        examples, dev = self._examples[recipe]
        kept = tuple(example for example in examples if self._readable(example))
        return Training(
            strategy=system.strategy,
            recipe=recipe,
            examples=kept,
            dev=tuple(example for example in dev if self._readable(example)),
            seed=seed,
            metric=_dev_metric(self.task),
            left_out=len(examples) - len(kept),
        )

    def _readable(self, example: Example) -> bool:
        """Whether the model reads an example to its end, the token that ends it included."""
        request, window = example.request, self.engine.window
        if request.whole:
            return True  # is learnt as far as the model reads
        turns = [request.prompt] if isinstance(request.prompt, str) else [m.content for m in request.prompt]
        if sum(len(text.encode()) + ROOM_PER_TURN for text in [*turns, example.reply]) <= window:
            return True  # a token is a byte at least
        learnt = request.continuations or (Continuation(example.reply),)
        return self.engine.inspect(replace(request, continuations=learnt)).longest < window

    def _training_examples(self, contexts: Contexts, questions: Sequence[Question]) -> tuple[Example, ...]:
        retrieved = passages_of(contexts)
        passages: list[tuple[Ranked, ...]] = [()] * len(questions)
        if whole_corpus(contexts):
            passages = [self.corpus] * len(questions)
        elif isinstance(retrieved, Retrieved):
            rng = random.Random(f"gold:{self.seed}")
            assert self.retrievers is not None
            found, gold = self._found(retrieved, questions), self.retrievers.gold
            passages = [
                training_passages(question, some, partial(gold, retrieved, question), retrieved.k, rng)
                for question, some in zip(questions, found, strict=True)
            ]
        example, nearest = self.prompts_of_task.example, self._nearest(contexts, questions)
        return tuple(example(contexts, *shown) for shown in zip(questions, passages, nearest, strict=True))


def _dev_metric(task: Task) -> DevMetric | None:
    """What generated replies to dev questions are scored by; None where options are chosen, or others' code scores."""
    if task.prompts is not None or any(question.choices for question in (*task.train, *task.dev)):
        return None
    first, answer = METRICS[task.spec.metrics[0]], task.own.answer
    return None if first.judges == "options" else DevMetric(first.name, answer.refusal, answer.citations)


@dataclass(frozen=True, slots=True)
class ReadyJob:
    """A job with its questions and prompts, in the same order."""

    job: Job
    context: TaskContext
    questions: tuple[Question, ...]
    prompts: Prompts


def ready(job: Job, context: TaskContext) -> ReadyJob:
    questions = context.task.test
    return ReadyJob(job, context, questions, context.prompts(job.system, questions))


def fact_seen(task: Task, question: Question, seed: int) -> bool | None:
    """Whether a fine-tune on the task saw the question's fact in other words; None where that has no sense."""
    if question.fact_id is None or not task.train or not question.answerable:
        return None
    seen = sample(task.train, task.spec.finetune.max_examples, seed)
    return any(question.fact_id == other.fact_id for other in seen)
