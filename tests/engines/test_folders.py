"""Model folders: which are loaded, which are refused and with what words, and what names their contents."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from harness.engines import folders
from harness.engines.catalogue import Kind
from harness.errors import InputError, ModelUnavailable
from tests.engines.fakes import embedder_files, safetensors_bytes, write_folder


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def base_files() -> dict[str, bytes]:
    return {"config.json": b"{}", "tokenizer.json": b"{}", "model.safetensors": safetensors_bytes()}


def test_the_hash_is_that_of_the_listed_file_hashes_as_canonical_json(tmp_path: Path) -> None:
    write_folder(tmp_path, base_files())
    listed = {name: sha256(data) for name, data in base_files().items()}
    by_hand = json.dumps(listed, sort_keys=True, separators=(",", ":"))
    assert folders.content_sha256(tmp_path) == sha256(by_hand.encode())


def test_the_hash_does_not_depend_on_the_place_or_on_files_that_shape_no_answer(tmp_path: Path) -> None:
    one = write_folder(tmp_path / "one", base_files())
    two = write_folder(tmp_path / "two", {**base_files(), "README.md": b"hello", "training_args.bin": b"x"})
    assert folders.content_sha256(one) == folders.content_sha256(two)


@pytest.mark.parametrize(
    "name",
    ["config.json", "model.safetensors", "tokenizer.json", "chat_template.jinja", "generation_config.json"],
)
def test_the_hash_changes_with_every_file_that_shapes_an_answer(tmp_path: Path, name: str) -> None:
    one = write_folder(tmp_path / "one", base_files())
    two = write_folder(tmp_path / "two", {**base_files(), name: b"other"})
    assert folders.content_sha256(one) != folders.content_sha256(two)


def test_the_modules_of_a_sentence_transformer_are_part_of_it(tmp_path: Path) -> None:
    write_folder(tmp_path, embedder_files())
    assert "1_Pooling/config.json" in folders.content_files(tmp_path)
    folders.check_loadable(tmp_path, "embedder", "the folder")


def test_a_module_outside_of_its_folder_is_refused(tmp_path: Path) -> None:
    write_folder(tmp_path, {**embedder_files(), "modules.json": b'[{"path": "../elsewhere"}]'})
    with pytest.raises(ModelUnavailable, match="outside"):
        folders.check_loadable(tmp_path, "embedder", "the folder")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"modules.json": b'[{"path": "", "type": "mine.Module"}]'}, "could run code"),
        ({"modules.json": b'[{"path": "", "type": "sentence_transformers.util.Mine"}]'}, "could run code"),
        (
            {"modules.json": b'[{"path": "", "type": "sentence_transformers.evil:Transformer"}]'},
            "could run code",
        ),
        ({"modules.json": b'[{"path": ""}]'}, "could run code"),
        ({"modules.json": b'{"a": 1}'}, "not a list"),
        ({"modules.json": b"[" * 100_000}, "not JSON"),
        ({"1_Pooling/config.json": b'{"activation_function": "os.system"}'}, "from outside of torch"),
        (
            {"config.json": b'{"sentence_transformers": {"activation_fn": "torch.x.main"}}'},
            "outside of torch.nn",
        ),
        ({"config_sentence_transformers.json": b'{"activation_fn": "os.abort"}'}, "outside of torch.nn"),
        ({"1_Pooling/pytorch_model.bin": b"x"}, "pytorch_model.bin"),
        ({"config.json": b"[]"}, "no JSON object"),
        ({"config.json": b"{"}, "not JSON"),
    ],
)
@pytest.mark.parametrize("kind", ["embedder", "reranker"])
def test_an_embedder_or_a_reranker_runs_no_code_of_its_own(
    tmp_path: Path, kind: Kind, files: dict[str, bytes], words: str
) -> None:
    write_folder(tmp_path, {**embedder_files(), **files})
    with pytest.raises(ModelUnavailable, match=words):
        folders.check_loadable(tmp_path, kind, "the folder")


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("config.json", {"attn_implementation": "kernels-community/flash-attn"}),
        ("config.json", {"text_config": {"_attn_implementation": {"": "someone/kernel"}}}),
        ("sentence_bert_config.json", {"model_kwargs": {"attn_implementation": "someone/kernel@main:f"}}),
    ],
)
def test_code_of_a_hub_is_not_fetched_with_a_model(tmp_path: Path, name: str, settings: object) -> None:
    write_folder(tmp_path, {**base_files(), name: json.dumps(settings).encode()})
    with pytest.raises(ModelUnavailable, match="names code of a model hub"):
        folders.check_loadable(tmp_path, "base", "the folder")


@pytest.mark.parametrize("name", ["tokenizer.json", "README.md", "merges.txt", "1_Pooling/config.json"])
def test_pipes_and_folders_are_no_files(tmp_path: Path, name: str) -> None:
    write_folder(tmp_path, embedder_files())
    (tmp_path / name).unlink(missing_ok=True)
    os.mkfifo(tmp_path / name)
    if name == "README.md":
        assert folders.licence(tmp_path) is None
        return
    with pytest.raises(ModelUnavailable, match="is not a file"):
        folders.check_loadable(tmp_path, "embedder", "the folder")


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt"])
def test_pickled_weights_are_refused_with_a_way_out(tmp_path: Path, name: str) -> None:
    files = {**base_files(), name: b"pickle"}
    del files["model.safetensors"]
    write_folder(tmp_path, files)
    with pytest.raises(ModelUnavailable, match=name) as caught:
        folders.check_loadable(tmp_path, "base", "the folder m")
    assert "save_pretrained" in str(caught.value)


def test_a_folder_without_a_model_is_wrong_input(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"the folder m is not a model folder.*config\.json"):
        folders.check_loadable(tmp_path, "base", "the folder m")


def test_an_adapter_is_recognised(tmp_path: Path) -> None:
    write_folder(tmp_path, {"adapter_config.json": b"{}", "adapter_model.safetensors": safetensors_bytes()})
    with pytest.raises(InputError, match="LoRA adapter"):
        folders.check_loadable(tmp_path, "base", "the folder m")


@pytest.mark.parametrize("kept", [3, 20, -4])
def test_weights_that_were_cut_short_are_found_without_loading_them(tmp_path: Path, kept: int) -> None:
    write_folder(tmp_path, {**base_files(), "model.safetensors": safetensors_bytes()[:kept]})
    with pytest.raises(ModelUnavailable, match="cut short"):
        folders.check_loadable(tmp_path, "base", "the folder m")


@pytest.mark.parametrize("offsets", [["a", "b"], [0, None], [0, [16]]])
def test_offsets_that_are_no_numbers_are_a_damaged_file(tmp_path: Path, offsets: list[object]) -> None:
    header = json.dumps({"w": {"dtype": "F32", "shape": [4], "data_offsets": offsets}}).encode()
    data = len(header).to_bytes(8, "little") + header + bytes(16)
    write_folder(tmp_path, {**base_files(), "model.safetensors": data})
    with pytest.raises(ModelUnavailable, match="cut short"):
        folders.check_loadable(tmp_path, "base", "the folder m")


def test_a_missing_shard_is_named(tmp_path: Path) -> None:
    index = {"weight_map": {"a": "model.safetensors", "b": "model-00002-of-00002.safetensors"}}
    write_folder(tmp_path, {**base_files(), "model.safetensors.index.json": json.dumps(index).encode()})
    with pytest.raises(ModelUnavailable, match="model-00002-of-00002"):
        folders.check_loadable(tmp_path, "base", "the folder m")


def test_a_missing_tokenizer_is_named(tmp_path: Path) -> None:
    files = base_files()
    del files["tokenizer.json"]
    write_folder(tmp_path, files)
    with pytest.raises(ModelUnavailable, match="tokenizer"):
        folders.check_loadable(tmp_path, "base", "the folder m")


@pytest.mark.parametrize(
    ("card", "expected"),
    [
        ("---\nlanguage: en\nlicense: apache-2.0\n---\n", "apache-2.0"),
        ('---\r\nlicense: "mit"\r\n---\r\n', "mit"),
        ("---\nlanguage: en\n---\nlicense: gpl\n", None),
        ("# A model\nlicense: gpl\n", None),
    ],
)
def test_the_licence_is_read_from_the_model_card(tmp_path: Path, card: str, expected: str | None) -> None:
    (tmp_path / "README.md").write_bytes(card.encode())
    assert folders.licence(tmp_path) == expected


def test_no_model_card_no_licence(tmp_path: Path) -> None:
    assert folders.licence(tmp_path) is None


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"schema_version": 99}', '{"schema_version": 1, "files": 3}']
)
def test_a_sidecar_that_makes_no_sense_counts_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / folders.SIDECAR).write_text(text)
    assert folders.read_sidecar(tmp_path) is None


def test_a_sidecar_finds_each_kind_of_damage(tmp_path: Path) -> None:
    write_folder(tmp_path, base_files())
    sidecar = folders.write_sidecar(tmp_path, name="m", sha256=None, source="here", licence=None)
    assert folders.read_sidecar(tmp_path) == sidecar
    assert folders.damage(tmp_path, sidecar) is None

    (tmp_path / "tokenizer.json").write_bytes(b"[]")  # same length, other words
    assert folders.damage(tmp_path, sidecar, hashes=False) is None
    assert folders.damage(tmp_path, sidecar) == "tokenizer.json was altered"
    (tmp_path / "tokenizer.json").write_bytes(b"{")
    assert folders.damage(tmp_path, sidecar, hashes=False) == "tokenizer.json has 1 bytes of 2"
    (tmp_path / "tokenizer.json").unlink()
    assert folders.damage(tmp_path, sidecar) == "tokenizer.json is missing"
    (tmp_path / "tokenizer.json").write_bytes(b"{}")
    (tmp_path / "adapter_config.json").write_bytes(b"{}")  # transformers would load it unasked
    assert folders.damage(tmp_path, sidecar) == "adapter_config.json does not belong there"
