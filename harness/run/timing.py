"""The timing pass: one request at a time, every system answers each question once, in a balanced order.

Where the models of a run do not fit into memory together, blocks run A B B A: each model answers half of the
questions, then, in the opposite order, the other half, so that a steady drift of the machine falls on all alike.
Nothing is reused: no cached answer, no prefix, no embedding. The clock of a system that looks for passages or examples
starts before the query is embedded. Adapters are timed merged, as deployed, and unmerged beside it.

A server keeps what it read: it is timed cold, for a prompt made unique at its very front, and then warm, for the same
prompt again. A timing that fails is left out and kept as a failure; no timed request is sent twice.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from harness.engines.engine import AdapterRef, Clock, Engine, Request, is_served
from harness.errors import NoAnswer
from harness.files import sha256_text
from harness.progress import Progress
from harness.records import Question, TimingRow
from harness.run.ask import Streak, failure
from harness.run.folder import RunFolder
from harness.run.plan import sample
from harness.run.prepare import ReadyJob
from harness.spec.system import ModelRef

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

    @property
    def model(self) -> ModelRef:
        return self.ready.job.system.model


def timed_forms(jobs: Sequence[tuple[ReadyJob, AdapterRef | None]]) -> list[TimedForm]:
    """Every job once, and every job under an adapter that is here once more unmerged."""
    deployed = [TimedForm(ready, adapter) for ready, adapter in jobs]
    unmerged = [
        TimedForm(ready, replace(adapter, merged=False))
        for ready, adapter in jobs
        if adapter and adapter.served is None
    ]
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
class Place:
    """The place of an answer in the order of a task's timings: a form, a question, and its block and position."""

    form: TimedForm
    question: Question
    block: int
    position: int

    @property
    def key(self) -> tuple[str, str, str, bool]:
        """As `RunFolder.timed` names it."""
        job = self.form.ready.job
        return (job.task, job.system.id, self.question.id, self.form.merged)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Answers that are timed with the same models in memory."""

    forms: tuple[TimedForm, ...]
    questions: tuple[Question, ...]
    places: tuple[Place, ...]


def interleaved(forms: Sequence[TimedForm], questions: Sequence[Question], seed: int) -> list[Place]:
    """Every form answers each question in turn: one block per question."""
    orders = block_orders(len(forms), len(questions), seed)
    return [
        Place(forms[at], question, block, position)
        for block, (question, order) in enumerate(zip(questions, orders, strict=True))
        for position, at in enumerate(order)
    ]


def in_stretches(forms: Sequence[TimedForm], questions: tuple[Question, ...], seed: int) -> list[Stretch]:
    """A B B A: in the first block each model answers half of the questions, one model after the other; in the second,
    in the opposite order, the other half. Forms of a model are interleaved. Positions count through a block.
    """
    by_model: dict[ModelRef, list[TimedForm]] = {}
    for form in forms:
        by_model.setdefault(form.model, []).append(form)
    half = (len(questions) + 1) // 2
    groups = list(by_model.values())
    stretches = []
    for block, (part, order) in enumerate(((questions[:half], groups), (questions[half:], groups[::-1]))):
        position = 0
        for group in order if part else ():
            places = interleaved(group, part, seed + block)
            numbered = tuple(
                replace(place, block=block, position=at) for at, place in enumerate(places, position)
            )
            stretches.append(Stretch(tuple(group), part, numbered))
            position += len(places)
    return stretches


@dataclass(frozen=True, slots=True)
class TimedRequest:
    """A request that is ready to be timed.

    `before_s`: what making it took, `retrieve_s` of it finding passages or examples.
    """

    question: Question
    request: Request
    prompt_tokens: int
    retrieve_s: float | None
    before_s: float


@dataclass(frozen=True, slots=True)
class TimingPass:
    """What timing needs besides the jobs. `apart`: engines that cannot be in memory together; none: all can."""

    folder: RunFolder
    progress: Progress
    clock: Clock
    seed: int
    apart: tuple[Engine, ...] = ()
    streak: Streak = field(default_factory=lambda: Streak("a server"))

    def run(self, task: str, forms: Sequence[TimedForm], count: int) -> None:
        """Time `count` questions; what is timed already is left alone."""
        questions = timed_questions(forms[0].ready.questions, count, self.seed)
        stretches = (
            in_stretches(forms, questions, self.seed)
            if self.apart
            else [Stretch(tuple(forms), questions, tuple(interleaved(forms, questions, self.seed)))]
        )
        with self.progress.track(f"{task} · latency", sum(len(row.places) for row in stretches)) as advance:
            for stretch in stretches:
                self._measure_all(stretch, advance)

    def _measure_all(self, stretch: Stretch, advance: Callable[[int], None]) -> None:
        """Measure a stretch. Models that have no part in it let go of their weights where memory is short."""
        done = self.folder.timed()
        todo = [place for place in stretch.places if place.key not in done]
        advance(len(stretch.places) - len(todo))
        if not todo:
            return
        taking_part = [form.ready.context.engine for form in stretch.forms]
        for engine in self.apart:
            if not any(engine is other for other in taking_part):
                engine.release()
        self._warm_up(stretch.forms, stretch.questions)
        for place in todo:
            self._measure(place)
            advance(1)

    def _measure(self, place: Place) -> None:
        """Keep the times of one answer, or why there are none. Raises ModelUnavailable where a server is gone."""
        form, job = place.form, place.form.ready.job
        if not is_served(form.ready.context.engine):
            self.folder.add_timings([self.measure(form, place.question, place.block, place.position)])
            return
        front = sha256_text(f"{self.folder.manifest.run_id}:{job.task}:{job.system.id}:{place.question.id}")[
            :16
        ]
        try:
            timed = self._prepare(form, place.question, front)
            rows = [self._answer(form, timed, place.block, place.position, warm) for warm in (False, True)]
        except NoAnswer as error:
            reason = failure(error)
            self.folder.add_failure(reason.row(form.ready, place.question, timed=True))
            self.streak.failed(reason)
        else:
            self.folder.add_timings(rows)
            self.streak.answered()

    def _warm_up(self, forms: Sequence[TimedForm], questions: Sequence[Question]) -> None:
        """Let each model answer its first query, which is kept apart, and some more that are thrown away."""
        for model in dict.fromkeys(form.model for form in forms):
            own = [form for form in forms if form.model == model]
            if self.folder.manifest.model_of(own[0].ready.job.system).first_query_s is None:
                row = self._thrown_away(own[0], questions[0], "first")
                if row:
                    self.folder.update_model(own[0].ready.job.system, first_query_s=round(row.e2e_s, 6))
            for turn in range(WARM_UP):
                self._thrown_away(own[turn % len(own)], questions[turn % len(questions)], f"warm-up {turn}")

    def _thrown_away(self, form: TimedForm, question: Question, front: str) -> TimingRow | None:
        """An answer that only warms up; None where a server did not give it. No timed prompt begins like it."""
        try:
            return self._answer(
                form, self._prepare(form, question, f"{self.folder.manifest.run_id} {front}"), 0, 0
            )
        except NoAnswer:
            return None

    def measure(self, form: TimedForm, question: Question, block: int, position: int) -> TimingRow:
        """Answer one question alone, from the question handed over to its last token."""
        return self._answer(form, self._prepare(form, question), block, position)

    def _prepare(self, form: TimedForm, question: Question, front: str | None = None) -> TimedRequest:
        """Get everything ready that a system does before its model is asked. `front`: as `Request.unique`."""
        ready, clock = form.ready, self.clock
        context, system = ready.context, ready.job.system
        # The gold passages of the control are given, not found: nothing of that belongs on the clock.
        passages = context.gold(system.gold, question) if system.gold else context.corpus_for(system)
        context.engine.load(form.adapter)
        start = clock()
        if system.retrieved:
            passages = context.retrieve_one(system.retrieved, question.question)
        nearest = context.nearest_one(system.nearest, question) if system.nearest else ()
        retrieved = clock()
        prompt = context.prompt(system, question, passages, nearest)
        before_s = clock() - start
        request = replace(prompt.request, unique=front) if is_served(context.engine) else prompt.request
        retrieve_s = retrieved - start if system.searches else None
        return TimedRequest(question, request, prompt.facts.tokens, retrieve_s, before_s)

    def _answer(
        self, form: TimedForm, asked: TimedRequest, block: int, position: int, warm: bool = False
    ) -> TimingRow:
        ready = form.ready
        timed = ready.context.engine.time(asked.request, form.adapter, self.clock)
        completion, usage = timed.completion, timed.completion.usage
        return TimingRow(
            task=ready.job.task,
            system=ready.job.system.id,
            question_id=asked.question.id,
            block=block,
            position=position,
            retrieve_s=asked.retrieve_s,
            ttft_s=asked.before_s + timed.ttft_s,
            e2e_s=asked.before_s + timed.e2e_s,
            prompt_tokens=usage.prompt_tokens if usage else asked.prompt_tokens,
            completion_tokens=completion.completion_tokens,
            merged=form.merged,
            warm=warm,
            cached_tokens=usage.cached_tokens if usage else None,
            reasoning_tokens=completion.reasoning_tokens,
        )
