"""Around libraries that read models: their errors become sentences, and what they make up is refused.

For language models, adapters and embedders alike. transformers fills tensors that are missing with random numbers.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.errors import HarnessError, ModelUnavailable
from harness.quantities import counted, listed

MOST_SAID = 300
"""Characters of a library's words that are passed on."""
SHOWN = 3
WRAPPERS = ("module.", "_orig_mod.", "base_model.model.", "_fsdp_wrapped_module.", "model.")
"""What names of tensors begin with where a wrapper was saved in the model's place: of DistributedDataParallel,
torch.compile, peft, FSDP, and a module that holds the model."""
_COMPUTED = re.compile(r"(^|\.)(inv_freq|masked_bias|position_ids|attn\.bias)$")
"""Tables that older files hold and that models work out by themselves."""


@contextlib.contextmanager
def reading(what: str) -> Iterator[None]:
    """Around a library that reads a model's files: what it raises on files that it cannot read becomes a sentence.

    Broken files make the libraries raise nearly anything, so every exception counts, also the panic of a library in
    Rust, which is no `Exception`; nothing but the library's own calls stands inside. Raises ModelUnavailable.
    """
    try:
        yield
    except HarnessError:
        raise
    except MemoryError as error:
        raise ModelUnavailable(
            f"{what} cannot be read: this machine has too little memory for it."
        ) from error
    except BaseException as error:
        if "trust_remote_code" in str(error):
            raise ModelUnavailable(
                f"{what} needs code of its own (auto_map in its configuration), and no code out of a model's folder is "
                "run here. Name a model of a kind that transformers knows by itself."
            ) from error
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise ModelUnavailable(f"{what} cannot be read: {said(error)}.") from error


def said(error: BaseException) -> str:
    """What a library said, on one line and without a full stop, behind the error's type where that tells more."""
    words = " ".join(str(error).split())
    words = (words if len(words) <= MOST_SAID else f"{words[:MOST_SAID]}…").rstrip(".: ")
    plain = isinstance(error, OSError | ValueError | RuntimeError) and words
    return words if plain else f"{type(error).__name__}{words and f': {words}'}"


def settings_in(path: Path, what: str) -> dict[str, Any]:
    """A small configuration file of a model; empty where there is none. Raises ModelUnavailable."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise ModelUnavailable(f"{what}'s file {path} cannot be read: {error}") from error
    return value if isinstance(value, dict) else {}


def loading_info(kind: Any, folder: Path) -> Any:
    """What transformers says of loading a folder's weights as a `kind` of model."""
    _, info = kind.from_pretrained(
        folder,
        local_files_only=True,
        trust_remote_code=False,
        use_safetensors=True,
        ignore_mismatched_sizes=True,
        output_loading_info=True,
    )
    return info


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

    def finite(tensor: Any) -> bool:
        # A sum is one pass without a copy; it may overflow where every number is finite.
        return bool(torch.isfinite(tensor.sum(dtype=torch.float32)) or torch.isfinite(tensor).all())

    parameters = model.named_parameters()
    broken = [name for name, tensor in parameters if tensor.is_floating_point() and not finite(tensor)]
    if broken:
        raise ModelUnavailable(
            f"{what} has weights that are no finite numbers: {listed(broken, SHOWN)}. The file is damaged, or the "
            "model was saved after its training had diverged."
        )


def free_bytes(device: str) -> int:
    """Memory that can still be taken on a device; of one that does not say, as much as the machine has."""
    import psutil

    if device.startswith("cuda"):
        import torch

        free: int = torch.cuda.mem_get_info(device)[0]
        return free
    return int(psutil.virtual_memory().available)
