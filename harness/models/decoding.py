"""Greedy decoding over a shared prefix: batched, and a finished row leaves the batch.

Every strategy's answers come from here, and so do the timed ones; a row's tokens do not depend on which
rows stand beside it, beyond the last bits of floating-point sums.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from harness.records import Decoding, Generation

Decode = Callable[[Sequence[int]], str]


@dataclass
class State:
    """A batch in mid-decoding: its cache, its mask, and the position of each row's next token."""

    cache: Any
    """transformers `DynamicCache` of `mask.shape[1]` positions."""
    mask: Any
    """[rows, tokens], 1 where a token stands and 0 where padding does."""
    positions: Any
    """[rows], the position id of the next token."""
    logits: Any
    """[rows, vocabulary] of the last token."""


def new_cache(model: Any) -> Any:
    """An empty `DynamicCache` for `model`."""
    from transformers import DynamicCache

    return DynamicCache(config=model.config)


def read(model: Any, cache: Any, **inputs: Any) -> Any:
    """One forward pass that extends `cache` in place; returns the logits [rows, tokens, vocabulary]."""
    name = _cache_argument(type(model))  # type: ignore[arg-type]
    return model(**{name: cache}, use_cache=True, **inputs).logits


@functools.cache
def _cache_argument(architecture: type) -> str:
    """What the forward pass calls its cache: transformers 5.24 renamed the argument, model by model."""
    return "cache" if "cache" in inspect.signature(architecture.forward).parameters else "past_key_values"  # type: ignore[attr-defined]


def prefill(model: Any, prompts: Sequence[Sequence[int]], shared: int, pad: int, prefix: Any = None) -> State:
    """Read the prompts. The first `shared` tokens are read once, or taken from the cache `prefix`.

    Rows are padded on the left, between the prefix and their own tokens, so that all end in one column.
    """
    import torch

    rows = len(prompts)
    own = [prompt[shared:] for prompt in prompts]
    width = max(len(tokens) for tokens in own)
    device = model.device
    ids = torch.full((rows, width), pad, dtype=torch.long)
    mask = torch.zeros((rows, shared + width), dtype=torch.long)
    mask[:, :shared] = 1
    for row, tokens in enumerate(own):
        ids[row, width - len(tokens) :] = torch.tensor(tokens, dtype=torch.long)
        mask[row, shared + width - len(tokens) :] = 1
    ids, mask = ids.to(device), mask.to(device)
    positions = (mask.cumsum(dim=1) - 1).clamp(min=0)
    cache = prefix if shared else new_cache(model)
    if shared and rows > 1:
        cache.batch_repeat_interleave(rows)
    logits = read(
        model,
        cache,
        input_ids=ids,
        attention_mask=mask,
        position_ids=positions[:, shared:],
        logits_to_keep=1,
    )
    return State(cache, mask, positions[:, -1] + 1, logits[:, -1, :])


def step(model: Any, state: State, tokens: Any) -> State:
    """Feed one token to each row ([rows]) and return the state after it."""
    import torch

    mask = torch.cat([state.mask, state.mask.new_ones((len(tokens), 1))], dim=1)
    logits = read(
        model,
        state.cache,
        input_ids=tokens[:, None],
        attention_mask=mask,
        position_ids=state.positions[:, None],
    )
    return State(state.cache, mask, state.positions + 1, logits[:, -1, :])


def keep_rows(state: State, rows: Sequence[int]) -> State:
    """The state with only `rows` left, so that finished answers cost nothing any more."""
    import torch

    index = torch.tensor(rows, device=state.mask.device)
    state.cache.batch_select_indices(index)
    return State(state.cache, state.mask[index], state.positions[index], state.logits[index])


@dataclass
class _Reply:
    """The tokens of one answer so far, and why it ended (None while it goes on)."""

    tokens: list[int]
    finish: str | None = None

    def add(self, token: int, decoding: Decoding, ends: frozenset[int], decode: Decode) -> None:
        self.tokens.append(token)
        if token in ends or (decoding.stop and self._stopped(decoding, decode)):
            self.finish = "stop"
        elif len(self.tokens) >= decoding.max_tokens:
            self.finish = "length"

    def _stopped(self, decoding: Decoding, decode: Decode) -> bool:
        text = decode(self.tokens)
        return any(stop in text for stop in decoding.stop)

    def generation(self, decoding: Decoding, ends: frozenset[int], decode: Decode) -> Generation:
        words = self.tokens[:-1] if self.tokens and self.tokens[-1] in ends else self.tokens
        text = decode(words)
        cut = min((at for stop in decoding.stop if (at := text.find(stop)) >= 0), default=len(text))
        return Generation(text[:cut], len(self.tokens), self.finish or "length")


def greedy(
    model: Any,
    state: State,
    decoding: Decoding,
    ends: frozenset[int],
    decode: Decode,
    on_token: Callable[[], None] | None = None,
) -> list[Generation]:
    """Decode every row of `state` to its end. `on_token` is called as soon as a step's tokens are known."""
    replies = [_Reply([]) for _ in range(len(state.logits))]
    active = list(replies)
    while True:
        tokens = state.logits.argmax(dim=-1)
        values = tokens.tolist()  # waits for the device, so the clock that follows tells the truth
        if on_token:
            on_token()
        for reply, value in zip(active, values, strict=True):
            reply.add(value, decoding, ends, decode)
        going = [row for row, reply in enumerate(active) if reply.finish is None]
        if not going:
            return [reply.generation(decoding, ends, decode) for reply in replies]
        if len(going) < len(active):
            state = keep_rows(state, going)
            tokens = tokens[going]
            active = [active[row] for row in going]
        state = step(model, state, tokens)
