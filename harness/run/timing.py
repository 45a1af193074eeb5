"""The timing pass: one request at a time, every strategy answers each question once, in a balanced order.

Nothing is reused: no cached answer, no prefix, no embedding. The clock of a strategy that retrieves starts
before the query is embedded. Adapters are timed merged, as deployed, and unmerged beside it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.engines.engine import Clock, Engine
from harness.progress import Progress
from harness.records import Question, TimingRow
from harness.run.folder import RunFolder
from harness.run.plan import sample
from harness.run.prepare import ReadyJob
from harness.spec.strategy import Source

WARM_UP = 3
"""Answers thrown away before the first block, after the first query of the run (which is reported apart)."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """One way to answer that is timed: a job under its weights."""

    ready: ReadyJob
    adapter: Path | None
    merged: bool = True


def contestants(jobs: Sequence[tuple[ReadyJob, Path | None]]) -> list[Contestant]:
    """Every job once, and every job under an adapter once more unmerged."""
    merged = [Contestant(ready, adapter) for ready, adapter in jobs]
    return merged + [Contestant(ready, adapter, merged=False) for ready, adapter in jobs if adapter]


def block_orders(count: int, blocks: int, seed: int) -> list[list[int]]:
    """The order of `count` contestants in each block.

    Each run of `count` blocks is a shuffled Latin square: every contestant stands once in every place.
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
    """What timing needs besides the contestants."""

    engine: Engine
    folder: RunFolder
    progress: Progress
    clock: Clock
    seed: int

    def run(self, task: str, racers: Sequence[Contestant], count: int) -> None:
        """Time `count` questions in interleaved blocks; what is timed already is left alone."""
        questions = timed_questions(racers[0].ready.questions, count, self.seed)
        done = self.folder.timed()
        orders = block_orders(len(racers), len(questions), self.seed)
        self._warm_up(racers, questions)
        with self.progress.track(f"{task} · latency", len(questions)) as advance:
            for block, (question, order) in enumerate(zip(questions, orders, strict=True)):
                for position, racer in enumerate(order):
                    contestant = racers[racer]
                    name = contestant.ready.job.name
                    if (task, name, question.id, contestant.merged) not in done:
                        self.folder.add_timing(self.measure(contestant, question, block, position))
                advance(1)

    def _warm_up(self, racers: Sequence[Contestant], questions: Sequence[Question]) -> None:
        if "first_query_s" not in self.folder.manifest:
            row = self.measure(racers[0], questions[0], 0, 0)
            self.folder.update(first_query_s=round(row.e2e_s, 6))
        for turn in range(WARM_UP):
            self.measure(racers[turn % len(racers)], questions[turn % len(questions)], 0, 0)

    def measure(self, contestant: Contestant, question: Question, block: int, position: int) -> TimingRow:
        """Answer one question alone, from the question handed over to its last token."""
        ready, clock = contestant.ready, self.clock
        context, strategy = ready.context, ready.job.strategy
        retrieves = Source.RETRIEVED in strategy.context
        # The gold passages of the control are given, not found: nothing of that belongs on the clock.
        passages = context.gold(question) if Source.GOLD in strategy.context else ()
        self.engine.use(contestant.adapter, merged=contestant.merged)
        start = clock()
        if retrieves:
            passages = context.retrieve_one(question.question)
        retrieved = clock()
        prompt = context.prompt(strategy, question, passages)
        handed = clock()
        if prompt.pairs:
            self.engine.score([prompt.pairs])
            ttft = e2e = clock() - start
            completion = 0
        else:
            timed = self.engine.time(prompt.tokens, context.decoding, clock)
            ttft, e2e = handed - start + timed.ttft_s, handed - start + timed.e2e_s
            completion = timed.generation.completion_tokens
        return TimingRow(
            task=ready.job.task,
            strategy=ready.job.name,
            question_id=question.id,
            block=block,
            position=position,
            retrieve_s=retrieved - start if retrieves else None,
            ttft_s=ttft,
            e2e_s=e2e,
            prompt_tokens=len(prompt.tokens),
            completion_tokens=completion,
            merged=contestant.merged,
        )
