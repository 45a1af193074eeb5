"""The tiny model, and an adapter of it."""

from __future__ import annotations

import pytest

from harness.engines.engine import AdapterRef
from harness.engines.store import ModelFolder
from harness.engines.transformers_engine import TransformersEngine
from tests.tiny import random_adapter, tiny_engine


@pytest.fixture
def engine(tiny_model: ModelFolder) -> TransformersEngine:
    return tiny_engine(tiny_model)


@pytest.fixture(scope="module")
def adapter(tiny_model: ModelFolder, tmp_path_factory: pytest.TempPathFactory) -> AdapterRef:
    """An adapter with weights large enough to change answers."""
    return random_adapter(tiny_engine(tiny_model), tmp_path_factory.mktemp("adapter"), 1, 0.3)
