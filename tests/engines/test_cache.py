"""Keys and values that grow in place give the same logits, to the last bit, as those that are copied at each step."""

from __future__ import annotations

from typing import Any

import pytest

from harness.engines import decoding
from harness.engines.cache import SPARE
from harness.engines.store import ModelFolder

PROMPTS = [[5, 6, 7, 8, 9, 1, 2], [5, 6, 7, 8, 3], [5, 6, 7, 9, 9, 9, 4]]


def logits(model: Any) -> Any:
    """Of prompts behind a shared prefix and of more steps than there is spare room for; a row leaves on the way."""
    import torch

    with torch.inference_mode():
        state = decoding.prefill(model, PROMPTS, 3, 0, decoding.read_prefix(model, PROMPTS[0][:3]))
        seen = [state.logits]
        for turn in range(SPARE + 10):
            if turn == 5:
                state = decoding.keep_rows(state, [0, 2])
            state = decoding.step(model, state, state.logits.argmax(dim=-1))
            seen.append(state.logits)
    return torch.cat(seen)


def test_growing_in_place_changes_no_bit(tiny_model: ModelFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(tiny_model.path)
    in_place = logits(model)
    monkeypatch.setattr(decoding, "with_room", lambda cache: cache)
    assert torch.equal(in_place, logits(model))
