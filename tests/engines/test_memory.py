"""What models take in memory, estimated before they are read, and whether several fit together."""

from __future__ import annotations

import pytest

from harness.engines import memory
from harness.engines.memory import ROOM_BYTES, fit_together, weights_bytes
from harness.engines.scripted import ScriptedEngine
from harness.engines.store import ModelFolder
from harness.loading import free_bytes
from tests.tiny import tiny_engine


def test_the_estimate_is_what_the_weights_take(tiny_model: ModelFolder) -> None:
    engine = tiny_engine(tiny_model)
    parameters = engine.model.weights.parameters()
    assert weights_bytes(engine) == sum(each.numel() * each.element_size() for each in parameters)


def test_what_is_read_elsewhere_takes_nothing_here() -> None:
    assert weights_bytes(ScriptedEngine(lambda *_: "")) == 0


def test_two_models_fit_where_the_larger_has_room_for_a_merged_copy(
    tiny_model: ModelFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    engines = [tiny_engine(tiny_model), tiny_engine(tiny_model)]
    needed = 3 * weights_bytes(engines[0]) + ROOM_BYTES
    for free, fits in ((needed, True), (needed - 1, False)):
        monkeypatch.setattr(memory, "free_bytes", lambda _device, free=free: free)
        assert fit_together(engines) is fits


def test_a_single_model_and_servers_beside_it_need_no_room_together(
    tiny_model: ModelFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda _device: 0)
    assert fit_together([tiny_engine(tiny_model), ScriptedEngine(lambda *_: "")])


def test_memory_of_the_machine_is_what_can_still_be_taken() -> None:
    assert 0 < free_bytes("cpu") < 10**15
