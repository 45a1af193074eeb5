"""Everything that is ready before the first answer: retrieved passages, prompts, and training examples."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from harness.corpus.retriever import Retriever
from harness.engines.chat import Chat
from harness.finetune.packing import Example
from harness.finetune.recipe import Recipe
from harness.finetune.store import Job as Training
from harness.records import Decoding, Prompt, Question, Ranked
from harness.run.plan import AdapterNeed, Job, sample
from harness.run.wording import Wording, wording_of
from harness.spec.strategy import Source, Strategy
from harness.spec.task import Task

RECORDED = 10
"""How many passages are recorded a question: enough for recall@10, whatever k the prompt uses."""

GOLD_SHARE = 0.8
"""Training prompts of lora+rag whose gold passage was missed get it put in, in this share of the cases;
the rest teach the model that retrieval can fail (RAFT, arXiv 2403.10131)."""


@dataclass
class TaskContext:
    """One task with its retriever: makes the context and the prompt of any strategy for any question."""

    task: Task
    chat: Chat
    retriever: Retriever | None
    seed: int
    _retrieved: dict[str, tuple[Ranked, ...]] = field(default_factory=dict)

    @cached_property
    def wording(self) -> Wording:
        return wording_of(self.task, self.chat, self.seed)

    @property
    def decoding(self) -> Decoding:
        return self.wording.decoding

    def prompts(self, strategy: Strategy, questions: Sequence[Question]) -> list[Prompt]:
        """The prompt of each question under a strategy; retrieval runs for all of them at once."""
        if Source.RETRIEVED in strategy.context:
            self._retrieve(questions)
        return [self.prompt(strategy, question, self._passages(strategy, question)) for question in questions]

    def prompt(self, strategy: Strategy, question: Question, passages: tuple[Ranked, ...]) -> Prompt:
        return self.wording.prompt(strategy, question, passages)

    def retrieve_one(self, question: str) -> tuple[Ranked, ...]:
        """Retrieve for one question, as a deployed system would: embed the query, search, nothing reused."""
        assert self.retriever is not None
        return self.retriever.search_one(question, self.task.spec.retrieval.k)

    def gold(self, question: Question) -> tuple[Ranked, ...]:
        """The passages of the gold documents, those that hold an answer first, then by similarity."""
        if self.retriever is None or not question.gold_docs:
            return ()
        (ranked,) = self.retriever.gold([question.question], [question.gold_docs], 1000)
        answers = [answer.casefold() for answer in question.answers]
        return tuple(
            sorted(ranked, key=lambda item: not any(a in item.passage.text.casefold() for a in answers))
        )

    def _passages(self, strategy: Strategy, question: Question) -> tuple[Ranked, ...]:
        if Source.GOLD in strategy.context:
            return self.gold(question)[:RECORDED]
        if Source.RETRIEVED in strategy.context:
            return self._retrieved[question.question]
        return ()

    def _retrieve(self, questions: Sequence[Question]) -> None:
        assert self.retriever is not None
        new = list(dict.fromkeys(q.question for q in questions if q.question not in self._retrieved))
        if new:
            self._retrieved |= zip(new, self.retriever.search(new, RECORDED), strict=True)

    # Training

    def training(self, need: AdapterNeed) -> Training:
        """The fine-tune that `need` asks for, on prompts built as for testing."""
        spec = self.task.spec.finetune
        return Training(
            task=self.task.spec.name,
            strategy=need.strategy.name,
            examples=self._training_examples(need.strategy, trained_on(self.task, self.seed)),
            dev=self._training_examples(need.strategy, self.task.dev),
            recipe=Recipe(
                rank=spec.rank,
                learning_rate=spec.learning_rate,
                batch_size=spec.batch_size,
                max_epochs=spec.max_epochs,
                min_epochs=spec.min_epochs,
                patience=spec.patience,
            ),
            seed=need.seed,
        )

    def _training_examples(self, strategy: Strategy, questions: Sequence[Question]) -> tuple[Example, ...]:
        retrieves = Source.RETRIEVED in strategy.context
        if retrieves:
            self._retrieve(questions)
        rng = random.Random(f"gold:{self.seed}")
        return tuple(
            self.wording.example(strategy, question, self._with_gold(question, rng) if retrieves else ())
            for question in questions
        )

    def _with_gold(self, question: Question, rng: random.Random) -> tuple[Ranked, ...]:
        """What retrieval found, with the gold passage in a random place where it was missed (mostly)."""
        shown = list(self._retrieved[question.question][: self.task.spec.retrieval.k])
        place, put_in = rng.randrange(max(1, len(shown))), rng.random() < GOLD_SHARE
        missed = question.gold_docs and not any(r.passage.doc_id in question.gold_docs for r in shown)
        gold = self.gold(question)[:1] if missed and put_in else ()
        if gold:
            shown[place : place + 1] = gold
        return tuple(shown)


@dataclass(frozen=True, slots=True)
class ReadyJob:
    """A job with its questions and prompts, in the same order."""

    job: Job
    context: TaskContext
    questions: tuple[Question, ...]
    prompts: tuple[Prompt, ...]


def ready(job: Job, context: TaskContext) -> ReadyJob:
    questions = context.task.test
    return ReadyJob(job, context, questions, tuple(context.prompts(job.strategy, questions)))


def trained_on(task: Task, seed: int) -> tuple[Question, ...]:
    """The training questions that fine-tunes of the task see."""
    return sample(task.train, task.spec.finetune.max_examples, seed)


def fact_seen(task: Task, question: Question, seed: int) -> bool | None:
    """Whether a fine-tune on the task saw the question's fact in other words; None where that has no sense."""
    if question.fact_id is None or not task.train or not question.answerable:
        return None
    return any(question.fact_id == seen.fact_id for seen in trained_on(task, seed))
