"""Log-likelihood of answer options: each option's text scored as the reply to one prompt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.models.decoding import State, read


def choice_logprobs(model: Any, state: State, options: Sequence[Sequence[int]], pad: int) -> list[float]:
    """Sum of the log-probabilities (nats) of each option's tokens after the prompt that `state` has read.

    `state` has one row; its cache is expanded to one row an option, so the prompt is read once.
    """
    import torch

    rows, width = len(options), max(len(option) for option in options)
    ids = torch.full((rows, width), pad, dtype=torch.long)
    real = torch.zeros((rows, width), dtype=torch.long)
    for row, option in enumerate(options):
        ids[row, : len(option)] = torch.tensor(option, dtype=torch.long)
        real[row, : len(option)] = 1
    device = state.mask.device
    ids, real = ids.to(device), real.to(device)
    logits = state.logits.expand(rows, -1)[:, None, :]
    if width > 1:
        state.cache.batch_repeat_interleave(rows)
        read_on = read(
            model,
            state.cache,
            input_ids=ids[:, :-1],
            attention_mask=torch.cat([state.mask.expand(rows, -1), real[:, :-1]], dim=1),
            position_ids=state.positions[:, None] + torch.arange(width - 1, device=device)[None, :],
        )
        logits = torch.cat([logits, read_on], dim=1)
    logprobs = torch.log_softmax(logits.float(), dim=-1).gather(2, ids[:, :, None])[:, :, 0]
    return [float(value) for value in (logprobs * real).sum(dim=1)]
