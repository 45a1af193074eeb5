"""Fixtures for all rooms: a tiny random model, and the default models where they can be had."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from harness.corpus.embedder import SentenceTransformerEmbedder
from harness.engines.store import ModelFolder, resolve
from harness.errors import ModelUnavailable
from harness.files import cache_root
from tests.fakes import Silent
from tests.serving import TransformersServe
from tests.snapshots import Snapshots
from tests.tiny import write_tiny_model

# The same examples on every run: a test that fails once in a hundred is looked for on purpose, not met in CI
# by the change of somebody else. To look: pytest --hypothesis-profile=default.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")

# Read before any test points HARNESS_CACHE elsewhere: the default models are fetched once a machine.
MODELS_CACHE = cache_root()
SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session", autouse=True)
def small_batches() -> Iterator[None]:
    """Batches of 16, so that the small tasks of tests have several."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("harness.run.batches.BATCH_ROWS", 16)
        yield


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with an empty cache, in which the test works."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    return tmp_path


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--snapshot-update", action="store_true", help="write tests/snapshots/ anew")


@pytest.fixture(scope="session")
def snapshots(request: pytest.FixtureRequest) -> Snapshots:
    """`snapshots.check("NAME.txt", text)` compares a text with the file of that name in tests/snapshots/."""
    return Snapshots(update=bool(request.config.getoption("--snapshot-update")))


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    """A random two-layer Llama with a byte tokenizer: real transformers and peft, no meaning."""
    folder = write_tiny_model(tmp_path_factory.mktemp("tiny"))
    return resolve(str(folder), kind="base", cache=folder, progress=Silent())


def _default(name: str, kind: str) -> ModelFolder:
    try:
        return resolve(name, kind=kind, cache=MODELS_CACHE, progress=Silent())  # type: ignore[arg-type]
    except ModelUnavailable as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"the default model {name} cannot be had: {error}")


@pytest.fixture(scope="session")
def default_base_folder() -> ModelFolder:
    return _default("SmolLM2-135M-Instruct", "base")


@pytest.fixture(scope="session")
def served_default(
    default_base_folder: ModelFolder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TransformersServe]:
    """The default model behind `transformers serve`, in float32; who kills it starts it again."""
    log = tmp_path_factory.mktemp("serving") / "log.txt"
    with TransformersServe(default_base_folder.path, log) as server:
        yield server


@pytest.fixture(scope="session")
def default_embedder_folder() -> Path:
    return _default("all-MiniLM-L6-v2", "embedder").path


@pytest.fixture(scope="session")
def default_embedder() -> SentenceTransformerEmbedder:
    folder = _default("all-MiniLM-L6-v2", "embedder")
    return SentenceTransformerEmbedder(folder.path, folder.name, folder.sha256, "cpu")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The development question sets; they are no part of the project, so tests skip without them."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the development data is not here ({SHARED_DATA.name} beside the checkout)")
    return SHARED_DATA
