"""Which attention a model is loaded with, and how far back its layers look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def attention_of(architecture: type, config: Any) -> str:
    """The implementation of attention to load a model with: `sdpa`, torch's fused one, where it computes all that the
    model needs, else `eager`.

    Fused attention has no soft caps (Gemma 2) and no sinks (gpt-oss). Releases of transformers differ in whether
    they refuse a soft cap there or drop it.
    """
    caps = [value for key, value in _settings(config) if key == "attn_logit_softcapping"]
    return "sdpa" if getattr(architecture, "_supports_sdpa", False) and not any(caps) else "eager"


def smallest_window(config: Any) -> int | None:
    """The fewest tokens that a layer may look back on, itself included; None: every layer sees all.

    Whatever a configuration calls a window or a chunk counts: one that no layer uses costs time alone.
    """
    found = [
        value
        for key, value in _settings(config)
        if ("window" in key or "chunk" in key) and "layer" not in key and type(value) is int and value > 0
    ]
    return min(found, default=None)


def _settings(config: Any) -> Iterator[tuple[str, Any]]:
    """What a configuration says of the part that reads text."""
    text: Mapping[str, Any] = config.get_text_config().to_dict()
    return iter(text.items())
