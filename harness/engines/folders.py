"""Model folders: what makes one loadable, what names its contents, and the sidecar that guards a cached one.

Only safetensors are loaded. Formats built on pickle run code when they are opened and are refused.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from fnmatch import fnmatch
from pathlib import Path

from pydantic import TypeAdapter

from harness.engines.catalogue import Kind
from harness.engines.headers import check_weights
from harness.engines.modules import (
    MOST_BYTES,
    PICKLES,
    check_kernels,
    check_modules,
    modules_of,
    read_settings,
)
from harness.errors import InputError, ModelUnavailable
from harness.files import read_regular, sha256_file, sha256_json, write_json

SCHEMA_VERSION = 1
SIDECAR = "harness.json"

CONTENT = (
    "*.safetensors", "*.safetensors.index.json", "config.json", "generation_config.json", "tokenizer*.json",
    "tokenizer.model", "special_tokens_map.json", "added_tokens.json", "vocab.json", "vocab.txt", "merges.txt",
    "chat_template*", "*.jinja", "modules.json", "config_sentence_transformers.json", "sentence_*_config.json",
    "adapter_config.json",
)  # fmt: skip
"""The files that shape what a model answers; their hashes together name it."""

_READ = tuple(like for like in CONTENT if not like.startswith("chat_template"))
"""Those that are never folders; more templates may lie in one."""
_SETTINGS = ("config.json", "sentence_bert_config.json")
_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt")
_LICENCE = re.compile(r"\A---\n.*?^license:[ \t]*[\"']?(?P<name>[\w.+-]+)", re.M | re.S)


@dataclass(frozen=True, slots=True)
class FileFacts:
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What the store wrote down about a folder that it made; stands in the folder as `harness.json`."""

    schema_version: int
    name: str
    sha256: str
    source: str
    licence: str | None
    files: dict[str, FileFacts]
    """By path relative to the folder."""


def write_sidecar(
    folder: Path, *, name: str, sha256: str | None, source: str, licence: str | None
) -> Sidecar:
    """Record every file of a finished folder. `sha256` None: the folder is named by its own contents."""
    files = {
        name: FileFacts(sha256_file(path), path.stat().st_size) for name, path in _all_files(folder).items()
    }
    sidecar = Sidecar(SCHEMA_VERSION, name, sha256 or content_sha256(folder), source, licence, files)
    write_json(folder / SIDECAR, asdict(sidecar))
    return sidecar


def read_sidecar(folder: Path) -> Sidecar | None:
    """The sidecar of a folder in the cache, or None where there is none that this version understands."""
    try:
        sidecar = TypeAdapter(Sidecar).validate_json((folder / SIDECAR).read_bytes(), strict=True)
    except (OSError, ValueError):
        return None
    return sidecar if sidecar.schema_version == SCHEMA_VERSION else None


def damage(folder: Path, sidecar: Sidecar, *, hashes: bool = True) -> str | None:
    """What is wrong with a cached folder, in words, or None. Without `hashes` only sizes are compared."""
    present = _all_files(folder)
    for name, made in sidecar.files.items():
        if name not in present:
            return f"{name} is missing"
        size = present[name].stat().st_size
        if size != made.bytes:
            return f"{name} has {size:,} bytes of {made.bytes:,}"
        if hashes and sha256_file(present[name]) != made.sha256:
            return f"{name} was altered"
    foreign = sorted(present.keys() - sidecar.files.keys())
    return f"{foreign[0]} does not belong there" if foreign else None


def _all_files(folder: Path) -> dict[str, Path]:
    return {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != SIDECAR and not path.name.startswith(".")
    }


def content_files(folder: Path) -> dict[str, Path]:
    """The files that shape what the model answers, by path relative to the folder.

    These are the folder's own and, for a sentence-transformers model, those of its modules.
    """
    return {
        path.relative_to(folder).as_posix(): path
        for root in _roots(folder)
        if root.is_dir()
        for path in sorted(root.iterdir())
        if path.is_file() and any(fnmatch(path.name, like) for like in CONTENT)
    }


def _roots(folder: Path) -> list[Path]:
    """The folders whose files shape what the model answers."""
    modules = [folder / module.path for module in modules_of(folder) if module.path]
    return [folder, folder / "additional_chat_templates", *modules]


def content_sha256(folder: Path) -> str:
    """SHA-256 of the canonical JSON of {relative path: sha256 of that file}: the same wherever it lies."""
    return sha256_json({name: sha256_file(path) for name, path in content_files(folder).items()})


def licence(folder: Path) -> str | None:
    """The licence that the folder's model card names, if it has one."""
    try:
        card = read_regular(folder / "README.md", MOST_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return None
    found = _LICENCE.search(card.replace("\r\n", "\n").partition("\n---\n")[0])
    return found["name"] if found else None


def check_loadable(folder: Path, kind: Kind, what: str) -> None:
    """Refuse what could not be loaded, without loading it: weights are only checked for their length.

    `what` names the model in the sentence. Raises InputError where `folder` is no model folder at all,
    ModelUnavailable where its weights or its tokenizer cannot be used.
    """
    files = content_files(folder)
    _check_files(folder)
    if "config.json" not in files and not (kind == "embedder" and "modules.json" in files):
        lora = " It looks like a LoRA adapter: merge it into its base model and name the merged folder."
        hint = lora if "adapter_config.json" in files else ""
        raise InputError(f"{what} is not a model folder: there is no config.json in it.{hint}")
    if not any(name.endswith(".safetensors") for name in files):
        raise ModelUnavailable(_no_safetensors(folder, what))
    check_weights(folder, files, what)
    if kind != "base":
        check_modules(folder)
    if "config.json" in files and not isinstance(read_settings(files["config.json"]), dict):
        raise ModelUnavailable(
            f"{files['config.json']} is not the configuration of a model: it is no JSON object."
        )
    check_kernels([path for path in files.values() if path.name in _SETTINGS])
    if not any(Path(name).name in _TOKENIZERS for name in files):
        raise ModelUnavailable(f"{what} holds no tokenizer ({', '.join(_TOKENIZERS)}).")


def _check_files(folder: Path) -> None:
    """Refuse folders, pipes and dead links in the place of files: libraries would wait for them, or fail."""
    for root in _roots(folder):
        for path in sorted(root.iterdir()) if root.is_dir() else ():
            if any(fnmatch(path.name, like) for like in _READ) and not path.is_file():
                raise ModelUnavailable(f"{path} is not a file, or a link to none. Copy the folder again.")


def _no_safetensors(folder: Path, what: str) -> str:
    pickled = sorted(path.name for like in PICKLES for path in folder.glob(like))
    if not pickled:
        return f"{what} holds no weights: there is no *.safetensors file in it."
    return (
        f"{what} holds its weights only as {pickled[0]}, a format that can run code when it is "
        "opened, and is not loaded. Convert it where you trust the file: in Python, "
        'transformers.AutoModel.from_pretrained("OLD").save_pretrained("NEW") '
        "(AutoModelForCausalLM for a language model), and the same with AutoTokenizer; then name that folder."
    )
