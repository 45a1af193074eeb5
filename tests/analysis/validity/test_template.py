"""A chat template applied once, twice or not at all is told apart, whatever the model's template looks like."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from harness.analysis.validity.template import _begins_bare, fault_of
from harness.engines.engine import Message
from harness.records import PromptSample

Render = Callable[[Sequence[Message]], str]


def chatml(messages: Sequence[Message]) -> str:
    """Invents a system message where none is given, as the default model's template does."""
    turns = list(messages)
    if turns[0].role != "system":
        turns.insert(0, Message("system", "You are a helpful assistant."))
    return (
        "".join(f"<|im_start|>{m.role}\n{m.content}<|im_end|>\n" for m in turns) + "<|im_start|>assistant\n"
    )


def header(messages: Sequence[Message]) -> str:
    turns = "".join(
        f"<|start_header_id|>{m.role}<|end_header_id|>\n\n{m.content.strip()}<|eot_id|>" for m in messages
    )
    return f"<|begin_of_text|>{turns}<|start_header_id|>assistant<|end_header_id|>\n\n"


def instruct(messages: Sequence[Message]) -> str:
    """The system message stands in the first user turn; a turn's end is a token of its own."""
    turns = list(messages)
    if turns[0].role == "system":
        turns[:2] = [Message("user", f"{turns[0].content}\n\n{turns[1].content}")]
    text = "<s>"
    for m in turns:
        text += f"[INST] {m.content} [/INST]" if m.role == "user" else f" {m.content}</s>"
    return text


def turns(messages: Sequence[Message]) -> str:
    names = {"assistant": "model", "user": "user", "system": "system"}
    text = "".join(f"<start_of_turn>{names[m.role]}\n{m.content.strip()}<end_of_turn>\n" for m in messages)
    return f"<bos>{text}<start_of_turn>model\n"


def thinking(messages: Sequence[Message]) -> str:
    """The reply opens with an empty thought, which the replies of earlier turns do not have."""
    return chatml(messages) + "<think>\n\n</think>\n\n"


def plain(messages: Sequence[Message]) -> str:
    names = {"assistant": "ASSISTANT", "user": "USER", "system": "SYSTEM"}
    return "".join(f"{names[m.role]}: {m.content}\n" for m in messages) + "ASSISTANT:"


TEMPLATES = [chatml, header, instruct, turns, thinking, plain]
SHORT = [Message("system", "Answer shortly. "), Message("user", "Who keeps the drill?")]
EXAMPLES = [
    SHORT[0],
    Message("user", "Where is it?\n"),
    Message("assistant", "Room 7"),
    Message("user", "Is it heavy?"),
    Message("assistant", "No"),
    SHORT[1],
]


def sample(
    render: Render, messages: Sequence[Message], text: str | None = None, **more: object
) -> PromptSample:
    """What a run keeps of a prompt; `text`: what the model read, if not what the template gives."""
    fields = {
        "task": "t", "system": "s", "question_id": "q", "messages": len(messages),
        "text": render(messages) if text is None else text,
        "skeleton": render([Message(message.role, f"%%{n}%%") for n, message in enumerate(messages)]),
        "first_tokens": (1, 5, 6, 7), "added_tokens": (), **more,
    }  # fmt: skip
    return PromptSample(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("messages", [SHORT, EXAMPLES], ids=["short", "examples"])
@pytest.mark.parametrize("render", TEMPLATES)
class TestEveryTemplate:
    def test_once(self, render: Render, messages: Sequence[Message]) -> None:
        assert fault_of(sample(render, messages)) is None

    def test_the_rendered_prompt_as_a_message(self, render: Render, messages: Sequence[Message]) -> None:
        twice = render([Message("user", render(messages))])
        assert "more than once" in str(fault_of(sample(render, messages, twice)))

    def test_rendered_twice_where_the_chat_is_made(self, render: Render, messages: Sequence[Message]) -> None:
        """The skeleton is doubled like the prompt, and yet it ends twice."""

        def doubled(some: Sequence[Message]) -> str:
            return render([SHORT[0], Message("user", render(some))])

        assert "more than once" in str(fault_of(sample(doubled, messages)))

    def test_not_at_all(self, render: Render, messages: Sequence[Message]) -> None:
        bare = "\n\n".join(message.content for message in messages)
        assert "is not applied" in str(fault_of(sample(render, messages, bare)))


def test_a_template_that_writes_nothing() -> None:
    assert "no template" in str(fault_of(sample(lambda some: "\n".join(m.content for m in some), SHORT)))


def test_a_template_that_leaves_out_the_system_message() -> None:
    fault = fault_of(sample(lambda some: chatml([m for m in some if m.role != "system"]), SHORT))
    assert "leaves out 1 of 2 messages" in str(fault)


@pytest.mark.parametrize(
    ("added", "first", "doubled"),
    [
        ((1,), (1, 1, 5), True),  # the template writes the token that opens a text, and the tokenizer adds it
        ((1,), (1, 5, 6), False),  # only the tokenizer does
        ((), (1, 5, 6), False),
        ((), (5, 5, 6), False),
        ((1, 2), (1, 2, 1, 2, 5), True),
    ],
)
def test_a_begin_token_added_to_one_that_is_there(
    added: tuple[int, ...], first: tuple[int, ...], doubled: bool
) -> None:
    fault = fault_of(sample(header, SHORT, added_tokens=added, first_tokens=first))
    assert ("begins twice" in str(fault)) is doubled


def test_contents_may_say_anything_but_what_the_template_writes() -> None:
    talk = [SHORT[0], Message("user", "Who said <b>“%%1%%, user: assistant\n”</b>?")]
    assert fault_of(sample(chatml, talk)) is None


@pytest.mark.parametrize(
    ("added", "first", "bare"),
    [((1,), (5, 6), True), ((1,), (1, 5), False), ((), (5, 6), False)],
)
def test_a_begin_token_that_the_template_leaves_out(
    added: tuple[int, ...], first: tuple[int, ...], bare: bool
) -> None:
    assert _begins_bare(sample(header, SHORT, added_tokens=added, first_tokens=first)) is bare
    assert not _begins_bare(sample(header, [], added_tokens=added, first_tokens=first))
