"""Weights that are not those of the model are refused by name; what files legitimately lack or hold too much is not.

The files are changed by the safetensors library; what transformers makes of a whole one is the expected value.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from harness.engines.gguf import dequantize
from harness.engines.local import LocalModel
from harness.engines.store import ModelFolder, resolve
from harness.errors import ModelUnavailable
from tests.engines.fakes import write_tiny_gguf
from tests.fakes import Silent

Tensors = dict[str, torch.Tensor]


@pytest.fixture
def folder(tiny_model: ModelFolder, tmp_path: Path) -> Path:
    return shutil.copytree(tiny_model.path, tmp_path / "model")


def change(folder: Path, how: Callable[[Tensors], Tensors]) -> None:
    tensors = load_file(folder / "model.safetensors")
    save_file(how(tensors), folder / "model.safetensors", metadata={"format": "pt"})


def configure(folder: Path, **values: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def load(folder: Path) -> Any:
    found = resolve(str(folder), kind="base", cache=folder, progress=Silent())
    return LocalModel(found, device="cpu", dtype="float32").weights


def refusal(folder: Path) -> str:
    with pytest.raises(ModelUnavailable) as refused:
        load(folder)
    assert str(folder) in str(refused.value)
    return str(refused.value)


def half(tensors: Tensors) -> Tensors:
    return {name: tensor for name, tensor in tensors.items() if "layers.1." not in name}


@pytest.mark.parametrize(
    ("how", "words"),
    [
        (lambda t: {f"module.{n}": x for n, x in t.items()}, ("21 tensors missing", "'module.'")),
        (lambda t: {f"_orig_mod.{n}": x for n, x in t.items()}, ("'_orig_mod.'",)),
        (half, ("9 tensors missing", "model.layers.1.input_layernorm.weight", "not complete")),
        (lambda t: {"other": torch.zeros(1)}, ("tensors missing", "1 tensor not of this model (other)")),
        (lambda t: t | {"model.extra.weight": torch.zeros(3)}, ("not of this model (model.extra.weight)",)),
        (lambda t: t | {"model.norm.weight": torch.zeros(47)}, ("model.norm.weight",)),
        (
            lambda t: t | {"model.norm.weight": torch.ones(48, dtype=torch.int8)},
            ("whole numbers: model.norm.weight", "quantization_config"),
        ),
        (
            lambda t: t | {"model.norm.weight": torch.full((48,), torch.nan)},
            ("no finite numbers: model.norm.weight",),
        ),
    ],
)
def test_weights_that_do_not_fit_are_named(
    folder: Path, how: Callable[[Tensors], Tensors], words: tuple[str, ...]
) -> None:
    change(folder, how)
    said = refusal(folder)
    assert all(word in said for word in words), said


def test_huge_weights_are_finite_numbers(folder: Path) -> None:
    change(folder, lambda t: t | {"model.norm.weight": torch.full((48,), 3e38)})
    assert load(folder).model.norm.weight[0] == torch.tensor(3e38)


def test_a_model_in_shards_is_whole_or_refused(folder: Path) -> None:
    whole = load(folder).state_dict()
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    places = {name: f"part{place % 2}.safetensors" for place, name in enumerate(tensors)}
    for part in set(places.values()):
        save_file(
            {n: t for n, t in tensors.items() if places[n] == part}, folder / part, metadata={"format": "pt"}
        )
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": places}))
    assert all(torch.equal(tensor, whole[name]) for name, tensor in load(folder).state_dict().items())
    lost = "model.norm.weight"
    index.write_text(
        json.dumps({"metadata": {}, "weight_map": {n: p for n, p in places.items() if n != lost}})
    )
    change_part = folder / places[lost]
    save_file(
        {n: t for n, t in load_file(change_part).items() if n != lost}, change_part, metadata={"format": "pt"}
    )
    assert f"1 tensor missing ({lost})" in refusal(folder)


@pytest.mark.parametrize(
    "how",
    [
        lambda t: t | {"lm_head.weight": t["model.embed_tokens.weight"].clone()},
        lambda t: t | {"model.layers.0.self_attn.rotary_emb.inv_freq": torch.ones(4)},
    ],
    ids=["a tied head that is stored too", "a table of an older file"],
)
def test_what_files_may_hold_besides_changes_nothing(folder: Path, how: Callable[[Tensors], Tensors]) -> None:
    whole = load(folder).state_dict()
    change(folder, how)
    assert all(torch.equal(tensor, whole[name]) for name, tensor in load(folder).state_dict().items())


def test_an_untied_head_that_is_not_there_is_missing(folder: Path) -> None:
    configure(folder, tie_word_embeddings=False)
    assert "1 tensor missing (lm_head.weight)" in refusal(folder)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"num_hidden_layers": 10**9}, "num_hidden_layers: 1,000,000,000"),
        ({"vocab_size": 10**9}, "describes a model of"),
        ({"hidden_size": 6 * 10**7}, "describes a model of"),
        ({"hidden_size": "wide"}, "cannot be read"),
        ({"model_type": "of tomorrow"}, "cannot be read"),
    ],
)
def test_a_configuration_of_another_model_takes_no_memory(
    folder: Path, values: dict[str, Any], words: str
) -> None:
    configure(folder, **values)
    assert words in refusal(folder)


def test_a_gguf_file_without_all_tensors_is_refused(tmp_path: Path) -> None:
    write_tiny_gguf(tmp_path / "whole.gguf")
    dequantize(tmp_path / "whole.gguf", tmp_path / "to", "whole", Silent())
    import gguf

    def leave_out(writer: Any, name: str, *args: Any, **options: Any) -> None:
        if name != "blk.0.ffn_up.weight":
            add(writer, name, *args, **options)

    add = gguf.GGUFWriter.add_tensor
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gguf.GGUFWriter, "add_tensor", leave_out)
        write_tiny_gguf(tmp_path / "part.gguf")
    with pytest.raises(
        ModelUnavailable, match=r"1 tensor missing \(model\.layers\.0\.mlp\.up_proj\.weight\)"
    ):
        dequantize(tmp_path / "part.gguf", tmp_path / "other", "part", Silent())
