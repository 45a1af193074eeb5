"""A conversation of lm-eval's in the model's chat template, as lm-eval's own Hugging Face model renders it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jinja2 import TemplateError

from harness.engines.engine import Engine, Message
from harness.errors import HarnessError


def rendered(
    engine: Engine, history: Sequence[Mapping[str, str]], *, goes_on: bool, thinking: bool | None
) -> tuple[list[Message], str]:
    """The turns that the template wrote, and their text. `goes_on`: the last turn is what the reply goes on from.

    As in lm-eval, a template that refuses a system message is given the conversation without it. `thinking`: lm-eval's
    `enable_thinking`; None leaves it to the template.
    """
    turns = [Message(turn["role"], turn["content"]) for turn in history]
    try:
        return turns, engine.render(turns, prefill=goes_on, thinking=thinking)
    except (TemplateError, HarnessError):
        others = [turn for turn in turns if turn.role != "system"]
        if len(others) == len(turns):
            raise
        return others, engine.render(others, prefill=goes_on, thinking=thinking)


def answer_of(reply: str, think_end: str | None) -> str:
    """What a reply says behind the text that ends the model's thinking, as lm-eval's own model returns it."""
    return reply.split(think_end)[-1].lstrip() if think_end else reply
