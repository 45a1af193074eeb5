"""How fast a model answers here, measured in a few seconds before a run, and what that makes of prompts to come."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.engines.engine import (
    AdapterRef,
    Clock,
    Completion,
    Engine,
    Message,
    Request,
    Wanted,
    is_served,
)
from harness.finetune.trainer import Example, Training
from harness.run.batches import BATCH_ROWS
from harness.run.columns import Prompts
from harness.run.counts import read_tokens, written_tokens

ROWS = 12
"""Questions of a task that are answered to measure it."""

STEP_READS = {"float32": 3.5, "bfloat16": 1.7}
"""What a training step takes, as a multiple of reading its tokens in float32, by the dtype that it computes in."""

FIRST_TOKENS = 12
"""The tokens of an answer that are written to measure speed."""

WRITTEN_SHARE = 0.7
"""How much of the tokens allowed an answer takes that was not seen to end."""

Samples = Mapping[str, Sequence[Request]]
"""Task → a few of its requests."""


@dataclass(frozen=True, slots=True)
class Speed:
    """Seconds a token read and written, in a full batch and alone. `written`: task → mean tokens of an answer."""

    read_s: float
    write_s: float
    alone_read_s: float
    alone_write_s: float
    written: Mapping[str, float]

    def answering(self, task: str, prompts: Prompts) -> float:
        """Seconds to answer prompts in batches, which read once what all of them share at the front."""
        read = [*map(read_tokens, prompts.wanted, prompts.tokens, prompts.longest)]
        shared = shared_share([prompts.request(0), *prompts.bounds()]) if prompts else 0.0
        kept = read[0] * shared * (len(prompts) - 1) if prompts else 0.0
        written = sum(self._written(task, wanted) for wanted in prompts.wanted)
        return self.read_s * (sum(read) - kept) + self.write_s * written

    def alone(self, task: str, prompts: Prompts) -> Iterator[float]:
        """Seconds to answer each prompt by itself."""
        for wanted, tokens, longest in zip(prompts.wanted, prompts.tokens, prompts.longest, strict=True):
            read = read_tokens(wanted, tokens, longest)
            yield self.alone_read_s * read + self.alone_write_s * self._written(task, wanted)

    def training(self, training: Training, engine: Engine, dtype: str | None) -> float:
        """Seconds to train through all epochs, in steps of this dtype, with the dev questions answered after each."""
        recipe = training.recipe
        reads = STEP_READS.get(dtype or "", STEP_READS["float32"])
        watched = sum(self._written(recipe.task, example.request.wanted) for example in training.dev)
        dev_tokens = computed_tokens(training.dev, engine, len(training.dev))
        tokens = computed_tokens(training.examples, engine, recipe.batch_size)
        learnt = reads * tokens * (1 + (recipe.replay or 0.0))  # about as long as the task's own
        epoch = self.read_s * (learnt + 2 * dev_tokens) + self.write_s * watched
        return epoch * recipe.max_epochs

    def _written(self, task: str, wanted: Wanted) -> float:
        if wanted.scored:
            return 0.0
        most = written_tokens(wanted)
        return min(most, self.written.get(task, WRITTEN_SHARE * most))


Measure = Callable[[Engine, Samples, Clock], Speed]


def measure(engine: Engine, samples: Samples, clock: Clock) -> Speed:
    """Ask the model a few requests of each task. Raises as `Engine.complete`."""
    if is_served(engine):
        return _served(engine, samples, clock)
    first = next(iter(samples.values()))
    engine.load(None)
    engine.complete([_short(first[0], 1)])  # what is loaded, compiled and proven at the first answer
    read_s = _seconds(clock, lambda: engine.complete([_short(one, 1) for one in first])) / _tokens(
        engine, first
    )
    writing, tokens, rows, written = 0.0, 0, 1, dict[str, float]()
    for task, requests in samples.items():
        if requests[0].scored:
            continue
        start = clock()
        answers = engine.complete([_short(one, FIRST_TOKENS) for one in requests])
        writing += max(0.0, clock() - start - read_s * _tokens(engine, requests))
        tokens += sum(done.completion_tokens for done in answers)
        rows = max(rows, len(requests))
        written[task] = sum(map(_length, answers, requests)) / len(requests)
    alone_read_s, alone_write_s = _alone(engine, _short(first[0], FIRST_TOKENS), None, clock)
    write_s = _in_full_batches(writing / max(1, tokens), alone_write_s, rows)
    return Speed(read_s, write_s, alone_read_s, alone_write_s, written)


def _in_full_batches(write_s: float, alone_s: float, rows: int) -> float:
    """Seconds a token in a batch of `BATCH_ROWS`, given those of a batch of `rows` and of one row alone.

    A step takes a fixed time, to read the weights, and a time a row.
    """
    if rows < 2 or not 0 < write_s < alone_s:
        return write_s
    a_row = max(0.0, rows * write_s - alone_s) / (rows - 1)
    return (alone_s + a_row * (BATCH_ROWS - 1)) / BATCH_ROWS


def _served(engine: Engine, samples: Samples, clock: Clock) -> Speed:
    """A server answers several at once, as fast as one: two questions tell."""
    request, *_ = next(iter(samples.values()))
    read_s, write_s = _alone(engine, request, None, clock)
    at_once = max(1, engine.concurrency)
    return Speed(read_s / at_once, write_s / at_once, read_s, write_s, {})


def _alone(engine: Engine, request: Request, adapter: AdapterRef | None, clock: Clock) -> tuple[float, float]:
    """Seconds a token read and written by one request alone."""
    timed = engine.time(request, adapter, clock)
    rest = max(0, timed.completion.completion_tokens - 1)
    write_s = (timed.e2e_s - timed.ttft_s) / rest if rest else 0.0
    return timed.ttft_s / max(1, engine.inspect(request).tokens), write_s


def _short(request: Request, tokens: int) -> Request:
    """The request with an answer of at most so many tokens."""
    if request.scored:
        return request
    most = min(tokens, request.decoding.max_tokens)
    return dataclasses.replace(request, decoding=dataclasses.replace(request.decoding, max_tokens=most))


def _length(answer: Completion, request: Request) -> float:
    """How many tokens the whole answer would have."""
    if answer.finish_reason != "length":
        return answer.completion_tokens
    return max(answer.completion_tokens, WRITTEN_SHARE * request.decoding.max_tokens)


def _tokens(engine: Engine, requests: Sequence[Request]) -> int:
    facts = ((request, engine.inspect(request)) for request in requests)
    return max(1, sum(read_tokens(request.wanted, one.tokens, one.longest) for request, one in facts))


def _seconds(clock: Clock, work: Callable[[], object]) -> float:
    start = clock()
    work()
    return clock() - start


def computed_tokens(examples: Sequence[Example], engine: Engine, batch: int) -> int:
    """Tokens of examples and their replies, what all of them share at the front once a batch."""
    requests = [example.request for example in examples]
    if not requests:
        return 0
    shared = round(engine.inspect(requests[0]).tokens * shared_share(requests))
    own = sum(max(1, engine.inspect(request).tokens - shared) for request in requests)
    replies = sum(len(example.reply.encode()) // 3 + 1 for example in examples)
    return own + replies + shared * math.ceil(len(examples) / max(1, batch))


def shared_share(requests: Sequence[Request]) -> float:
    """The share of the first prompt, by characters, that all prompts begin with."""
    if not requests:
        return 0.0
    whole, common = _characters(requests[0].prompt), _characters(_in_common(requests))
    return common / whole if whole else 0.0


def _characters(prompt: tuple[Message, ...] | str) -> int:
    return len(prompt) if isinstance(prompt, str) else sum(len(message.content) for message in prompt)


def _in_common(requests: Sequence[Request]) -> tuple[Message, ...] | str:
    """What the prompts of requests begin with."""
    first = requests[0].prompt
    if isinstance(first, str):
        return _beginning([str(request.prompt) for request in requests])
    kept: list[Message] = []
    for at, message in enumerate(first):
        others = [request.prompt[at] for request in requests if at < len(request.prompt)]
        texts = [other.content for other in others if isinstance(other, Message)]
        same = _beginning(texts)
        kept.append(dataclasses.replace(message, content=same))
        if same != message.content:
            break
    return tuple(kept)


def _beginning(texts: Sequence[str]) -> str:
    """What all texts begin with: as far as the first and the last of them in order agree."""
    least, most = min(texts), max(texts)
    agreed = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(least, most, strict=False))
    return "".join(character for character, _ in agreed)
