"""LoRA adapters as layers that stand in for the base's own, merged or not, by exchanging references.

Nothing is ever added to or subtracted from the base weights, so going back to the base is exact, whatever the
dtype. Reading an adapter is slow and exchanging layers is not, so what was read is kept: the small low-rank
layers of every adapter, and the merged matrices of the last one only, since they are as large as the base's.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from harness.engines.quiet import quiet_peft
from harness.errors import ModelUnavailable

Layers = dict[str, Any]
"""Dotted name of an adapted layer in the model → the module that stands there."""


class AdapterLayers:
    """The adapters of one base model. `model` stays the caller's; its layers are exchanged in place."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._low_rank: dict[Path, Layers] = {}
        self._merged: tuple[Path, Layers] | None = None
        self._own: Layers = {}

    def use(self, adapter: Path, *, merged: bool) -> None:
        """Let the adapter's layers answer. Raises ModelUnavailable where they cannot be read."""
        self.restore()
        layers = self._merge(adapter) if merged else self._read(adapter)
        self._own = self._exchange(layers)

    def restore(self) -> None:
        """Put the base's own layers back; the adapter's are kept."""
        self._exchange(self._own)
        self._own = {}

    def _exchange(self, layers: Layers) -> Layers:
        """Put `layers` in their places and return what stood there."""
        before = {}
        for name, layer in layers.items():
            path, _, leaf = name.rpartition(".")
            parent = self._model.get_submodule(path)
            before[name] = getattr(parent, leaf)
            setattr(parent, leaf, layer)
        return before

    def _read(self, adapter: Path) -> Layers:
        if adapter not in self._low_rank:
            self._low_rank[adapter] = read_layers(self._model, adapter)
        return self._low_rank[adapter]

    def _merge(self, adapter: Path) -> Layers:
        if self._merged is None or self._merged[0] != adapter:
            self._merged = None  # make room before the next set is computed
            low_rank = self._read(adapter)
            self._merged = (adapter, {name: merged_layer(layer) for name, layer in low_rank.items()})
        return self._merged[1]


def read_layers(model: Any, adapter: Path) -> Layers:
    """The peft layers of the adapter in this folder, around the model's own, which stay where they are."""
    import peft
    from peft.tuners.lora import LoraLayer

    if not (adapter / "adapter_model.safetensors").is_file():
        raise ModelUnavailable(f"{adapter} holds no adapter_model.safetensors; only safetensors are loaded.")
    with quiet_peft():
        adapted = peft.PeftModel.from_pretrained(model, adapter, torch_device=str(model.device))
    adapted.eval()
    layers = {name: module for name, module in model.named_modules() if isinstance(module, LoraLayer)}
    adapted.unload()
    return layers


def merged_layer(layer: Any) -> Any:
    """A layer like the base's own whose weight is base + adapter, a new matrix; bias and the like are shared."""
    import torch

    own = layer.get_base_layer()
    weight = (own.weight.data + layer.get_delta_weight("default")).contiguous()
    merged = copy.copy(own)
    merged._parameters = {**own._parameters, "weight": torch.nn.Parameter(weight, requires_grad=False)}
    return merged
