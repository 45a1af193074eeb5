"""The answer pass: cached, and written down as soon as something is answered.

A local model answers batches, sorted by length. A server is asked single questions, several at once
(`Engine.concurrency`), and what it does not answer is kept as missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Protocol

from harness.engines.engine import AdapterRef, Clock, Completion, Engine, is_served
from harness.progress import Progress
from harness.records import AnswerRow, BatchRow, FailureRow, Ranked
from harness.run.answer_cache import AnswerCache, answer_key
from harness.run.answer_rows import answer_row, batch_row
from harness.run.ask import Failure, Streak, ask
from harness.run.batches import Answers, Batch, plan_batches
from harness.run.executor import Executor, InProcess, Work
from harness.run.plan import Job
from harness.run.prepare import MAKING, ReadyJob
from harness.run.prompts import Prompt
from harness.run.threads import as_they_come


class Kept(Protocol):
    """Where answers are written: the run folder, or a trial's memory."""

    def settled(self, task: str, system: str, seed: int, repeat: int = 0) -> set[str]: ...
    def add_answers(self, rows: Sequence[AnswerRow], batches: Sequence[BatchRow]) -> None: ...
    def add_repeats(self, rows: Sequence[AnswerRow]) -> None: ...
    def add_failure(self, row: FailureRow) -> None: ...
    def add_passages(self, task: str, ranked: Iterable[Ranked]) -> None: ...


@dataclass(frozen=True)
class AnswerPass:
    """What answering a job needs besides the job."""

    engine: Engine
    folder: Kept
    cache: AnswerCache | None
    progress: Progress
    clock: Clock
    executor: Executor = field(default_factory=InProcess)
    asks_anew: bool = False
    """Whether a server is asked whatever the cache holds, since how much its answers vary is to be measured."""
    held: Callable[[Job], AdapterRef | None] = lambda job: job.served
    """The adapter that answers a job, if it is there before the run trains any; else None."""

    def key(self, prompt: Prompt, adapter: AdapterRef | None) -> str:
        """What the answer to a prompt is called in the cache."""
        return answer_key(self.engine.identity, adapter, prompt.wanted, prompt.facts.sha256)

    def keys(self, ready: ReadyJob, adapter: AdapterRef | None) -> list[str]:
        identity, prompts = self.engine.identity, ready.prompts
        return [
            answer_key(identity, adapter, wanted, prompts.sha256(place))
            for place, wanted in enumerate(prompts.wanted)
        ]

    def known_answers(self, ready: ReadyJob) -> dict[int, Completion]:
        """The answers of a job that are in the cache, by place; none of an adapter that is still to be trained."""
        adapter = self.held(ready.job)
        if ready.job.adapter and adapter is None:
            return {}
        keys = self.keys(ready, adapter)
        cached = self._cached(ready, keys)
        return {place: cached[key] for place, key in enumerate(keys) if key in cached}

    def _cached(self, ready: ReadyJob, keys: Sequence[str]) -> dict[str, Completion]:
        return self.cache.get(dict(zip(keys, ready.prompts.wanted, strict=True))) if self.cache else {}

    def run(self, ready: ReadyJob, adapter: AdapterRef | None, repeat: int = 0) -> None:
        """Answer what is not answered yet. Weights are loaded only if something must be computed.

        `repeat`: which time a server is asked again; nothing of that comes from the cache. Raises ModelUnavailable
        where a server answers nothing any more.
        """
        job = ready.job
        done = self.folder.settled(job.task, job.system.id, job.seed, repeat)
        places = {place for place, question in enumerate(ready.questions) if question.id not in done}
        again = f" · time {repeat + 1}" if repeat else ""
        with self.progress.track(f"{job.task} · {job.system.name}{again}", len(ready.questions)) as advance:
            if is_served(self.engine):
                self._ask_server(ready, adapter, places, advance, repeat)
            else:
                self._compute(ready, adapter, places, advance)

    # A local model: batches

    def _compute(
        self, ready: ReadyJob, adapter: AdapterRef | None, places: set[int], advance: Callable[[int], None]
    ) -> None:
        """Compute each batch with an answer that is wanted, unless the cache has all of these.

        A batch that is half answered is computed again in full, since padding and batch size change last bits.
        """
        if not (todo := self._not_cached(ready, adapter, places, advance)):
            return
        work = Work(self.engine, adapter, ready.prompts.request, ready.prompts.bounds(), self.clock)
        for ready_now in self.executor.map(work, todo):
            for place, failure in (item for answers in ready_now for item in answers.failures.items()):
                if place in places:
                    self.folder.add_failure(failure.row(ready, ready.questions[place]))
            kept = [
                (answers, {place: done for place, done in answers.completions.items() if place in places})
                for answers in ready_now
            ]
            self._keep(ready, kept, adapter)
            advance(sum(len(answers.batch.places) for answers in ready_now))

    def _not_cached(
        self, ready: ReadyJob, adapter: AdapterRef | None, places: set[int], advance: Callable[[int], None]
    ) -> list[Batch]:
        """The batches that must be computed; what the others are wanted for is taken from the cache and kept."""
        with MAKING:  # job by job, so that workers soon have the batches of the first
            keys = self.keys(ready, adapter)
            cached = self._cached(ready, keys)
            batches = plan_batches(ready.prompts.wanted, ready.prompts.tokens)
        todo: list[Batch] = []
        for batch in batches:
            wanted = [place for place in batch.places if place in places]
            if wanted and not all(keys[place] in cached for place in wanted):
                todo.append(batch)
                continue
            if wanted:
                known = Answers(batch, {place: cached[keys[place]] for place in wanted}, None)
                self._keep(ready, [(known, known.completions)], adapter)
            advance(len(batch.places))
        return todo

    # A server: single questions

    def _ask_server(
        self,
        ready: ReadyJob,
        adapter: AdapterRef | None,
        places: set[int],
        advance: Callable[[int], None],
        repeat: int,
    ) -> None:
        """Ask in the order of the questions; each answer, and each failure, is on disk before the next is taken in.

        The time of an answer is what passed since the one before was taken in, shared by those that were ready
        together: their sum is the time of the pass.
        """
        streak = Streak(self.engine.identity.name)
        todo = [Batch(place, (place,)) for place in sorted(places)]
        advance(len(ready.questions) - len(todo))
        fresh = replace(self, cache=None) if repeat or self.asks_anew else self
        work = fresh._question(ready, adapter)
        since = self.clock()
        with closing(as_they_come(work, todo, self.engine.concurrency)) as answered:
            for ready_now in answered:
                self.executor.check()
                lost = [item for answers in ready_now for item in answers.failures.items()]
                for place, failure in lost:
                    self.folder.add_failure(failure.row(ready, ready.questions[place], repeat=repeat))
                if had := [answers for answers in ready_now if answers.completions]:
                    taken, since = self.clock() - since, self.clock()
                    timed = _sharing(had, taken, self._machines)
                    self._keep(ready, [(answers, answers.completions) for answers in timed], adapter, repeat)
                    streak.answered()
                for _, failure in lost:
                    streak.failed(failure)
                advance(len(ready_now))

    @property
    def _machines(self) -> int:
        """On how many machines the model answers now."""
        facts = self.engine.facts()
        return facts.machines if facts else 1

    def _question(self, ready: ReadyJob, adapter: AdapterRef | None) -> Callable[[Batch], Answers]:
        """The unit of work: a question → its answer, from the cache where it is there, or why it has none."""
        own = frozenset(keys := self.keys(ready, adapter))
        cached = self._cached(ready, keys)

        def known(prompt: Prompt) -> Completion | None:
            key = self.key(prompt, adapter)
            if self.cache is None or key in own:
                return cached.get(key)
            return self.cache.get({key: prompt.wanted}).get(key)  # it was shortened

        def work(batch: Batch) -> Answers:
            (place,) = batch.places
            computed = False

            def complete(prompt: Prompt) -> Completion:
                nonlocal computed
                found = known(prompt)
                computed = found is None
                return found or self.engine.complete([prompt.request], adapter)[0]

            prompt, outcome = ask(ready, place, complete)
            if isinstance(outcome, Failure):
                return Answers(batch, {}, None, failures={place: outcome})
            # How long it took is for the one to say who takes it in.
            return Answers(batch, {place: outcome}, 0.0 if computed else None, prompts={place: prompt})

        return work

    def _keep(
        self,
        ready: ReadyJob,
        batches: Sequence[tuple[Answers, dict[int, Completion]]],
        adapter: AdapterRef | None,
        repeat: int = 0,
    ) -> None:
        """Keep what batches gave, in the cache and in the folder: of each, the completions beside it."""
        fresh: dict[str, Completion] = {}
        rows: list[AnswerRow] = []
        for answers, kept in batches:
            cached = answers.wall_s is None
            for place, completion in kept.items():
                prompt = answers.prompts.get(place) or ready.prompts[place]
                if not cached:
                    fresh[self.key(prompt, adapter)] = completion
                self.folder.add_passages(ready.job.task, prompt.retrieved)
                batch, sha256 = answers.batch.number, adapter.sha256 if adapter else None
                with MAKING:  # tasks of lm-eval's score answers by code of their own
                    row = answer_row(
                        ready,
                        place,
                        prompt,
                        completion,
                        batch=batch,
                        cached=cached,
                        adapter=sha256,
                        repeat=repeat,
                    )
                rows.append(row)
        if self.cache and fresh and not repeat:
            self.cache.put(fresh)
        if repeat:
            self.folder.add_repeats(rows)
        else:
            timed = (batch_row(ready, answers) for answers, _ in batches)
            self.folder.add_answers(rows, [row for row in timed if row])


def _sharing(batches: Sequence[Answers], taken: float, machines: int) -> list[Answers]:
    """Batches that were ready together, with the time since those before; what was in the cache took none."""
    computed = sum(answers.wall_s is not None for answers in batches)
    return [
        answers if answers.wall_s is None else replace(answers, wall_s=taken / computed, machines=machines)
        for answers in batches
    ]
