"""The answer pass: batched, sorted by length, cached, and written down as soon as a batch is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.engines.engine import Clock, Engine, shared_prefix
from harness.progress import Progress
from harness.records import AnswerRow, BatchRow, Generation, Likelihood, Prompt, Question
from harness.run.answer_cache import AnswerCache, answer_key
from harness.run.folder import RunFolder
from harness.run.prepare import ReadyJob

BATCH_ROWS = 16
BATCH_TOKENS = 8192
"""Tokens whose keys and values a batch holds (0.4 GB for the default model): what bounds the peak memory."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Places of a job's questions that are answered together."""

    number: int
    places: tuple[int, ...]
    scored: bool
    """Whether their prompts' pairs are scored; the model writes otherwise."""


def plan_batches(prompts: Sequence[Prompt]) -> list[Batch]:
    """Split a job's prompts into batches of similar length, longest first.

    The split depends on the prompts alone, not on what is cached or answered already, so that a resumed
    run computes each answer in the same company as an unbroken one.
    """
    order = sorted(
        range(len(prompts)), key=lambda at: (bool(prompts[at].pairs), -len(prompts[at].tokens), at)
    )
    batches: list[Batch] = []
    places: list[int] = []

    def close() -> None:
        if places:
            batches.append(Batch(len(batches), tuple(places), bool(prompts[places[0]].pairs)))
            places.clear()

    for at in order:
        longest = len(prompts[places[0]].tokens) if places else 0
        full = len(places) == BATCH_ROWS or (len(places) + 1) * longest > BATCH_TOKENS
        if places and (full or bool(prompts[at].pairs) != bool(prompts[places[0]].pairs)):
            close()
        places.append(at)
    close()
    return batches


@dataclass(frozen=True, slots=True)
class AnswerPass:
    """What answering a job needs besides the job."""

    engine: Engine
    folder: RunFolder
    cache: AnswerCache | None
    progress: Progress
    clock: Clock

    def keys(self, ready: ReadyJob, adapter_sha256: str | None) -> list[str]:
        return [
            answer_key(
                self.engine.identity, adapter_sha256, prompt.sha256, ready.context.decoding, question.choices
            )
            for prompt, question in zip(ready.prompts, ready.questions, strict=True)
        ]

    def known(self, ready: ReadyJob, adapter_sha256: str | None) -> int:
        """How many of a job's answers are in the cache."""
        return len(self.cache.get(self.keys(ready, adapter_sha256))) if self.cache else 0

    def run(self, ready: ReadyJob, adapter_sha256: str | None, use_weights: Callable[[], None]) -> None:
        """Answer what is not answered yet. The weights are loaded only if something must be computed."""
        job, keys = ready.job, self.keys(ready, adapter_sha256)
        done = self.folder.answered().get((job.task, job.name, job.seed), {})
        cached = self.cache.get(keys) if self.cache else {}
        shared = shared_prefix([tokens for prompt in ready.prompts for tokens in beginnings(prompt)])
        with self.progress.track(f"{job.task} · {job.name}", len(ready.questions)) as advance:
            for batch in plan_batches(ready.prompts):
                open_places = [at for at in batch.places if ready.questions[at].id not in done]
                if open_places and all(keys[at] in cached for at in open_places):
                    answers = {at: cached[keys[at]] for at in open_places}
                    self._write(ready, batch, answers, adapter_sha256, None)
                elif open_places:
                    use_weights()
                    start = self.clock()
                    answers = self._compute(ready, batch, shared)
                    wall_s = self.clock() - start
                    if self.cache:
                        self.cache.put({keys[at]: answers[at] for at in open_places})
                    self._write(ready, batch, {at: answers[at] for at in open_places}, adapter_sha256,
                                _batch_row(ready, batch, answers, wall_s))  # fmt: skip
                advance(len(batch.places))

    def _compute(self, ready: ReadyJob, batch: Batch, shared: int) -> dict[int, Generation]:
        prompts = [ready.prompts[at] for at in batch.places]
        if batch.scored:
            scores = self.engine.score([prompt.pairs for prompt in prompts], shared=shared)
            chosen = zip(batch.places, scores, strict=True)
            return {at: picked(ready.questions[at], found) for at, found in chosen}
        tokens = [prompt.tokens for prompt in prompts]
        generations = self.engine.generate(tokens, ready.context.decoding, shared=shared)
        return dict(zip(batch.places, generations, strict=True))

    def _write(
        self,
        ready: ReadyJob,
        batch: Batch,
        answers: dict[int, Generation],
        adapter_sha256: str | None,
        timing: BatchRow | None,
    ) -> None:
        rows = [
            answer_row(ready, at, generation, batch.number, timing is None, adapter_sha256)
            for at, generation in answers.items()
        ]
        for at in answers:
            self.folder.add_passages(ready.job.task, ready.prompts[at].retrieved)
        self.folder.add_answers(rows, timing)


def beginnings(prompt: Prompt) -> list[tuple[int, ...]]:
    """What the model reads before it writes, or before each of the pairs that it scores."""
    return [pair.context for pair in prompt.pairs] or [prompt.tokens]


def picked(question: Question, likelihoods: Sequence[Likelihood]) -> Generation:
    """The answer of a question whose pairs were scored: the likeliest of its choices, where it has any."""
    logprobs = tuple(found.logprob for found in likelihoods)
    best = max(range(len(question.choices)), key=logprobs.__getitem__, default=None)
    text = "" if best is None else question.choices[best]
    return Generation(text, 0, "choice", logprobs, tuple(found.greedy for found in likelihoods))


def _batch_row(ready: ReadyJob, batch: Batch, answers: dict[int, Generation], wall_s: float) -> BatchRow:
    return BatchRow(
        task=ready.job.task,
        strategy=ready.job.name,
        seed=ready.job.seed,
        batch=batch.number,
        questions=len(answers),
        completion_tokens=sum(answer.completion_tokens for answer in answers.values()),
        wall_s=wall_s,
    )


def answer_row(
    ready: ReadyJob, at: int, generation: Generation, batch: int, cached: bool, adapter: str | None
) -> AnswerRow:
    """The line of evidence of one answer. Of what was scored, the log-likelihoods of the choices are kept."""
    prompt, question = ready.prompts[at], ready.questions[at]
    logprobs = generation.choice_logprobs
    return AnswerRow(
        task=ready.job.task,
        strategy=ready.job.name,
        question_id=question.id,
        seed=ready.job.seed,
        prediction=generation.text,
        choice_logprobs=logprobs and (logprobs[: len(question.choices)] or logprobs),
        prompt_tokens=len(prompt.tokens),
        completion_tokens=generation.completion_tokens,
        finish_reason=generation.finish_reason,
        retrieved=tuple(
            {"doc_id": r.passage.doc_id, "chunk_id": r.passage.chunk_id, "score": r.score}
            for r in prompt.retrieved
        ),
        shown_passages=prompt.shown,
        dropped_passages=prompt.dropped,
        prompt_sha256=prompt.sha256,
        batch=batch,
        cached=cached,
        adapter=adapter,
        metrics=ready.context.wording.metrics(question, generation),
    )
