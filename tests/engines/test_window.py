"""Protects what counts as a model's window: what its files say, and never more."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.engines.chat import ChatTokenizer
from harness.engines.engine import UNKNOWN_WINDOW
from harness.engines.store import ModelFolder
from harness.engines.window import stated_windows
from harness.errors import ModelUnavailable
from tests.engines.templated import copied
from tests.tiny import TEMPLATE

YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32_768}


@pytest.mark.parametrize(
    ("config", "tokenizer", "window"),
    [
        ({"max_position_embeddings": 8192}, 10**30, 8192),
        ({"n_positions": 1024}, None, 1024),
        ({"max_position_embeddings": 32_768, "sliding_window": 4096}, None, 32_768),
        ({"max_position_embeddings": 32_768, "rope_scaling": YARN}, None, 131_072),
        ({"max_position_embeddings": 163_840, "rope_parameters": {**YARN, "factor": 2}}, None, 163_840),
        # Its settings do not say whether the length is that before or after.
        ({"max_position_embeddings": 4096, "rope_scaling": {"type": "linear", "factor": 4}}, None, 4096),
        ({"max_position_embeddings": 4096}, 2048, 2048),
        ({"max_position_embeddings": 4096}, 100_000, 4096),
        ({}, 512, 512),
        ({}, None, UNKNOWN_WINDOW),
    ],
)
def test_the_window_is_the_smallest_that_is_stated(
    config: dict[str, Any], tokenizer: int | None, window: int
) -> None:
    said = stated_windows(SimpleNamespace(**config), SimpleNamespace(model_max_length=tokenizer))
    assert min((tokens for _, tokens in said), default=UNKNOWN_WINDOW) == window


def test_both_files_are_read(tiny_model: ModelFolder, tmp_path: Path) -> None:
    copied(tiny_model, tmp_path, TEMPLATE)
    assert ChatTokenizer(tmp_path).context_tokens == 4096
    path = tmp_path / "tokenizer_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "model_max_length": 300}))
    assert ChatTokenizer(tmp_path).context_tokens == 300


def test_a_length_that_is_no_number_is_named(tiny_model: ModelFolder, tmp_path: Path) -> None:
    chat = ChatTokenizer(copied(tiny_model, tmp_path, TEMPLATE))
    chat._config.max_position_embeddings = -5
    with pytest.raises(ModelUnavailable, match="max_position_embeddings: -5"):
        _ = chat.context_tokens
