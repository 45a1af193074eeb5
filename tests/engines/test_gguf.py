"""GGUF files: read exactly, written as plain safetensors, refused in words where broken."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from harness.engines import gguf
from harness.errors import HarnessError, ModelUnavailable
from tests.engines.fakes import write_tiny_gguf
from tests.fakes import Silent


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    return path, write_tiny_gguf(path)


def test_the_weights_are_those_of_the_file_and_no_longer_quantized(
    tiny: tuple[Path, dict[str, Any]], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from safetensors.numpy import load_file

    path, tensors = tiny
    gguf.dequantize(path, tmp_path, "tiny", Silent())
    assert capfd.readouterr() == ("", "")
    weights = load_file(tmp_path / "model.safetensors")
    for theirs, ours in {
        "token_embd": "model.embed_tokens.weight",
        "output_norm": "model.norm.weight",
        "blk.0.attn_v": "model.layers.0.self_attn.v_proj.weight",
        "blk.0.attn_output": "model.layers.0.self_attn.o_proj.weight",
        "blk.0.ffn_down": "model.layers.0.mlp.down_proj.weight",
    }.items():
        assert weights[ours].dtype == np.float32
        np.testing.assert_array_equal(weights[ours], tensors[theirs])
    config = json.loads((tmp_path / "config.json").read_text())
    assert "quantization_config" not in config
    assert (tmp_path / "chat_template.jinja").read_text() == "{{ messages[0]['content'] }}"
    assert (tmp_path / "generation_config.json").is_file()


def test_the_tokenizer_comes_along(tiny: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    gguf.dequantize(tiny[0], tmp_path, "tiny", Silent())
    tokenizer = AutoTokenizer.from_pretrained(tmp_path, local_files_only=True)
    assert tokenizer.tokenize("cab<|end|>") == ["c", "ab", "<|end|>"]
    assert tokenizer.eos_token_id == 0


@pytest.mark.parametrize("kept", [12, 3000, 20_000])
def test_a_file_that_was_cut_is_refused_in_words(
    tiny: tuple[Path, dict[str, Any]], tmp_path: Path, kept: int
) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(tiny[0].read_bytes()[:kept])
    with pytest.raises(ModelUnavailable, match=r"broken\.gguf cannot be read as a model.*cut short"):
        gguf.dequantize(broken, tmp_path / "out", "broken", Silent())


def test_more_layers_than_tensors_are_not_built(tiny: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    data, key = tiny[0].read_bytes(), b"llama.block_count"
    at = data.index(key) + len(key) + 4
    path = tmp_path / "deep.gguf"
    path.write_bytes(data[:at] + (2**31 - 1).to_bytes(4, "little") + data[at + 4 :])
    with pytest.raises(ModelUnavailable, match=r"deep\.gguf says num_hidden_layers: 2,147,483,647"):
        gguf.dequantize(path, tmp_path / "out", "deep", Silent())


@pytest.mark.parametrize("data", [b"", b"GG", b"PK\x03\x04 a wheel"])
def test_another_kind_of_file_is_told_by_its_first_letters(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(data)
    with pytest.raises(ModelUnavailable, match="is not a GGUF file"):
        gguf.check_magic(path)


class FakeModel:
    """Gives the same logits for anything; `save_pretrained` does what it is told."""

    config = SimpleNamespace(vocab_size=4)

    def __init__(self, value: float, error: Exception | None = None) -> None:
        self.value, self.error = value, error

    def __call__(self, input_ids: Any) -> Any:
        import torch

        return SimpleNamespace(logits=torch.full((1, 8, 4), self.value))

    def save_pretrained(self, folder: Path) -> None:
        if self.error:
            raise self.error


def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from safetensors import SafetensorError

    full = SafetensorError("I/O error: No space left on device (os error 28)")
    monkeypatch.setattr(gguf, "_read", lambda _source: (FakeModel(0.0, full), FakeModel(0.0)))
    with pytest.raises(HarnessError, match="No space left on device"):
        gguf.dequantize(tmp_path / "m.gguf", tmp_path, "m", Silent())


@pytest.mark.parametrize(("first", "second"), [(1.0, 2.0), (float("nan"), float("nan"))])
def test_a_copy_that_answers_otherwise_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: float, second: float
) -> None:
    monkeypatch.setattr(gguf, "_read", lambda _source: (FakeModel(first), FakeModel(first)))
    monkeypatch.setattr(gguf, "_reload", lambda _folder: FakeModel(second))
    with pytest.raises(ModelUnavailable, match="other logits"):
        gguf.dequantize(tmp_path / "m.gguf", tmp_path, "m", Silent())
