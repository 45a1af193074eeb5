"""peft's low-rank layers computed in fewer passes over memory: the same sums, without its intermediate tensors.

peft adds `lora_B(lora_A(x)) * scaling` to the base layer's result, which makes three tensors as large as the result
and their gradients besides. Here the low-rank product is added into the result by the matrix product itself, forward
and backward. That it gives peft's own gradients is proven on each model together with packing (`loss.packs_alike`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import cache, partial
from typing import Any


@contextlib.contextmanager
def fused(model: Any) -> Iterator[None]:
    """Compute the plain low-rank layers of a peft model this way; others (of Conv1D, of experts) stay peft's."""
    inputs = Inputs()
    layers = [layer for layer in model.modules() if _is_plain(layer) and "forward" not in vars(layer)]
    for layer in layers:
        layer.forward = partial(_forward, layer, inputs)
    try:
        yield
    finally:
        inputs.clear()
        for layer in layers:
            del layer.forward


class Inputs:
    """The last input in the dtype that it is computed with: query, key and value projections read the same one."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self._given = self._cast = None

    def cast(self, given: Any, dtype: Any) -> Any:
        if given.dtype == dtype:
            return given
        if given is not self._given:
            self._given, self._cast = given, given.to(dtype)
        return self._cast


def _is_plain(layer: Any) -> bool:
    """Whether a module is a low-rank layer over a linear one with one adapter, and nothing beside that."""
    import torch
    from peft.tuners.lora import Linear

    if type(layer) is not Linear or type(layer.base_layer) is not torch.nn.Linear:
        return False
    (first, *others) = layer.lora_A
    unusual = getattr(layer, "lora_variant", {}) or layer.merged or layer.lora_B[first].bias is not None
    return not others and not unusual and isinstance(layer.lora_dropout[first], torch.nn.Identity)


def _forward(layer: Any, inputs: Inputs, given: Any) -> Any:
    if layer.disable_adapters:
        return layer.base_layer(given)
    (name,) = layer.lora_A
    base = layer.base_layer
    return _low_rank_linear().apply(
        inputs.cast(given, base.weight.dtype),
        base.weight,
        base.bias,
        layer.lora_A[name].weight,
        layer.lora_B[name].weight,
        layer.scaling[name],
    )


@cache
def _low_rank_linear() -> Any:
    """The autograd function x, W, bias, A, B, s → x Wᵀ + bias + s (x Aᵀ) Bᵀ, with gradients of x, A and B."""
    import torch

    class LowRankLinear(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Any, weight: Any, bias: Any, a: Any, b: Any, scale: float) -> Any:
            rows = x.reshape(-1, x.shape[-1])
            a, b = a.to(weight.dtype), b.to(weight.dtype)
            inner = rows @ a.t()
            result = torch.nn.functional.linear(rows, weight, bias).addmm_(inner, b.t(), alpha=scale)
            ctx.save_for_backward(rows, inner, weight, a, b)
            ctx.scale = scale
            return result.view(*x.shape[:-1], -1)

        @staticmethod
        def backward(ctx: Any, grad: Any) -> Any:
            rows, inner, weight, a, b = ctx.saved_tensors
            flat = grad.reshape(-1, grad.shape[-1])
            through = (flat @ b).mul_(ctx.scale)
            x_grad = None
            if ctx.needs_input_grad[0]:
                x_grad = (flat @ weight).addmm_(through, a).view(*grad.shape[:-1], -1)
            b_grad = (flat.t() @ inner).float().mul_(ctx.scale)
            return x_grad, None, None, (through.t() @ rows).float(), b_grad, None

    return LowRankLinear
