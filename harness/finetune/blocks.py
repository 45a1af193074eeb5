"""Attention of a pack, example by example: the tokens of one example never meet those of another.

Under the mask of a pack, torch computes every pair of its tokens and throws most away. Here the prefix looks at itself,
and each example at the prefix and itself, as rows of a batch. That this is the masked attention is proven on each model
together with packing (`loss.packs_alike`); what it does not know of (a bias, a soft cap, a cache) goes the masked way.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

UNKNOWN = ("softcap", "position_bias", "s_aux")
"""Arguments of attention functions that change the scores."""


@dataclass(frozen=True, slots=True)
class Blocks:
    """The places of a pack's tokens in the batch of its examples.

    `rows` [examples, longest]: places in the pack of each example's own tokens, filled up behind with any. `mask`
    [longest, shared + longest]: the prefix, and what stands before. `places` [own tokens]: where in `rows`, flattened,
    each own token stands.
    """

    shared: int
    rows: Any
    mask: Any
    places: Any


def blocks_of(segments: Any) -> Blocks:
    """`segments` [tokens]: as of `Pack`."""
    import torch

    shared = int((segments == -1).sum())
    own = [(segments == number).nonzero()[:, 0] for number in range(int(segments.max()) + 1)]
    longest = max(len(one) for one in own)
    rows = torch.zeros(len(own), longest, dtype=torch.long)
    for number, one in enumerate(own):
        rows[number, : len(one)] = one
    before = torch.ones(longest, longest, dtype=torch.bool).tril()
    return Blocks(
        shared=shared,
        rows=rows,
        mask=torch.cat([torch.ones(longest, shared, dtype=torch.bool), before], dim=1),
        places=torch.cat([number * longest + torch.arange(len(one)) for number, one in enumerate(own)]),
    )


@contextlib.contextmanager
def in_blocks(blocks: Blocks) -> Iterator[None]:
    """Let models that use torch's attention compute it in these blocks."""
    import torch
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

    masked = ALL_ATTENTION_FUNCTIONS["sdpa"]

    def attention(module: Any, query: Any, key: Any, value: Any, mask: Any, **more: Any) -> Any:
        tokens = blocks.shared + len(blocks.places)
        whole = query.shape[:1] + query.shape[2:3] == (1, tokens) and key.shape[2] == tokens
        if not whole or any(more.get(name) is not None for name in UNKNOWN) or more.get("dropout"):
            return masked(module, query, key, value, mask, **more)
        with torch.autocast(query.device.type, enabled=False):  # short rows are slower in bfloat16 on CPUs
            attended = _attend(blocks, query.float(), key.float(), value.float(), more.get("scaling"))
        return attended.to(value.dtype), None

    ALL_ATTENTION_FUNCTIONS["sdpa"] = attention
    try:
        yield
    finally:
        ALL_ATTENTION_FUNCTIONS["sdpa"] = masked


def _attend(blocks: Blocks, query: Any, key: Any, value: Any, scaling: float | None) -> Any:
    """[1, heads, tokens, width] each (keys and values may have fewer heads) → [1, tokens, heads, width].

    The prefix is one view for all examples, so that its gradient is a sum in a fixed order. Were it gathered once for
    each, threads would add to it in any order, and the same training would give another adapter.
    """
    import torch

    sdpa = torch.nn.functional.scaled_dot_product_attention
    times = query.shape[1] // key.shape[1]
    query, key, value = (one[0].transpose(0, 1) for one in (query, key, value))  # [tokens, heads, width]

    def heads(values: Any) -> Any:
        """[rows, places, heads, width] → [rows, heads of the query, places, width]."""
        return values.transpose(1, 2).repeat_interleave(times, dim=1)

    def seen(values: Any) -> Any:
        """What each example may look at: [examples, shared + longest, heads, width]."""
        prefix = values[: blocks.shared].expand(len(blocks.rows), -1, -1, -1)
        return torch.cat([prefix, values[blocks.rows]], dim=1)

    own = sdpa(
        query[blocks.rows].transpose(1, 2),
        heads(seen(key)),
        heads(seen(value)),
        attn_mask=blocks.mask.to(query.device),
        scale=scaling,
    )
    own = own.transpose(1, 2).flatten(0, 1)[blocks.places]
    if not blocks.shared:
        return own[None]
    first = slice(None, blocks.shared)
    prefix = sdpa(
        query[None, first].transpose(1, 2),
        heads(key[None, first]),
        heads(value[None, first]),
        is_causal=True,
        scale=scaling,
    )
    return torch.cat([prefix[0].transpose(0, 1), own])[None]
