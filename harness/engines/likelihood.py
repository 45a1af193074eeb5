"""Log-likelihoods of texts behind a prompt: options to choose from, an expected answer, a stretch of a document."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness.engines.decoding import State, check_numbers, read, takes


@dataclass(frozen=True, slots=True)
class Likelihood:
    """Sum of the log-probabilities (nats) of a continuation's tokens, and whether greedy decoding writes them."""

    logprob: float
    greedy: bool


ROOM = 32_768
"""Tokens of prompts, one an option, whose keys and values are held at once."""
STRETCH = 512
"""Tokens of a continuation that are read at once: each needs as many logits as the vocabulary has words."""


def likelihoods(model: Any, state: State, options: Sequence[Sequence[int]], pad: int) -> list[Likelihood]:
    """The likelihood of each option's tokens (at least one) after the prompt that `state` has read.

    `state` has one row; its cache is expanded to one row per option, so the prompt is read once. Many options behind a
    long prompt are judged some at a time.
    """
    size = max(1, ROOM // state.mask.shape[1])
    judged: list[Likelihood] = []
    for at in range(0, len(options), size):
        last = at + size >= len(options)
        own = state if last else replace(state, cache=copy.deepcopy(state.cache))
        judged += _together(model, own, options[at : at + size], pad)
    return judged


def _together(model: Any, state: State, options: Sequence[Sequence[int]], pad: int) -> list[Likelihood]:
    """The same for options whose rows are in memory together; the cache of `state` is used up."""
    import torch

    rows, width = len(options), max(len(option) for option in options)
    ids = torch.full((rows, width), pad, dtype=torch.long)
    real = torch.zeros((rows, width), dtype=torch.long)
    for row, option in enumerate(options):
        ids[row, : len(option)] = torch.tensor(option, dtype=torch.long)
        real[row, : len(option)] = 1
    device = state.mask.device
    ids, real = ids.to(device), real.to(device)
    logprobs, greedy = _judge(state.logits.expand(rows, -1)[:, None, :], ids[:, :1])
    if width > 1:
        state.cache.batch_repeat_interleave(rows)
    mask = state.mask.expand(rows, -1)
    for at in range(0, width - 1, STRETCH):
        stop = min(at + STRETCH, width - 1)
        mask = torch.cat([mask, real[:, at:stop]], dim=1)
        logits = read(
            model,
            state.cache,
            input_ids=ids[:, at:stop],
            attention_mask=mask,
            position_ids=state.positions[:, None] + torch.arange(at, stop, device=device)[None, :],
        )
        more, told = _judge(logits, ids[:, at + 1 : stop + 1])
        logprobs, greedy = torch.cat([logprobs, more], dim=1), torch.cat([greedy, told], dim=1)
    sums = (logprobs * real).sum(dim=1).tolist()
    check_numbers(sums)
    written = (greedy | (real == 0)).all(dim=1).tolist()
    return [Likelihood(float(logprob), bool(told)) for logprob, told in zip(sums, written, strict=True)]


def plain_likelihood(model: Any, context: Sequence[int], continuation: Sequence[int]) -> Likelihood:
    """The likelihood of one continuation by a forward pass over the whole text, with nothing kept from before."""
    import torch

    count = len(continuation)
    ids = torch.tensor([[*context, *continuation]], device=model.device)
    keep = {"logits_to_keep": count + 1} if takes(model, "logits_to_keep") else {}
    logits = model(input_ids=ids, use_cache=False, **keep).logits[:, -count - 1 : -1]
    logprobs, greedy = _judge(logits, ids[:, -count:])
    logprob = float(logprobs.sum())
    check_numbers([logprob])
    return Likelihood(logprob, bool(greedy.all()))


def _judge(logits: Any, targets: Any) -> tuple[Any, Any]:
    """[rows, tokens] log-probability of each target, and whether it is the likeliest token."""
    import torch

    found = torch.log_softmax(logits.float(), dim=-1).gather(2, targets[:, :, None])[:, :, 0]
    return found, logits.argmax(dim=-1) == targets
