"""What safetensors files hold, from their headers alone: names, shapes and dtypes of tensors. Loads no weights."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

from harness.errors import ModelUnavailable

MOST_HEADER_BYTES = 100_000_000
"""What the safetensors library reads at most."""
INDEX = "model.safetensors.index.json"


class Tensor(NamedTuple):
    """A tensor as a header describes it; `dtype` in the words of the format, such as F32, BF16 or I8."""

    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True, slots=True)
class Stored:
    """The tensors of a folder's own weight files: how many, and how many numbers they hold together.

    `whole`: the weights among them that are whole numbers, as quantized models store them.
    """

    tensors: int
    elements: int
    whole: tuple[str, ...] = ()


def stored(folder: Path) -> Stored:
    """What the weight files of a model folder hold. Raises ModelUnavailable where one is damaged."""
    tensors = [item for path in folder.glob("*.safetensors") for item in read_header(path).items()]
    whole = [name for name, tensor in tensors if tensor.dtype.startswith(("I", "U", "BOOL"))]
    weights = [name for name in whole if name.endswith((".weight", ".bias"))]
    return Stored(len(tensors), sum(prod(tensor.shape) for _, tensor in tensors), tuple(weights))


def read_header(path: Path) -> dict[str, Tensor]:
    """The tensors of a file, by name.

    A file says in its header where its last tensor ends. Raises ModelUnavailable where that is not where it ends.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            header = json.loads(stream.read(length)) if length <= min(size - 8, MOST_HEADER_BYTES) else None
        tensors = _tensors(header)
        ends = [entry["data_offsets"][1] for name, entry in (header or {}).items() if name != "__metadata__"]
        if 8 + length + max(ends, default=0) != size:
            tensors = None
    except OSError as error:
        raise ModelUnavailable(f"{path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        tensors = None
    if tensors is None:
        raise ModelUnavailable(
            f"{path} is cut short or is not a safetensors file ({size:,} bytes). Copy it again."
        )
    return tensors


def tensors_sha256(path: Path) -> str:
    """SHA-256 of the tensors of a whole file: names, types, shapes and numbers, in the order of their names."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        start = 8 + int.from_bytes(stream.read(8), "little")
        header = json.loads(stream.read(start - 8))
        for name in sorted(header.keys() - {"__metadata__"}):
            first, last = header[name]["data_offsets"]
            digest.update(json.dumps([name, header[name]["dtype"], header[name]["shape"]]).encode())
            stream.seek(start + first)
            digest.update(stream.read(last - first))
    return digest.hexdigest()


def _tensors(header: Mapping[str, Any] | None) -> dict[str, Tensor] | None:
    if header is None:
        return None
    tensors = {
        name: Tensor(tuple(entry["shape"]), str(entry["dtype"]))
        for name, entry in header.items()
        if name != "__metadata__"
    }
    if not all(type(length) is int and length >= 0 for tensor in tensors.values() for length in tensor.shape):
        return None
    return tensors


def check_weights(folder: Path, files: Mapping[str, Path], what: str) -> None:
    """Refuse weights that were cut short, and an index of shards that are not all there.

    `files`: by path relative to `folder`. `what` names the model in the sentence. Raises ModelUnavailable.
    """
    for name, path in files.items():
        if name.endswith(".safetensors"):
            read_header(path)
    index = folder / INDEX
    if not index.is_file():
        return
    try:
        shards = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        missing = sorted(shard for shard in shards if not (folder / shard).is_file())
        outside = sorted(shard for shard in shards if Path(shard).name != shard)
    except OSError as error:
        raise ModelUnavailable(f"{index} cannot be read: {error.strerror or error}.") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelUnavailable(f"{index} is not an index of weight files: {error!r}.") from error
    if outside:
        raise ModelUnavailable(f"{index} names {outside[0]!r}, which is no file of its folder.")
    if missing:
        raise ModelUnavailable(
            f"{what} is incomplete: {len(missing)} weight files are missing ({missing[0]}, …)."
        )
