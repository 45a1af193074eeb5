"""The weights of a model folder, read by transformers, and refused where they are not those of the model.

transformers fills what is missing with random numbers and goes on; the figures would be those of no model at all.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.engines.headers import Stored, stored
from harness.engines.quiet import import_transformers, reading
from harness.errors import ModelUnavailable
from harness.quantities import counted, listed

SHOWN = 3
WRAPPERS = ("module.", "_orig_mod.", "base_model.model.", "_fsdp_wrapped_module.", "model.")
"""What names of tensors begin with where a wrapper was saved in the model's place: of DistributedDataParallel,
torch.compile, peft, FSDP, and a module that holds the model."""
_COMPUTED = re.compile(r"(^|\.)(inv_freq|masked_bias|position_ids|attn\.bias)$")
"""Tables that older files hold and that models work out by themselves."""
_LAYERS = re.compile(r"^(n_layers?|depth|(num|n)(_\w+)?_layers?|\w+_layers)$")
FEW_LAYERS = 1000
"""So many are built in a moment, and the tensors that they lack are then named one by one."""
SLACK = 1 << 20
"""Numbers that a model may have beyond twice those of its files: tables that it works out by itself."""


def load_weights(folder: Path, dtype: str, device: str) -> Any:
    """The causal language model of a folder, ready to answer.

    Raises ModelUnavailable where it cannot be read, or where tensors are missing, left over, of other shapes, or no
    finite numbers.
    """
    import torch

    transformers = import_transformers()
    what = f"the model in {folder}"
    with reading(what):
        config = transformers.AutoConfig.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
    check_described(config, stored(folder), folder)
    with reading(what):
        model, info = transformers.AutoModelForCausalLM.from_pretrained(
            folder,
            config=config,
            dtype=getattr(torch, dtype),
            attn_implementation="sdpa",
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            ignore_mismatched_sizes=True,  # they are named by `check_fit`
            output_loading_info=True,
        )
        check_fit(info, what)
        model = model.to(device).eval().requires_grad_(False)
    check_finite(model, what)
    return model


def check_described(config: Any, weights: Stored, folder: Path) -> None:
    """Refuse a config.json that describes a model far larger than its weights, before memory is taken for it.

    Raises ModelUnavailable.
    """
    import torch

    path = folder / "config.json"
    for key, layers in _layer_counts(config.to_dict()):
        if layers > max(weights.tensors, FEW_LAYERS):
            raise ModelUnavailable(
                f"{path} says {key}: {layers:,}, and the weights beside it are {counted(weights.tensors, 'tensor')}. "
                "One of the two is not of this model; copy the folder again."
            )
    transformers = import_transformers()
    with reading(f"the model in {folder}"), torch.device("meta"):
        model = transformers.AutoModelForCausalLM.from_config(config, trust_remote_code=False)
        described = sum(tensor.numel() for tensor in (*model.parameters(), *model.buffers()))
    # Quantized files pack several numbers into one.
    if described > 2 * weights.elements + SLACK and not getattr(config, "quantization_config", None):
        raise ModelUnavailable(
            f"{path} describes a model of {described:,} numbers, and the weights beside it hold {weights.elements:,}. "
            "One of the two is not of this model; copy the folder again."
        )


def _layer_counts(config: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    for key, value in config.items():
        if isinstance(value, dict):
            yield from _layer_counts(value)
        elif isinstance(value, int) and _LAYERS.match(key) and "window" not in key:
            yield key, value


def check_fit(info: Mapping[str, Any], what: str, ignored: Collection[str] = ()) -> None:
    """Refuse a model whose tensors are not those of its files; `info`: what transformers says of its loading.

    `ignored`: which of `missing` and `unexpected` do no harm to this use of a model. Raises ModelUnavailable.
    """
    missing = sorted(info["missing_keys"]) if "missing" not in ignored else []
    foreign = sorted(name for name in info["unexpected_keys"] if not _COMPUTED.search(name))
    foreign = foreign if "unexpected" not in ignored else []
    shapes = sorted(str(entry[0]) for entry in info["mismatched_keys"])
    faults = [
        f"{counted(len(names), 'tensor')} {verb} ({listed(names, SHOWN)})"
        for names, verb in (
            (missing, "missing"),
            (foreign, "not of this model"),
            (shapes, "of another shape"),
        )
        if names
    ]
    if faults:
        raise ModelUnavailable(
            f"{what} has weights that do not fit its config.json: {'; '.join(faults)}. {_cause(missing, foreign)}"
        )


def _cause(missing: Collection[str], foreign: Collection[str]) -> str:
    for wrapper in WRAPPERS:
        if missing and foreign and all(name.startswith(wrapper) for name in foreign):
            return (
                f"Every name begins with {wrapper!r}: a wrapper was saved in the model's place. "
                "Save the model inside it (`wrapper.module.save_pretrained(…)`, or merge the adapter first)."
            )
    if missing and not foreign:
        return "The files are not complete; copy the folder again, or save the whole model."
    return "The weights and config.json come from different models, or the model was saved in part."


def check_finite(model: Any, what: str) -> None:
    """Refuse weights that are no finite numbers. Raises ModelUnavailable."""
    import torch

    broken = [
        name
        for name, tensor in model.named_parameters()
        # One pass without a copy. Half precision would overflow in the sum.
        if tensor.is_floating_point() and not torch.isfinite(tensor.sum(dtype=torch.float32))
    ]
    if broken:
        raise ModelUnavailable(
            f"{what} has weights that are no finite numbers: {listed(broken, SHOWN)}. The file is damaged, or the "
            "model was saved after its training had diverged."
        )
