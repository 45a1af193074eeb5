"""Protects answers of models that think first: thoughts are turned off where that can be, and no part of the answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from harness.engines.chat import ChatTokenizer
from harness.engines.engine import Completion, Decoding, Message, Request
from harness.engines.reasoning import Reader, Thoughts, named_pair
from harness.engines.reply import Reply
from harness.engines.store import ModelFolder
from harness.finetune.encoding import encode_example
from harness.finetune.trainer import Example
from harness.lmeval.greedy import decoding_of
from tests.engines import templated as kinds
from tests.engines.templated import templated
from tests.tiny import TEMPLATE

SHORT = [Message("system", "Answer shortly."), Message("user", "Who keeps it?")]
TAGS, CHANNELS = ("<think>", "</think>"), ("<|channel|>analysis<|message|>", "<|channel|>final<|message|>")


@pytest.mark.parametrize(
    ("template", "thinking", "around", "begun", "end"),
    [
        (TEMPLATE, None, None, False, "<|assistant|>"),
        (kinds.SWITCHED, "off", TAGS, False, "<think>\n\n</think>\n\n"),
        (kinds.VARIABLE, "off", TAGS, False, "<|assistant|></think>"),
        (kinds.IN_TEXT, "off", TAGS, False, "<think></think>"),
        (kinds.BEGUN, "on", TAGS, True, "<|assistant|><think>\n"),
        (kinds.BRACKETS, "on", ("[THINK]", "[/THINK]"), False, "<|assistant|>"),
        (kinds.CHANNELS, "on", CHANNELS, False, "<|start|>assistant"),
    ],
    ids=["none", "switch", "variable", "in text", "begun", "brackets", "channels"],
)
def test_thinking_is_turned_off_where_it_can_be_and_learnt_where_it_cannot(
    tiny_model: ModelFolder, tmp_path: Path, template: str, thinking: str | None,
    around: tuple[str, str] | None, begun: bool, end: str,
) -> None:  # fmt: skip
    chat = templated(tiny_model, tmp_path, template)
    assert chat.facts.thinking == thinking
    known = chat.conventions.thoughts
    assert (known and (known.opens, known.closes)) == around
    assert bool(known and known.begun) == begun
    prompt = chat.conversation(SHORT)
    assert prompt.endswith(end)
    assert "Answer shortly." in prompt
    assert "/no_think" not in prompt


@pytest.mark.parametrize(
    ("tokens", "pair"),
    [
        (["<|START_THINKING|>", "<|END_THINKING|>"], ("<|START_THINKING|>", "<|END_THINKING|>")),
        (["<|begin_of_thought|>", "<|end_of_thought|>"], ("<|begin_of_thought|>", "<|end_of_thought|>")),
        (["◁think▷", "◁/think▷"], ("◁think▷", "◁/think▷")),
        (["<seed:think>", "</seed:think>"], ("<seed:think>", "</seed:think>")),
        (["<think>", "<|im_end|>"], TAGS),
        (["content.split('</think>')[-1]"], TAGS),
        (["<|assistant|>", "<|end|>", "I think, [INST]"], None),
    ],
)
def test_tags_are_known_by_their_names(tokens: list[str], pair: tuple[str, str] | None) -> None:
    assert named_pair(tokens) == pair


def written(text: str, decoding: Decoding, thoughts: Thoughts | None) -> Completion:
    """What becomes of a model that writes `text`, a character a token, until it is stopped; `$` ends a reply."""

    def decode(tokens: Sequence[int]) -> str:
        return "".join(map(chr, tokens))

    reader, ends = Reader(decode, decode, thoughts), frozenset({ord("$")})
    reply = Reply([])
    for character in text:
        reply.add(ord(character), decoding, ends, reader)
        if reply.finish:
            break
    return reply.completion(decoding, ends, reader)


THINKS, WITHIN = Thoughts(*TAGS), Thoughts(*TAGS, begun=True)
DECODING = Decoding(6, ("\n",), thinking_tokens=40)


@pytest.mark.parametrize(
    ("thoughts", "text", "expected"),
    [
        # The stop text stands in the thought, and between it and the answer.
        (THINKS, "<think>\nHm.\n</think>\n\nAda$", Completion("Ada", 26, "stop", reasoning_tokens=22)),
        (THINKS, "\n<think>Hm.</think>Ada\nand", Completion("Ada", 23, "stop", reasoning_tokens=19)),
        (WITHIN, "Hm.\n</think>\n\nAda$", Completion("Ada", 18, "stop", reasoning_tokens=14)),
        # The answer has its own budget.
        (WITHIN, "Hm.</think>Ada Lovelace$", Completion("Ada Lo", 17, "length", reasoning_tokens=11)),
        (THINKS, "<think>" + "and " * 20, Completion("", 40, "length", reasoning_tokens=40)),
        (WITHIN, "and " * 20, Completion("", 40, "length", reasoning_tokens=40)),
        (WITHIN, "Hm.$", Completion("", 4, "stop", reasoning_tokens=4)),
        # No thought at all.
        (THINKS, "Ada\nand", Completion("Ada", 4, "stop")),
        # A line break before the first word ends nothing.
        (None, "\n\nAda\nand", Completion("\n\nAda", 6, "stop")),
        (THINKS, "<Ada>$", Completion("<Ada>", 6, "stop")),
        (THINKS, "<thin$", Completion("<thin", 6, "stop")),
        (None, "<think>a", Completion("<think", 6, "length")),
    ],
)
def test_an_answer_is_what_follows_its_thought(
    thoughts: Thoughts | None, text: str, expected: Completion
) -> None:
    assert written(text, DECODING, thoughts) == expected


def test_a_long_thought_is_closed_as_a_short_one() -> None:
    text = "<think>" + "and so on, " * 30 + "</think>Ada$"
    decoding = Decoding(6, (), thinking_tokens=1000)
    assert written(text, decoding, THINKS).text == "Ada"


def test_channels_are_thoughts_until_the_final_one() -> None:
    thoughts, decoding = Thoughts(*CHANNELS), Decoding(9, (), thinking_tokens=200)
    thought = f"{CHANNELS[0]}Hm.<|end|><|start|>assistant{CHANNELS[1]}"
    assert written(f"{thought}Ada$", decoding, thoughts) == Completion(
        "Ada", len(thought) + 4, "stop", reasoning_tokens=len(thought)
    )
    assert written(f"{CHANNELS[1]}Ada$", decoding, thoughts).text == "Ada"


def test_a_stop_text_counts_at_once_where_lm_eval_asks() -> None:
    decoding = decoding_of({"until": ["\n"], "max_gen_toks": 6})
    assert written("\nAda", decoding, None) == Completion("", 1, "stop")


def test_text_that_lm_eval_asks_for_keeps_its_thoughts() -> None:
    assert written("<think>\nHm", Decoding(20), THINKS) == Completion("<think>\nHm", 10, "length")


# What a fine-tune learns


def learnt(chat: ChatTokenizer, reply: str = "Ada") -> str:
    target = encode_example(chat, Example(Request(tuple(SHORT)), reply)).target
    return str(chat._tokenizer.decode(target))


@pytest.mark.parametrize(
    ("template", "text"),
    [
        (TEMPLATE, "Ada<|end|>"),
        (kinds.SWITCHED, "Ada<|end|>"),
        (kinds.BEGUN, "\n</think>\n\nAda<|end|>"),
        (kinds.CHANNELS, "<|channel|>final<|message|>Ada<|end|>"),
    ],
    ids=["none", "switch", "begun", "channels"],
)
def test_a_fine_tune_learns_to_answer_without_a_thought(
    tiny_model: ModelFolder, tmp_path: Path, template: str, text: str
) -> None:
    assert learnt(templated(tiny_model, tmp_path, template)) == text
