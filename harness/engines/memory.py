"""How much memory models take, estimated before their weights are read."""

from __future__ import annotations

from collections.abc import Sequence

from harness.engines.engine import Engine
from harness.engines.headers import stored
from harness.loading import free_bytes

BITS = {"float32": 32, "bfloat16": 16, "float16": 16, "nf4": 6}
"""Of a number in memory. nf4: four, its scale, and the embeddings, which stay as they are."""
ROOM_BYTES = 2 * 10**9
"""For what is computed with: activations, keys and values, gradients of an adapter, the embedder."""


def stored_parameters(engine: Engine) -> int | None:
    """How many numbers the weight files of a model hold; None for one that a server or a script answers for."""
    from harness.engines.transformers_engine import TransformersEngine

    return stored(engine.model.path).elements if isinstance(engine, TransformersEngine) else None


def weights_bytes(engine: Engine) -> int:
    """Memory that the weights of a model take in this process; 0 where they are not read here."""
    return (stored_parameters(engine) or 0) * BITS.get(str(engine.identity.dtype), 32) // 8


def fit_together(engines: Sequence[Engine]) -> bool:
    """Whether the weights of all of them may be in memory at once, on each device, with room to compute.

    The largest counts twice: a merged adapter has matrices of its own.
    """
    by_device: dict[str, list[int]] = {}
    for engine in engines:
        by_device.setdefault(engine.identity.device, []).append(weights_bytes(engine))
    return all(
        sum(sizes) + max(sizes) + ROOM_BYTES <= free_bytes(device)
        for device, all_sizes in by_device.items()
        if len(sizes := [size for size in all_sizes if size]) > 1
    )
