"""Greedy decoding over a shared prefix: batched, and a finished row leaves the batch.

Every strategy's answers come from here, and so do the timed ones; a row's tokens do not depend on which
rows stand beside it, beyond the last bits of floating-point sums.
"""

from __future__ import annotations

import copy
import functools
import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from harness.engines.cache import with_room
from harness.engines.engine import Completion, Decoding
from harness.engines.held import Guide
from harness.engines.reasoning import Reader
from harness.engines.reply import Reply
from harness.errors import ModelUnavailable


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


def read_prefix(model: Any, tokens: Sequence[int]) -> Any:
    """The cache of `tokens`, one row, for `prefill`."""
    import torch

    cache = new_cache(model)
    read(model, cache, input_ids=torch.tensor([tokens], device=model.device), logits_to_keep=1)
    return cache


def read(model: Any, cache: Any, **inputs: Any) -> Any:
    """One forward pass that extends `cache` in place; returns the logits [rows, tokens, vocabulary]."""
    name = _cache_argument(type(model))  # type: ignore[arg-type]
    return model(**{name: cache}, use_cache=True, **inputs).logits


def takes(model: Any, argument: str) -> bool:
    """Whether the forward pass of a model, or of the one that peft wrapped, knows an argument."""
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    return argument in inspect.signature(type(inner).forward).parameters


@functools.cache
def _cache_argument(architecture: type) -> str:
    """What the forward pass calls its cache: transformers 5.24 renamed the argument, model by model."""
    return "cache" if "cache" in inspect.signature(architecture.forward).parameters else "past_key_values"  # type: ignore[attr-defined]


def prefill(model: Any, prompts: Sequence[Sequence[int]], shared: int, pad: int, prefix: Any) -> State:
    """Read the prompts, behind the first `shared` tokens that the cache `prefix` holds (None: there are none).

    Rows are padded on the left, between the prefix and their own tokens, so that all end in one column.
    """
    import torch

    rows = len(prompts)
    own = [prompt[shared:] for prompt in prompts]
    width = max(len(tokens) for tokens in own)
    ids = torch.full((rows, width), pad, dtype=torch.long)
    mask = torch.zeros((rows, shared + width), dtype=torch.long)
    mask[:, :shared] = 1
    for row, tokens in enumerate(own):
        ids[row, width - len(tokens) :] = torch.tensor(tokens, dtype=torch.long)
        mask[row, shared + width - len(tokens) :] = 1
    device = model.device
    ids, mask = ids.to(device), mask.to(device)
    size = max(1, SLICE_TOKENS // width) if device.type == "cpu" else rows
    parts = [
        _read_prompts(model, ids[at : at + size], mask[at : at + size], prefix) for at in range(0, rows, size)
    ]
    positions, logits = (
        torch.cat([getattr(part, name) for part in parts]) for name in ("positions", "logits")
    )
    return State(with_room(joined([part.cache for part in parts])), mask, positions, logits)


SLICE_TOKENS = 2048
"""Tokens that a CPU reads at once: beyond, each activation is so large that the allocator maps and zeroes fresh
pages for it (measured: a tenth slower at 5,000 tokens)."""


def _read_prompts(model: Any, ids: Any, mask: Any, prefix: Any) -> State:
    """Read the rows `ids` ([rows, width]) behind a copy of the cache `prefix` (None: there is none)."""
    cache = new_cache(model) if prefix is None else copy.deepcopy(prefix)
    if prefix is not None and len(ids) > 1:
        cache.batch_repeat_interleave(len(ids))
    positions = (mask.cumsum(dim=1) - 1).clamp(min=0)
    own = positions[:, -ids.shape[1] :]
    logits = read(model, cache, input_ids=ids, attention_mask=mask, position_ids=own, logits_to_keep=1)
    return State(cache, mask, positions[:, -1] + 1, logits[:, -1, :])


def joined(caches: Sequence[Any]) -> Any:
    """One cache of the rows of several that are equally long. The first one is extended in place."""
    import torch

    whole, *others = caches
    for at, layer in enumerate(whole.layers if others else ()):
        layers = [layer, *(cache.layers[at] for cache in others)]
        keys, values = ([getattr(one, name) for one in layers] for name in ("keys", "values"))
        layer.keys, layer.values = torch.cat(keys), torch.cat(values)
        for one in layers[1:]:
            one.keys = one.values = None  # so that only one layer is in memory twice
    return whole


def step(model: Any, state: State, tokens: Any) -> State:
    """Feed one token to each row ([rows]) and return the state after it."""
    import torch

    mask = torch.cat([state.mask, state.mask.new_ones((len(tokens), 1))], dim=1)
    ids, positions = tokens[:, None], state.positions[:, None]
    logits = read(model, state.cache, input_ids=ids, attention_mask=mask, position_ids=positions)
    return State(state.cache, mask, state.positions + 1, logits[:, -1, :])


def keep_rows(state: State, rows: Sequence[int]) -> State:
    """The state with only `rows` left, so that finished answers cost nothing any more."""
    import torch

    index = torch.tensor(rows, device=state.mask.device)
    state.cache.batch_select_indices(index)
    return State(state.cache, state.mask[index], state.positions[index], state.logits[index])


def check_numbers(logits: Sequence[float]) -> None:
    """Refuse the likeliest tokens' logits, or log-likelihoods, that are no numbers: they say nothing of any answer.

    Raises ModelUnavailable.
    """
    if not all(map(math.isfinite, logits)):
        raise ModelUnavailable(
            "the model's logits are no finite numbers (NaN or infinite), so it has no answer. Its weights or its "
            "adapter are damaged, or its dtype cannot hold what it computes: try --dtype float32 (or bfloat16)."
        )


def held(logits: Any, free: Any, replies: Sequence[Reply], decoding: Decoding, reader: Reader) -> Any:
    """[rows], the likeliest token of each row that keeps its reply to its form; `free`: the likeliest of all.

    Thoughts before an answer are free.
    """
    import torch

    masks = [
        None if reply.guide is None or reply.in_thought(token, decoding, reader) else reply.guide.allowed()
        for reply, token in zip(replies, free.tolist(), strict=True)
    ]
    rows = [row for row, mask in enumerate(masks) if mask is not None]
    if not rows:
        return free
    size = logits.shape[-1]
    allowed = torch.zeros((len(rows), size), dtype=torch.bool)
    for at, row in enumerate(rows):
        known = torch.from_numpy(masks[row])[:size]
        allowed[at, : len(known)] = known
    places = torch.tensor(rows, device=logits.device)
    best = logits[places].masked_fill(~allowed.to(logits.device), -torch.inf).argmax(dim=-1)
    return free.index_copy(0, places, best)


def greedy(
    model: Any,
    state: State,
    decoding: Decoding,
    ends: frozenset[int],
    reader: Reader,
    on_token: Callable[[], None] | None,
    guides: Sequence[Guide],
) -> list[Completion]:
    """Decode every row of `state` to its end. `on_token` is called as soon as a step's tokens are known.

    `guides`: one a row, where replies are held to a form.
    """
    replies = [Reply([], guide=guides[row] if guides else None) for row in range(len(state.logits))]
    active = list(replies)
    while True:
        likeliest = state.logits.max(dim=-1)
        tokens = likeliest.indices
        if guides:
            tokens = held(state.logits, tokens, active, decoding, reader)
        values = tokens.tolist()  # waits for the device, so the clock that follows tells the truth
        if on_token:
            on_token()
        check_numbers(likeliest.values.tolist())
        for reply, value in zip(active, values, strict=True):
            reply.add(value, decoding, ends, reader)
        going = [row for row, reply in enumerate(active) if reply.finish is None]
        if not going:
            return [reply.completion(decoding, ends, reader) for reply in replies]
        if len(going) < len(active):
            state = keep_rows(state, going)
            tokens = tokens[going]
            active = [active[row] for row in going]
        state = step(model, state, tokens)
