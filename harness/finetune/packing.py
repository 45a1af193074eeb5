"""Several training examples in one sequence that share their prompts' common prefix.

Every prompt of a task opens with the same system message. A pack reads it once, then the rest of each
example; a mask lets each example see the prefix and itself, and positions go on from the prefix, so the loss
of each answer token is the same as if the example stood alone. No padding, and no prefix computed twice.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, TypeVar

from harness.finetune.blocks import Blocks, blocks_of


@dataclass(frozen=True, slots=True)
class TokenExample:
    """A prompt and the answer that the fine-tune shall give (its end token included), as token ids."""

    prompt: tuple[int, ...]
    target: tuple[int, ...]
    fact_id: str | None = None

    def own(self, shared: int) -> int:
        """How many tokens the example adds to a pack whose first `shared` tokens it shares."""
        return len(self.prompt) - shared + len(self.target)


Example = TokenExample
"""The name that scripts outside this program know it by."""


@dataclass(frozen=True)
class Pack:
    """Tensors of one forward pass over several examples.

    ids, positions [1, tokens]; mask [1, 1, tokens, tokens], True where a query may look; `segments` [tokens] says
    which example of the pack a token belongs to, -1 the prefix of all; `predict` [answers] indexes the positions
    whose next token is an answer token, `targets` [answers] holds those tokens, and `owner` [answers] says which
    example each belongs to.
    """

    ids: Any
    positions: Any
    mask: Any
    segments: Any
    predict: Any
    targets: Any
    owner: Any
    examples: int

    @cached_property
    def blocks(self) -> Blocks:
        """Which tokens attend to which, example by example."""
        return blocks_of(self.segments)


def pack(examples: Sequence[TokenExample], shared: int) -> Pack:
    """Lay examples side by side behind their common prefix. Each prompt is longer than `shared`."""
    import torch

    ids = list(examples[0].prompt[:shared])
    positions = list(range(shared))
    segment = [-1] * shared
    predict: list[int] = []
    targets: list[int] = []
    owner: list[int] = []
    for number, example in enumerate(examples):
        tokens = [*example.prompt[shared:], *example.target]
        first = len(ids) + len(example.prompt) - shared
        predict += range(first - 1, first - 1 + len(example.target))
        targets += example.target
        owner += [number] * len(example.target)
        positions += range(shared, shared + len(tokens))
        segment += [number] * len(tokens)
        ids += tokens
    segments = torch.tensor(segment)
    same = (segments[:, None] == segments[None, :]) | (segments[None, :] == -1)
    mask = same & torch.ones(len(ids), len(ids), dtype=torch.bool).tril()
    return Pack(
        ids=torch.tensor([ids]),
        positions=torch.tensor([positions]),
        mask=mask[None, None],
        segments=segments,
        predict=torch.tensor(predict),
        targets=torch.tensor(targets),
        owner=torch.tensor(owner),
        examples=len(examples),
    )


def packs(examples: Iterable[TokenExample], shared: int, limit: int) -> list[list[TokenExample]]:
    """Split examples, in their order, into groups whose packs have at most `limit` tokens, or one example."""
    done: list[list[TokenExample]] = []
    room = 0
    for example in examples:
        size = example.own(shared)
        if not done or size > room:
            done.append([])
            room = limit - shared
        done[-1].append(example)
        room -= size
    return done


def epoch_batches(
    examples: Sequence[TokenExample], batch_size: int, rng: random.Random
) -> list[list[TokenExample]]:
    """One epoch's optimizer batches: shuffled, yet each batch's examples are of similar length.

    Examples are shuffled, sorted by length within stretches of eight batches, and the batches shuffled.
    """
    order = list(examples)
    rng.shuffle(order)
    stretch = 8 * batch_size
    batches = []
    for start in range(0, len(order), stretch):
        part = sorted(order[start : start + stretch], key=lambda example: len(example.prompt))
        batches += [part[at : at + batch_size] for at in range(0, len(part), batch_size)]
    rng.shuffle(batches)
    return batches


def mixed_batches(
    groups: Sequence[tuple[Sequence[TokenExample], int]], batch_size: int, rng: random.Random
) -> list[tuple[list[TokenExample], int]]:
    """One epoch's batches of several groups of examples, each with what its group shares at the front."""
    batches = [
        (batch, shared) for examples, shared in groups for batch in epoch_batches(examples, batch_size, rng)
    ]
    if len(groups) > 1:
        rng.shuffle(batches)
    return batches


class OfFact(Protocol):
    """What may be a wording of a fact."""

    @property
    def fact_id(self) -> str | None: ...


E = TypeVar("E", bound=OfFact)


def hold_back(examples: Sequence[E], rng: random.Random) -> tuple[list[E], list[E]]:
    """Split off a tenth of the examples to watch for overtraining: (train, held back).

    A fact is held back only in one wording while another stays in training: the loss on facts that training
    never shows says nothing about overtraining, and would stop every closed-book fine-tune at once. Where
    that leaves fewer than four examples, none are held back.
    """
    left = Counter(example.fact_id for example in examples)
    wanted = round(len(examples) * 0.1)
    held: set[int] = set()
    for index in rng.sample(range(len(examples)), len(examples)):
        if len(held) == wanted:
            break
        fact = examples[index].fact_id
        if fact is None or left[fact] >= 2:
            left[fact] -= 1
            held.add(index)
    if len(held) < 4:
        return list(examples), []
    train = [example for index, example in enumerate(examples) if index not in held]
    return train, [examples[index] for index in sorted(held)]
