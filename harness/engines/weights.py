"""The weights of a model folder, read by transformers, and refused where they are not those of the model.

transformers fills what is missing with random numbers and goes on; the figures would be those of no model at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.engines.attention import attention_of
from harness.engines.headers import Stored, stored
from harness.errors import ModelUnavailable
from harness.loading import SHOWN, check_finite, check_fit, reading
from harness.quantities import counted, listed
from harness.quiet import import_transformers

_LAYERS = re.compile(r"^(n_layers?|depth|(num|n)(_\w+)?_layers?|\w+_layers)$")
FEW_LAYERS = 1000
"""The most that are built in a moment, so that the tensors that they lack can be named one by one."""
SLACK = 1 << 20
"""Numbers that a model may have beyond twice those of its files: tables that it works out by itself."""


def load_weights(folder: Path, dtype: str, device: str) -> Any:
    """The causal language model of a folder, ready to answer.

    Raises ModelUnavailable where it cannot be read, or where tensors are missing, left over, of other shapes, or no
    finite numbers.
    """
    transformers = import_transformers()
    what = f"the model in {folder}"
    with reading(what):
        config = transformers.AutoConfig.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
    architecture = check_described(config, stored(folder), folder)
    if dtype == "nf4" and getattr(config, "quantization_config", None):
        raise ModelUnavailable(f"{what} is quantized already; leave --dtype nf4 out.")
    with reading(what):
        model, info = transformers.AutoModelForCausalLM.from_pretrained(
            folder,
            config=config,
            attn_implementation=attention_of(architecture, config),
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            ignore_mismatched_sizes=True,  # they are named by `check_fit`
            output_loading_info=True,
            **_numbers(dtype, device),
        )
        check_fit(info, what)
        if dtype == "nf4":  # the weights lie on the device already, and may not be moved
            _keep_layout(model)
        else:
            model = model.to(device)
        model = model.eval().requires_grad_(False)
        model.generation_config = _ends_alone(model.generation_config)
    check_finite(model, what)
    return model


def _numbers(dtype: str, device: str) -> dict[str, Any]:
    """What numbers the weights are read as."""
    import torch

    if dtype != "nf4":
        return {"dtype": getattr(torch, dtype)}
    four_bit = import_transformers().BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
    return {"dtype": torch.bfloat16, "quantization_config": four_bit, "device_map": {"": device}}


def _keep_layout(model: Any) -> None:
    """On some processors bitsandbytes lays 4-bit weights out anew at the first answer, which makes them unfit to train
    over, and only weights whose rows come in blocks of 32: both are left to the layout that every processor reads."""
    for layer in model.modules():
        if hasattr(layer, "support_avx512bf16_for_cpu"):
            layer.support_avx512bf16_for_cpu = False


def _ends_alone(said: Any) -> Any:
    """Of how a checkpoint wants to be decoded (sampling, penalties, beams), its end tokens alone: every system is
    decoded greedily."""
    return import_transformers().GenerationConfig(
        **{name: getattr(said, name) for name in ("eos_token_id", "bos_token_id", "pad_token_id")}
    )


def check_described(config: Any, weights: Stored, folder: Path) -> type:
    """The class of the model that a config.json describes.

    Raises ModelUnavailable where it is another model than its weights, before memory is taken for it: one far larger,
    or one whose weights are not whole numbers.
    """
    import torch

    path = folder / "config.json"
    check_layers(config, weights.tensors, path)
    transformers = import_transformers()
    with reading(f"the model in {folder}"), torch.device("meta"):
        model = transformers.AutoModelForCausalLM.from_config(
            config,
            trust_remote_code=False,
            attn_implementation="eager",  # which every model has
        )
        described = sum(tensor.numel() for tensor in (*model.parameters(), *model.buffers()))
    if getattr(config, "quantization_config", None):
        return type(model)  # its files hold whole numbers, several packed into one
    if weights.whole:
        raise ModelUnavailable(
            f"the model in {folder} has weights that are whole numbers: {listed(weights.whole, SHOWN)}. {path} "
            "does not say how they are quantized (quantization_config); copy the folder again."
        )
    if described > 2 * weights.elements + SLACK:
        raise ModelUnavailable(
            f"{path} describes a model of {described:,} numbers, and the weights beside it hold {weights.elements:,}. "
            "One of the two is not of this model; copy the folder again."
        )
    return type(model)


def check_layers(config: Any, tensors: int, path: Path) -> None:
    """Raises ModelUnavailable for a configuration of more layers than there are tensors: each would be built first."""
    for key, layers in _layer_counts(config.to_dict()):
        if layers > max(tensors, FEW_LAYERS):
            raise ModelUnavailable(
                f"{path} says {key}: {layers:,}, and the weights with it are {counted(tensors, 'tensor')}. "
                "One of the two is not of this model; copy it again."
            )


def _layer_counts(config: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    for key, value in config.items():
        if isinstance(value, dict):
            yield from _layer_counts(value)
        elif isinstance(value, int) and _LAYERS.match(key) and "window" not in key:
            yield key, value
