"""LoRA adapters as layers that stand in for the base's own, merged or not, by exchanging references.

Nothing is ever added to or subtracted from the base weights, so going back to the base is exact, whatever the
dtype. Reading an adapter is slow and exchanging layers is not, so what was read is kept: the small low-rank
layers of every adapter, and the merged matrices of the last one only, since they are as large as the base's.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.engines.headers import read_header
from harness.engines.quiet import quiet_peft
from harness.errors import ModelUnavailable
from harness.loading import check_finite, reading
from harness.quantities import counted, listed

Layers = dict[str, Any]
"""Dotted name of an adapted layer in the model → the module that stands there."""
Shapes = Mapping[str, tuple[int, ...]]
"""Name of a tensor → its shape."""


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
    from peft.utils import get_peft_model_state_dict

    path = adapter / "adapter_model.safetensors"
    if not path.is_file():
        raise ModelUnavailable(f"{adapter} holds no adapter_model.safetensors; only safetensors are loaded.")
    what = f"the adapter in {adapter}"
    with quiet_peft(), reading(what):
        config = peft.PeftConfig.from_pretrained(str(adapter))
        adapted = peft.get_peft_model(model, config)
    try:
        with reading(what):
            known = {
                name: tuple(x.shape)
                for name, x in get_peft_model_state_dict(adapted, save_embedding_layers=False).items()
            }
        check_adapter({name: x.shape for name, x in read_header(path).items()}, known, what)
        with quiet_peft(), reading(what):
            peft.set_peft_model_state_dict(
                adapted, peft.load_peft_weights(str(adapter), device=str(model.device))
            )
        check_finite(adapted, what)
        adapted.eval().requires_grad_(False)
        return {name: module for name, module in model.named_modules() if isinstance(module, LoraLayer)}
    finally:
        adapted.unload()


def check_adapter(stored: Shapes, known: Shapes, what: str) -> None:
    """Refuse an adapter whose tensors are not those that its configuration gives this base. Raises ModelUnavailable."""
    odd = sorted(name for name in stored.keys() | known.keys() if stored.get(name) != known.get(name))
    if odd:
        raise ModelUnavailable(
            f"{what} does not fit its configuration and this base model: {counted(len(odd), 'tensor')} missing, left "
            f"over or of another shape ({listed(odd, 3)}). Delete the folder, and the adapter is trained again."
        )


def merged_layer(layer: Any) -> Any:
    """A layer like the base's own whose weight is base + adapter, a new matrix; bias and the like are shared."""
    import torch

    own = layer.get_base_layer()
    weight = (own.weight.data + layer.get_delta_weight("default")).contiguous()
    merged = copy.copy(own)
    merged._parameters = {**own._parameters, "weight": torch.nn.Parameter(weight, requires_grad=False)}
    return merged
