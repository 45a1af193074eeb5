"""How many tokens a model reads at once, its reply included, by what its files say of it.

A sliding window is none: what lies before it was read. Of several statements the smallest counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.engines.engine import UNKNOWN_WINDOW

_KEYS = (
    "max_position_embeddings",
    "n_positions",
    "max_seq_len",
    "max_sequence_length",
    "seq_length",
    "n_ctx",
)


def stated_windows(config: Any, tokenizer: Any) -> Iterator[tuple[str, int]]:
    """What `config.json` and the tokenizer say, each with the key that says it. Raises ValueError, a clause."""
    for key in _KEYS:
        stated = getattr(config, key, None)
        if not stated:
            continue
        if type(stated) is not int or stated < 1:
            raise ValueError(f"says {key}: {stated!r}; that is no number of tokens")
        yield key, max(stated, _stretched(config))
        break
    limit = getattr(tokenizer, "model_max_length", None)
    # Where the tokenizer's files say nothing, the library puts a number here that no model reaches.
    if isinstance(limit, int) and 0 < limit < UNKNOWN_WINDOW:
        yield "model_max_length", limit


def _stretched(config: Any) -> int:
    """The window to which YaRN stretches the one that a model was trained with; 0 where it does not.

    Its settings name both. Other kinds of scaling leave the length that is reached in the configuration itself.
    """
    rope = getattr(config, "rope_parameters", None) or getattr(config, "rope_scaling", None)
    if not isinstance(rope, dict) or (rope.get("rope_type") or rope.get("type")) != "yarn":
        return 0
    trained, factor = rope.get("original_max_position_embeddings"), rope.get("factor")
    if type(trained) is not int or not isinstance(factor, int | float) or not 1 <= factor <= 1e6:
        return 0
    return int(trained * factor)
