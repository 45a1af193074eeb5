"""GGUF files: read once, written as full-precision safetensors, and loaded from there ever after.

Dequantizing takes some 20 seconds for 135M parameters, loading the result two. A model read straight from
a GGUF file counts as quantized and could not be trained.
"""

from __future__ import annotations

import io
import sys
import warnings
from contextlib import nullcontext, redirect_stderr
from pathlib import Path
from typing import Any

from harness.engines.weights import check_layers
from harness.errors import HarnessError, ModelUnavailable
from harness.loading import check_fit
from harness.progress import Progress
from harness.quiet import import_transformers


def check_magic(path: Path) -> None:
    """Raises ModelUnavailable where the file is no GGUF file at all; reads four bytes."""
    try:
        with path.open("rb") as stream:
            magic = stream.read(4)
    except OSError as error:
        raise ModelUnavailable(f"{path} cannot be read: {error.strerror or error}.") from error
    if magic != b"GGUF":
        raise ModelUnavailable(f"{path} is not a GGUF file: it does not begin with the letters GGUF.")


def dequantize(source: Path, target: Path, name: str, progress: Progress) -> None:
    """Write the model in the GGUF file `source` to the folder `target`: float32 weights and tokenizer.

    The folder is loaded again and must give the same logits. Raises ModelUnavailable where the file is
    broken or of a kind that transformers does not read, HarnessError where the disk is full.
    """
    progress.note(f"Dequantizing {name} into the cache (once; 135M parameters take some 20 seconds).")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the libraries' deprecations are nothing the user can mend
        # transformers shows the conversion with a tqdm bar of its own, which no setting turns off.
        with nullcontext() if sys.stderr.isatty() else redirect_stderr(io.StringIO()):
            model, tokenizer = _read(source)
        expected = _logits(model)
        _write(model, tokenizer, target)
        del model
        if not _same(expected, _logits(_reload(target))):
            raise ModelUnavailable(
                f"{source.name} was dequantized, but what was written gives other logits than what was read. "
                "This GGUF file cannot be used here; name a folder of safetensors instead."
            )


def _read(source: Path) -> tuple[Any, Any]:
    import torch

    transformers = import_transformers()
    shared = {"gguf_file": source.name, "local_files_only": True, "trust_remote_code": False}
    try:
        config = transformers.AutoConfig.from_pretrained(source.parent, **shared)
        check_layers(config, _tensors(source), source)
        tokenizer = transformers.AutoTokenizer.from_pretrained(source.parent, **shared)
        model, info = transformers.AutoModelForCausalLM.from_pretrained(
            source.parent,
            quantization_config=transformers.GgufConfig(dequantize=True),
            dtype=torch.float32,
            output_loading_info=True,
            **shared,
        )
    except ModelUnavailable:
        raise
    except Exception as error:  # a broken file makes the parsers raise nearly anything
        reason = (str(error).splitlines() or [""])[0] or type(error).__name__
        raise ModelUnavailable(
            f"{source} cannot be read as a model: {reason[:300].rstrip('.')}. The file may be cut "
            "short, or of an architecture that transformers does not read from GGUF. Name a folder of "
            "safetensors instead."
        ) from error
    check_fit(info, f"the model in {source}", ignored=("unexpected",))
    return model.eval(), tokenizer


def _tensors(source: Path) -> int:
    """How many tensors the header of a file says that it holds."""
    with source.open("rb") as stream:
        return int.from_bytes(stream.read(16)[8:], "little")


def _write(model: Any, tokenizer: Any, target: Path) -> None:
    from safetensors import SafetensorError

    try:
        model.save_pretrained(target)
        tokenizer.save_pretrained(target)
    except SafetensorError as error:  # the library hides "disk full" in an error of its own
        raise HarnessError(
            f"could not write the dequantized weights to {target.parent}: {error}. "
            "Nothing half-written was kept."
        ) from error
    for path in target.glob("*.safetensors"):
        path.chmod(0o644)  # the library makes them readable by their owner alone


def _reload(folder: Path) -> Any:
    import torch

    transformers = import_transformers()
    return transformers.AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, local_files_only=True, use_safetensors=True, trust_remote_code=False
    ).eval()


def _logits(model: Any) -> Any:
    """[1, 8, vocabulary] for eight tokens spread over the vocabulary."""
    import torch

    with torch.inference_mode():
        ids = torch.linspace(0, model.config.vocab_size - 1, 8).long()[None, :]
        return model(input_ids=ids).logits


def _same(first: Any, second: Any) -> bool:
    import torch

    return bool(torch.isfinite(first).all()) and torch.allclose(first, second, rtol=1e-4, atol=1e-4)
