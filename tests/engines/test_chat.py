"""The chat template of a real tokenizer, and what is told of a prompt that it rendered."""

from __future__ import annotations

from dataclasses import replace

from harness.analysis.validity.template import fault_of
from harness.engines.chat import ChatTokenizer, skeleton
from harness.engines.store import ModelFolder
from harness.records import Message, PromptSample

TURNS = [Message("system", "Answer shortly."), Message("user", "Who keeps the drill?")]


def test_a_skeleton_shows_what_the_template_writes(tiny_model: ModelFolder) -> None:
    chat = ChatTokenizer(tiny_model.path)
    assert skeleton(chat, TURNS) == "<|system|>%%0%%<|end|><|user|>%%1%%<|end|><|assistant|>"


def test_a_prompt_of_a_real_tokenizer_is_told_from_one_rendered_twice(tiny_model: ModelFolder) -> None:
    chat = ChatTokenizer(tiny_model.path)
    text = chat.render(TURNS)
    once = PromptSample(
        task="t", strategy="base", question_id="q", messages=2, text=text, skeleton=skeleton(chat, TURNS),
        first_tokens=chat.encode(text)[:8], added_tokens=chat.encode(""),
    )  # fmt: skip
    assert once.added_tokens == ()
    assert fault_of(once) is None
    assert "more than once" in str(fault_of(replace(once, text=chat.render([Message("user", text)]))))
