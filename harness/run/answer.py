"""The answer pass: batched, sorted by length, cached, and written down as soon as a batch is done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from harness.engines.engine import AdapterRef, Clock, Completion, Engine
from harness.progress import Progress
from harness.records import AnswerRow, BatchRow, Question, RankedDoc
from harness.run.answer_cache import AnswerCache, answer_key
from harness.run.folder import RunFolder
from harness.run.prepare import ReadyJob
from harness.run.prompts import Prompt

BATCH_ROWS = 16
BATCH_TOKENS = 8192
"""Tokens whose keys and values a batch holds (0.4 GB for the default model): what bounds the peak memory."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Places of a job's questions that are answered together."""

    number: int
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """What a batch gave, by place. `wall_s`: what computing it took; None where all came from the cache."""

    batch: Batch
    completions: dict[int, Completion]
    wall_s: float | None


Executor = Callable[[Callable[[Batch], Answers], Iterable[Batch]], Iterator[Answers]]
"""Maps the unit of work over batches and yields what came of each, in their order: `map`, in this process.

Work has no side effect that another unit sees, so that it may run anywhere and twice.
"""


def plan_batches(prompts: Sequence[Prompt]) -> list[Batch]:
    """Split a job's prompts into batches of similar length, longest first; apart where they are asked in other ways.

    The split depends on the prompts alone, not on what is cached or answered already, so that a resumed run computes
    each answer in the same batch as an unbroken one.
    """

    def kind(place: int) -> tuple[bool, str]:
        """What a batch has in common: whether it is scored or written, and how it is decoded."""
        request = prompts[place].request
        return request.scored, repr(request.decoding)

    batches: list[list[int]] = []
    for place in sorted(range(len(prompts)), key=lambda at: (kind(at), -prompts[at].facts.tokens, at)):
        last = batches[-1] if batches else []
        if (
            not last
            or len(last) == BATCH_ROWS
            or (len(last) + 1) * prompts[last[0]].facts.tokens > BATCH_TOKENS
            or kind(place) != kind(last[0])
        ):
            batches.append([place])
        else:
            last.append(place)
    return [Batch(number, tuple(places)) for number, places in enumerate(batches)]


@dataclass(frozen=True)
class AnswerPass:
    """What answering a job needs besides the job."""

    engine: Engine
    folder: RunFolder
    cache: AnswerCache | None
    progress: Progress
    clock: Clock
    executor: Executor = map

    def keys(self, ready: ReadyJob, adapter: AdapterRef | None) -> list[str]:
        identity = self.engine.identity
        sha256 = adapter.sha256 if adapter else None
        return [answer_key(identity, sha256, prompt) for prompt in ready.prompts]

    def known(self, ready: ReadyJob) -> int:
        """How many of a job's answers, given without an adapter, are in the cache."""
        return len(self._cached(ready, self.keys(ready, None)))

    def _cached(self, ready: ReadyJob, keys: Sequence[str]) -> dict[str, Completion]:
        requests = {key: prompt.request for key, prompt in zip(keys, ready.prompts, strict=True)}
        return self.cache.get(requests) if self.cache else {}

    def run(self, ready: ReadyJob, adapter: AdapterRef | None) -> None:
        """Answer what is not answered yet. Weights are loaded only if something must be computed."""
        job = ready.job
        done = self.folder.answered().get((job.task, job.system.id, job.seed), {})
        batches = plan_batches(ready.prompts)
        open_places = {
            batch.number: [place for place in batch.places if ready.questions[place].id not in done]
            for batch in batches
        }
        todo = [batch for batch in batches if open_places[batch.number]]
        keys = self.keys(ready, adapter)
        answered = self.executor(self._work(ready, adapter, keys, open_places), todo)
        with self.progress.track(f"{job.task} · {job.system.name}", len(ready.questions)) as advance:
            advance(sum(len(batch.places) for batch in batches if not open_places[batch.number]))
            for answers in answered:
                # Of a half-answered batch only what was lacking.
                kept = {place: answers.completions[place] for place in open_places[answers.batch.number]}
                if self.cache and answers.wall_s is not None:
                    self.cache.put({keys[place]: completion for place, completion in kept.items()})
                self._write(ready, answers, kept, adapter)
                advance(len(answers.batch.places))

    def _work(
        self,
        ready: ReadyJob,
        adapter: AdapterRef | None,
        keys: Sequence[str],
        open_places: dict[int, list[int]],
    ) -> Callable[[Batch], Answers]:
        """The unit of work: a batch → its answers, from the cache where all that are wanted are there.

        A batch that is half answered is computed again in full, since padding and batch size change last bits.
        """
        cached = self._cached(ready, keys)
        job = [prompt.request for prompt in ready.prompts]

        def work(batch: Batch) -> Answers:
            wanted = open_places[batch.number]
            if all(keys[place] in cached for place in wanted):
                return Answers(batch, {place: cached[keys[place]] for place in wanted}, None)
            start = self.clock()
            completions = self.engine.complete([job[place] for place in batch.places], adapter, job=job)
            return Answers(batch, dict(zip(batch.places, completions, strict=True)), self.clock() - start)

        return work

    def _write(
        self, ready: ReadyJob, answers: Answers, kept: dict[int, Completion], adapter: AdapterRef | None
    ) -> None:
        """Keep what a batch gave in the folder."""
        for place in kept:
            self.folder.add_passages(ready.job.task, ready.prompts[place].retrieved)
        sha256 = adapter.sha256 if adapter else None
        number, cached = answers.batch.number, answers.wall_s is None
        rows = [
            answer_row(ready, place, completion, number, cached, sha256) for place, completion in kept.items()
        ]
        self.folder.add_answers(rows, _batch_row(ready, answers))


def picked(question: Question, completion: Completion) -> Completion:
    """The answer of a question whose choices were scored: the likeliest of them."""
    if completion.finish_reason != "choice" or not question.choices:
        return completion
    logprobs = completion.choice_logprobs or ()
    best = max(range(len(question.choices)), key=logprobs.__getitem__)
    return replace(completion, text=question.choices[best])


def _batch_row(ready: ReadyJob, answers: Answers) -> BatchRow | None:
    """The line of evidence of a batch; None where nothing was computed."""
    if answers.wall_s is None:
        return None
    return BatchRow(
        task=ready.job.task,
        system=ready.job.system.id,
        seed=ready.job.seed,
        batch=answers.batch.number,
        questions=len(answers.completions),
        completion_tokens=sum(completion.completion_tokens for completion in answers.completions.values()),
        wall_s=answers.wall_s,
    )


def answer_row(
    ready: ReadyJob, place: int, completion: Completion, batch: int, cached: bool, adapter: str | None
) -> AnswerRow:
    """The line of evidence of one answer. Of what was scored, the log-likelihoods of the choices are kept."""
    prompt, question = ready.prompts[place], ready.questions[place]
    completion = picked(question, completion)
    logprobs = completion.choice_logprobs
    return AnswerRow(
        task=ready.job.task,
        system=ready.job.system.id,
        question_id=question.id,
        seed=ready.job.seed,
        prediction=completion.text,
        choice_logprobs=logprobs and (logprobs[: len(question.choices)] or logprobs),
        prompt_tokens=prompt.facts.tokens,
        completion_tokens=completion.completion_tokens,
        finish_reason=completion.finish_reason,
        retrieved=tuple(
            RankedDoc(ranked.passage.doc_id, ranked.passage.chunk_id, ranked.score)
            for ranked in prompt.retrieved
        ),
        shown_passages=prompt.shown,
        dropped_passages=prompt.dropped,
        prompt_sha256=prompt.facts.sha256,
        batch=batch,
        cached=cached,
        adapter=adapter,
        metrics=ready.context.prompts_of_task.metrics(question, completion),
    )
