"""The table of default models: complete, unambiguous, and pinned to checksums."""

from __future__ import annotations

import re

from harness.engines.catalogue import CATALOGUE, DEFAULT_BASE, DEFAULT_EMBEDDER


def test_each_kind_has_its_default_in_the_table() -> None:
    kinds = {model.name: model.kind for model in CATALOGUE}
    assert kinds[DEFAULT_BASE] == "base"
    assert kinds[DEFAULT_EMBEDDER] == "embedder"


def test_names_differ_even_when_case_is_ignored() -> None:
    assert len({model.name.lower() for model in CATALOGUE}) == len(CATALOGUE)


def test_everything_fetched_is_pinned() -> None:
    for model in CATALOGUE:
        assert re.fullmatch(r"[0-9a-f]{64}", model.wheel_sha256)
        assert re.fullmatch(r"[0-9a-f]{64}", model.member_sha256)
        assert re.fullmatch(r"\d+(\.\d+)+", model.version)


def test_the_space_asked_for_holds_all_that_lies_on_the_disk_at_once() -> None:
    base = next(model for model in CATALOGUE if model.is_gguf)
    assert (
        base.peak_bytes >= 98_362_432 + 538_090_408 + 3_523_000
    )  # the GGUF file, the weights, the tokenizer
