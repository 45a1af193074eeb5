"""Training a float32 model with matrix products in bfloat16, on processors that compute them (AMX, AVX512-BF16).

The weights of the adapter, its gradients' sums, norms, the residual stream and the loss stay in float32 (autocast), and
so does everything that is measured or answered; the frozen matrices are rounded once. Other processors would be slower.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from harness.engines.engine import EngineIdentity

LOW = "bfloat16"


def precision_of(identity: EngineIdentity) -> str | None:
    """The dtype that a model's training computes matrix products in."""
    quicker = identity.dtype == "float32" and identity.device_kind == "cpu" and multiplies_bfloat16()
    return LOW if quicker else identity.dtype


def multiplies_bfloat16() -> bool:
    """Whether the processor has instructions for it; torch names them in functions that older ones lack."""
    import torch

    asked = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return any(getattr(torch.cpu, name, lambda: False)() for name in asked)


class Mixed:
    """Frozen matrices of a model beside their float32 ones, half as large."""

    def __init__(self, model: Any) -> None:
        import torch

        self._device = model.device.type
        frozen = (
            layer
            for layer in model.modules()
            if type(layer) is torch.nn.Linear and not layer.weight.requires_grad
        )
        self._pairs = [(layer, layer.weight, _rounded(layer.weight)) for layer in frozen]

    @contextlib.contextmanager
    def forward(self) -> Iterator[None]:
        """Around a forward pass; the graph keeps the matrices that its backward pass needs."""
        import torch

        for layer, _, low in self._pairs:
            layer.weight = low
        try:
            with torch.autocast(self._device, dtype=torch.bfloat16):
                yield
        finally:
            for layer, full, _ in self._pairs:
                layer.weight = full


def _rounded(weight: Any) -> Any:
    import torch

    return torch.nn.Parameter(weight.detach().to(torch.bfloat16), requires_grad=False)
