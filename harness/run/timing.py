"""The timing pass: one request at a time, every system answers each question once, in a balanced order.

Nothing is reused: no cached answer, no prefix, no embedding. The clock of a system that retrieves starts
before the query is embedded. Adapters are timed merged, as deployed, and unmerged beside it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.engines.engine import AdapterRef, Clock, Engine
from harness.progress import Progress
from harness.records import Question, TimingRow
from harness.run.folder import RunFolder
from harness.run.plan import sample
from harness.run.prepare import ReadyJob

WARM_UP = 3
"""Answers thrown away before the first block, after the first query of the run (which is reported apart)."""


@dataclass(frozen=True, slots=True)
class TimedForm:
    """One form in which a job is timed: under its adapter, merged or not."""

    ready: ReadyJob
    adapter: AdapterRef | None

    @property
    def merged(self) -> bool:
        return self.adapter is None or self.adapter.merged


def timed_forms(jobs: Sequence[tuple[ReadyJob, AdapterRef | None]]) -> list[TimedForm]:
    """Every job once, and every job under an adapter once more unmerged."""
    deployed = [TimedForm(ready, adapter) for ready, adapter in jobs]
    unmerged = [TimedForm(ready, replace(adapter, merged=False)) for ready, adapter in jobs if adapter]
    return deployed + unmerged


def block_orders(count: int, blocks: int, seed: int) -> list[list[int]]:
    """The order of `count` forms in each block.

    Each run of `count` blocks is a shuffled Latin square: every form stands once in every place.
    """
    rng = random.Random(f"blocks:{seed}")
    orders: list[list[int]] = []
    while len(orders) < blocks:
        first = rng.sample(range(count), count)
        square = [first[turn:] + first[:turn] for turn in range(count)]
        rng.shuffle(square)
        orders += square
    return orders[:blocks]


def timed_questions(questions: tuple[Question, ...], count: int, seed: int) -> tuple[Question, ...]:
    """A seeded sample of the questions that are answered in words (all, where none is)."""
    written = tuple(question for question in questions if not question.choices)
    return sample(written or questions, count, seed)


@dataclass(frozen=True, slots=True)
class TimingPass:
    """What timing needs besides the jobs."""

    engine: Engine
    folder: RunFolder
    progress: Progress
    clock: Clock
    seed: int

    def run(self, task: str, forms: Sequence[TimedForm], count: int) -> None:
        """Time `count` questions in interleaved blocks; what is timed already is left alone."""
        questions = timed_questions(forms[0].ready.questions, count, self.seed)
        done = self.folder.timed()
        orders = block_orders(len(forms), len(questions), self.seed)
        self._warm_up(forms, questions)
        with self.progress.track(f"{task} · latency", len(questions)) as advance:
            for block, (question, order) in enumerate(zip(questions, orders, strict=True)):
                for position, place in enumerate(order):
                    form = forms[place]
                    if (task, form.ready.job.system.id, question.id, form.merged) not in done:
                        self.folder.add_timing(self.measure(form, question, block, position))
                advance(1)

    def _warm_up(self, forms: Sequence[TimedForm], questions: Sequence[Question]) -> None:
        if self.folder.manifest.first_query_s is None:
            row = self.measure(forms[0], questions[0], 0, 0)
            self.folder.update(first_query_s=round(row.e2e_s, 6))
        for turn in range(WARM_UP):
            self.measure(forms[turn % len(forms)], questions[turn % len(questions)], 0, 0)

    def measure(self, form: TimedForm, question: Question, block: int, position: int) -> TimingRow:
        """Answer one question alone, from the question handed over to its last token."""
        ready, clock = form.ready, self.clock
        context, system = ready.context, ready.job.system
        # The gold passages of the control are given, not found: nothing of that belongs on the clock.
        passages = context.gold(question) if system.gold else ()
        self.engine.load(form.adapter)
        start = clock()
        if system.retrieved:
            passages = context.retrieve_one(question.question, system.retrieved.k)
        retrieved = clock()
        prompt = context.prompt(system, question, passages)
        handed = clock()
        timed = self.engine.time(prompt.request, form.adapter, clock)
        return TimingRow(
            task=ready.job.task,
            system=system.id,
            question_id=question.id,
            block=block,
            position=position,
            retrieve_s=retrieved - start if system.retrieved else None,
            ttft_s=handed - start + timed.ttft_s,
            e2e_s=handed - start + timed.e2e_s,
            prompt_tokens=prompt.facts.tokens,
            completion_tokens=timed.completion.completion_tokens,
            merged=form.merged,
        )
