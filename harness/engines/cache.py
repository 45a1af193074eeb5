"""Keys and values that grow in place: a step of decoding writes one token, and copies none of those before it."""

from __future__ import annotations

import functools
from typing import Any

SPARE = 32
"""Tokens that a layer has room for beyond what it holds; when they are full, it moves once."""


def with_room(cache: Any) -> Any:
    """The same cache, its plain layers growing in place. Those of other kinds (sliding windows, states) stay."""
    from transformers.cache_utils import DynamicLayer

    for layer in getattr(cache, "layers", ()):
        if type(layer) is DynamicLayer and layer.is_initialized:
            layer.__class__ = _roomy()
            layer.buffers = None
    return cache


@functools.cache
def _roomy() -> Any:
    from transformers.cache_utils import DynamicLayer

    class RoomyLayer(DynamicLayer):  # type: ignore[misc]
        """A `DynamicLayer` whose `keys` and `values` are the front of buffers with room behind them."""

        keys: Any
        values: Any
        buffers: tuple[Any, Any] | None

        def update(self, key_states: Any, value_states: Any, *_: Any, **__: Any) -> tuple[Any, Any]:
            """As in `DynamicLayer`: [rows, heads, tokens, size] of the new tokens in, of all of them out."""
            held, new = self.keys.shape[-2], key_states.shape[-2]
            if not self._fits(held + new):
                self.buffers = (_larger(self.keys, new + SPARE), _larger(self.values, new + SPARE))
            assert self.buffers is not None
            for buffer, states in zip(self.buffers, (key_states, value_states), strict=True):
                buffer[..., held : held + new, :] = states
            self.keys, self.values = (buffer[..., : held + new, :] for buffer in self.buffers)
            return self.keys, self.values

        def batch_select_indices(self, indices: Any) -> None:
            super().batch_select_indices(indices)
            self.buffers = None  # so that those rows are not in memory twice

        def batch_repeat_interleave(self, repeats: int) -> None:
            super().batch_repeat_interleave(repeats)
            self.buffers = None

        def _fits(self, length: int) -> bool:
            return self.buffers is not None and length <= self.buffers[0].shape[-2]

    return RoomyLayer


def _larger(states: Any, more: int) -> Any:
    """A buffer that begins with `states` and has room for `more` tokens."""
    *front, tokens, size = states.shape
    buffer = states.new_empty((*front, tokens + more, size))
    buffer[..., :tokens, :] = states
    return buffer
