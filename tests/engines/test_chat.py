"""The chat template of a real tokenizer, and what is told of a prompt that it rendered."""

from __future__ import annotations

from dataclasses import replace

from harness.analysis.validity.template import fault_of
from harness.engines.chat import ChatTokenizer
from harness.engines.engine import Message, Request
from harness.engines.store import ModelFolder
from harness.records import PromptSample
from tests.tiny import tiny_engine

TURNS = [Message("system", "Answer shortly."), Message("user", "Who keeps the drill?")]


def test_a_skeleton_shows_what_the_template_writes(tiny_model: ModelFolder) -> None:
    chat = ChatTokenizer(tiny_model.path)
    assert chat.skeleton(TURNS) == "<|system|>%%0%%<|end|><|user|>%%1%%<|end|><|assistant|>"


def test_a_prompt_of_a_real_tokenizer_is_told_from_one_rendered_twice(tiny_model: ModelFolder) -> None:
    engine = tiny_engine(tiny_model)
    shown = engine.show(Request(tuple(TURNS)), TURNS)
    once = PromptSample(
        task="t", system="base", question_id="q", messages=2, text=shown.text, skeleton=shown.skeleton,
        first_tokens=shown.first_tokens, added_tokens=shown.added_tokens,
    )  # fmt: skip
    assert once.first_tokens == engine.model.chat.encode(once.text)[:8]
    assert once.added_tokens == ()
    assert fault_of(once) is None
    twice = engine.render([Message("user", once.text)])
    assert "more than once" in str(fault_of(replace(once, text=twice)))
