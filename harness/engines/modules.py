"""The modules that a sentence-transformers folder is put together from, and which of them may be loaded.

Each is a class by its dotted name, which the library imports: a folder may name any. Only the library's own ones are
loaded, and of these the ones whose files are weights and plain settings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from harness.errors import ModelUnavailable, shown
from harness.files import read_json, read_regular

MODULES = "modules.json"
KNOWN = (
    "Transformer", "Pooling", "Normalize", "Dense", "LayerNorm", "Dropout", "WeightedLayerPooling", "StaticEmbedding",
    "CNN", "LSTM", "LogitScore",
)  # fmt: skip
_TYPE = re.compile(rf"sentence_transformers(\.\w+)*\.({'|'.join(KNOWN)})")
PICKLES = ("*.bin", "*.pt", "*.pth", "*.pkl", "*.ckpt")
MOST_BYTES = 20_000_000
"""The longest file of settings."""


@dataclass(frozen=True, slots=True)
class Module:
    """A module by its dotted name, and its folder, relative to the model's (empty: that folder)."""

    type: str
    path: str


def read_settings(path: Path) -> Any:
    """The value of a model's JSON file. Raises ModelUnavailable where it is none."""
    try:
        return read_json(read_regular(path, MOST_BYTES))
    except OSError as error:
        raise ModelUnavailable(f"{path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:
        raise ModelUnavailable(f"{path} is not JSON: {error}.") from error


def modules_of(folder: Path) -> tuple[Module, ...]:
    """The modules of a folder, in their order; none where it is no sentence-transformers folder.

    Raises ModelUnavailable where the list is broken or names a folder outside of the model's.
    """
    path = folder / MODULES
    if not path.exists():
        return ()
    listed = read_settings(path)
    try:
        modules = tuple(Module(str(entry.get("type")), str(entry["path"])) for entry in listed)
    except (AttributeError, KeyError, TypeError) as error:
        raise ModelUnavailable(
            f"{path} is not a list of sentence-transformers modules: {error!r}."
        ) from error
    for module in modules:
        if PurePosixPath(module.path).is_absolute() or ".." in PurePosixPath(module.path).parts:
            raise ModelUnavailable(f"{path} names a module outside of its folder, which is not loaded.")
    return modules


def check_modules(folder: Path) -> None:
    """Refuse modules that would run code of the folder's, or are kept as pickles. Raises ModelUnavailable."""
    for module in modules_of(folder):
        if not _TYPE.fullmatch(module.type):
            raise ModelUnavailable(
                f"{folder / MODULES} names the module {shown(module.type)}, which could run code of its own and is not "
                f"loaded. What is loaded are sentence-transformers' {', '.join(KNOWN)}."
            )
        home = folder / module.path
        pickled = sorted(path.name for like in PICKLES for path in home.glob(like))
        if pickled and not any(home.glob("*.safetensors")):
            raise ModelUnavailable(
                f"{home} holds its weights only as {pickled[0]}, a format that can run code when it is opened, and is "
                'not loaded. Save the model anew where you trust it: SentenceTransformer("OLD").save("NEW").'
            )
        if module.path:
            _check_activation(home / "config.json", "activation_function")
    _check_activation(folder / "config.json", "sbert_ce_default_activation_function", "sentence_transformers")
    _check_activation(folder / "config_sentence_transformers.json", "activation_fn")


def _check_activation(path: Path, *keys: str) -> None:
    """Refuse settings that name a function outside of torch.nn under one of some keys: the library calls it."""
    settings = read_settings(path) if path.exists() else {}
    for named in map(settings.get, keys) if isinstance(settings, dict) else ():
        named = named.get("activation_fn") if isinstance(named, dict) else named
        if named is not None and not re.fullmatch(r"torch\.nn(\.\w+)+", str(named)):
            raise ModelUnavailable(
                f"{path} names the activation {shown(named)}, which is code from outside of torch.nn and is not loaded."
            )


def check_kernels(files: Iterable[Path]) -> None:
    """Refuse settings that name code of a hub for a part of the model, which transformers would fetch and run."""
    for path in files:
        for name in _implementations(read_settings(path)):
            if "/" in name:
                raise ModelUnavailable(
                    f"{path} names code of a model hub ({shown(name)}), and no code is fetched with a model. Take the "
                    "key out, and transformers' own is used."
                )


def _implementations(settings: Any, depth: int = 5) -> Iterator[str]:
    """What settings and those in them name as `attn_implementation` and the like."""
    for key, value in settings.items() if isinstance(settings, dict) and depth else ():
        named = value.values() if isinstance(value, dict) and key.endswith("_implementation") else [value]
        if key.endswith("_implementation"):
            yield from (name for name in named if isinstance(name, str))
        else:
            yield from _implementations(value, depth - 1)
