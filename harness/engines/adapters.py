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
from harness.engines.proofs import allowed, apart
from harness.errors import ModelUnavailable
from harness.loading import check_finite, free_bytes, reading
from harness.quantities import counted, listed
from harness.quiet import quiet_peft

Layers = dict[str, Any]
"""Dotted name of an adapted layer in the model → the module that stands there."""
Shapes = Mapping[str, tuple[int, ...]]
"""Name of a tensor → its shape."""


ROUNDING = 4
"""Merging rounds every weight: it may move logits so many times as far as sums in another order do."""


class AdapterLayers:
    """The adapters of one base model. `model` stays the caller's; its layers are exchanged in place."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._low_rank: dict[Path, Layers] = {}
        self._merged: tuple[Path, Layers] | None = None
        self._unmerged: dict[Path, str] = {}
        self._own: Layers = {}

    def use(self, adapter: Path, *, merged: bool) -> str | None:
        """Let the adapter's layers answer. Returns why they are not merged although they should be.

        Raises ModelUnavailable where they cannot be read.
        """
        self.restore()
        layers = self._merge(adapter) if merged and adapter not in self._unmerged else self._read(adapter)
        self._own = self._exchange(layers)
        return self._unmerged.get(adapter) if merged else None

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
        """The merged layers of an adapter; its low-rank ones where merging them is not the same."""
        if self._merged is None or self._merged[0] != adapter:
            self._merged = None  # make room before the next set is computed
            low_rank = self._read(adapter)
            merged: Layers = {}
            why = self._no_room(low_rank)
            if why is None:
                merged = {name: merged_layer(layer) for name, layer in low_rank.items()}
                why = self._fault(low_rank, merged)
            if why is not None:
                self._unmerged[adapter] = why
                return low_rank
            self._merged = (adapter, merged)
        return self._merged[1]

    def _no_room(self, layers: Layers) -> str | None:
        """Why there is no room for merged layers, which are as large as the base's own; None where there is."""
        needed = sum(
            tensor.nbytes
            for layer in layers.values()
            for name, tensor in layer.named_parameters()
            if "lora_" not in name
        )
        free = free_bytes(str(self._model.device))
        if needed <= free:
            return None
        return f"they would need {needed / 1e9:.1f} GB beside its weights, where {free / 1e9:.1f} GB are free"

    def _fault(self, low_rank: Layers, merged: Layers) -> str | None:
        """Why merged layers do not stand for the low-rank ones that were trained; None where they do.

        Some models read a layer's weights past its forward pass, where low-rank ones are not seen (Jamba).
        """
        if not all(merged.values()):
            return "its weights are quantized"
        logits = [self._logits(layers) for layers in (low_rank, merged)]
        return apart("the logits of a prompt", logits[1], logits[0], ROUNDING * allowed(self._model.dtype))

    def _logits(self, layers: Layers) -> Any:
        """The logits of a few tokens with these layers in place."""
        import torch

        own = self._exchange(layers)
        try:
            count = self._model.config.get_text_config().vocab_size
            ids = torch.tensor([[(7919 * place) % count for place in range(1, 9)]])
            with torch.inference_mode():
                return self._model(input_ids=ids.to(self._model.device), use_cache=False).logits[0]
        finally:
            self._exchange(own)


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
        layers = {name: module for name, module in model.named_modules() if isinstance(module, LoraLayer)}
        return {name: layer for name, layer in layers.items() if not _inside(name, layers)}
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


def _inside(name: str, layers: Layers) -> bool:
    """Whether a layer stands inside another one: experts have one around the other for each of their parameters."""
    parts = name.split(".")
    return any(".".join(parts[:end]) in layers for end in range(1, len(parts)))


def merged_layer(layer: Any) -> Any | None:
    """A layer like the base's own whose weights are base + adapter, new matrices; bias and the like are shared.

    None where the base's are no matrices of plain numbers, as quantized ones.
    """
    import torch
    from peft.tuners.lora import LoraLayer

    deltas = {}
    while isinstance(layer, LoraLayer):
        deltas[getattr(layer, "parameter_name", "weight")] = layer.get_delta_weight("default")
        layer = layer.base_layer
    summed = {}
    for name, delta in deltas.items():
        own = layer._parameters.get(name)
        if own is None or own.shape != delta.shape or not own.is_floating_point():
            return None
        weight = (own.data + delta.to(own.dtype)).contiguous()
        summed[name] = torch.nn.Parameter(weight, requires_grad=False)
    merged = copy.copy(layer)
    merged._parameters = {**layer._parameters, **summed}
    return merged
