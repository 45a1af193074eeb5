"""Control tokens in contents are text, and prompts without any are what they always were.

The expected ids come from the tokenizers library: text between the template's own control tokens is encoded with
special tokens switched off.
"""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from harness.engines.chat import ChatTokenizer
from harness.engines.control import MARK
from harness.engines.engine import Continuation, Message, Request
from harness.engines.store import ModelFolder
from harness.engines.tokens import encode
from harness.finetune.encoding import encode_example
from harness.finetune.trainer import Example

FAMILIES = {
    "chatml": ("<|im_start|>{role}\n{content}<|im_end|>\n", "<|im_start|>assistant\n"),
    "llama3": (
        "<|start_header_id|>{role}<|end_header_id|>\n\n{content}<|eot_id|>",
        "<|start_header_id|>assistant<|end_header_id|>",
    ),
    "gemma": ("<start_of_turn>{role}\n{content}<end_of_turn>\n", "<start_of_turn>model\n"),
    "mistral": ("[INST]{content}[/INST]", "</s>"),
    "zephyr": ("<s>{role}: {content}</s>", "<s>"),
}
TOKENS = sorted(
    {token for parts in FAMILIES.values() for token in re.findall(r"<[^<>]+>|\[/?INST\]", "".join(parts))}
)
FORMS = {
    "as it is": "m['content']",
    "stripped": "m['content'] | trim",
    "upper case": "m['content'] | upper",
    "json": "m['content'] | tojson",
    "ascii json": "m['content'] | tojson(ensure_ascii=True)",
    "joined": "m['role'] + m['content']",
}  # fmt: skip


def write(
    folder: Path, family: str, form: str = "m['content']", *, special: bool = True, known: bool = True
) -> ChatTokenizer:
    """A byte-level tokenizer with merges, whose control tokens are a family's (`known`), and its template."""
    turn, opening = FAMILIES[family]
    own = sorted(set(re.findall(r"<[^<>]+>|\[/?INST\]", turn + opening))) if known else []
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [("<", "|"), ("|", ">"), ("i", "m"), ("e", "r"), ("Ċ", "Ċ"), ("Ġ", "<"), ("[", "I")]
    words = ["<end>", *own, *alphabet, *("".join(pair) for pair in merges)]
    tokenizer = Tokenizer(models.BPE(vocab={word: n for n, word in enumerate(words)}, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>", pad_token="<end>")
    fast.add_tokens(own, special_tokens=special)
    written = (
        json.dumps(turn)[1:-1]
        .replace("{role}", "' + m['role'] + '")
        .replace("{content}", f"' + ({form}) + '")
    )
    fast.chat_template = (
        "{% for m in messages %}{{ '" + written + "' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '" + json.dumps(opening)[1:-1] + "' }}{% endif %}"
    )
    fast.save_pretrained(folder)
    (folder / "config.json").write_text('{"model_type": "llama", "vocab_size": 1000}')
    return ChatTokenizer(folder)


def plain(chat: ChatTokenizer, text: str) -> list[int]:
    """The ids of a text that has no control tokens, whatever it looks like."""
    ids: list[int] = chat._tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
    return ids


def expected(chat: ChatTokenizer, family: str, turns: list[Message]) -> list[int]:
    turn, opening = FAMILIES[family]
    pieces: list[list[int]] = []
    for message in turns:
        before, after = turn.replace("{role}", message.role).split("{content}")
        # Text of the template joins the content's as far as the next control token.
        head, tail = (
            re.split(r"(?:<[^<>]+>|\[/?INST\])", before)[-1],
            re.split(r"<[^<>]+>|\[/?INST\]", after)[0],
        )
        rest = [before.removesuffix(head), head + message.content + tail, after.removeprefix(tail)]
        pieces += [list(chat.encode(rest[0])), plain(chat, rest[1]), list(chat.encode(rest[2]))]
    return [*itertools.chain(*pieces), *chat.encode(opening)]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("special", [True, False])
def test_control_tokens_of_contents_are_text(tmp_path: Path, family: str, special: bool) -> None:
    chat = write(tmp_path, family, special=special)
    turns = [
        Message("system", "Be short."),
        Message("user", "What is " + " or ".join([*TOKENS, *TOKENS[::-1]]) + "?"),
    ]
    if special:
        assert list(chat.encode(chat.render(turns))) == expected(chat, family, turns)
    control = set(chat.control.ids.values())
    counts = [
        sum(token in control for token in chat.encode(chat.render([turns[0], Message("user", text)])))
        for text in (turns[1].content, "Who?")
    ]
    assert counts[0] == counts[1]


@pytest.fixture(scope="module")
def chatml(tmp_path_factory: pytest.TempPathFactory) -> ChatTokenizer:
    return write(tmp_path_factory.mktemp("chatml"), "chatml")


TEXT = st.lists(
    st.one_of(st.sampled_from([*TOKENS, "<|im_", "end|>", "<", "\n", " ", "<|IM_END|>"]), st.text(max_size=6))
).map("".join)


@given(TEXT, TEXT)
def test_any_content_is_text(chatml: ChatTokenizer, first: str, second: str) -> None:
    turns = [Message("system", first), Message("user", second)]
    assert list(chatml.encode(chatml.render(turns))) == expected(chatml, "chatml", turns)


@given(st.text(max_size=40), st.text(max_size=40))
def test_ordinary_prompts_are_those_of_transformers(chatml: ChatTokenizer, first: str, second: str) -> None:
    turns = [{"role": "system", "content": first}, {"role": "user", "content": second}]
    theirs = chatml._tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    ours = chatml.render([Message(**turn) for turn in turns])
    assert ours == theirs
    assert list(chatml.encode(ours)) == chatml._tokenizer(theirs, add_special_tokens=False)["input_ids"]


@pytest.mark.parametrize("form", FORMS)
def test_whatever_a_template_does_to_contents(tmp_path: Path, form: str) -> None:
    chat = write(tmp_path, "chatml", FORMS[form])
    quoting = [Message("user", "  a <|im_end|>\n<|im_start|> é ")]
    honest = [Message("user", "  a nothing é ")]
    ids, usual = (chat.encode(chat.render(turns)) for turns in (quoting, honest))
    assert [ids.count(token) for token in (1, 2)] == [usual.count(token) for token in (1, 2)] == [1, 2]
    shown = chat.render(quoting).replace(MARK, "")
    assert shown == chat._tokenizer.apply_chat_template(
        [{"role": "user", "content": quoting[0].content}], tokenize=False, add_generation_prompt=True
    )


def test_labels_replies_and_rendered_strings_are_text_too(chatml: ChatTokenizer) -> None:
    turns = (Message("user", "Which?"),)
    end = chatml._tokenizer.convert_tokens_to_ids("<|im_end|>")
    asked = Request(turns, continuations=(Continuation("<|im_end|>"), Continuation("no")))
    assert end not in encode(chatml, asked).pairs[0].continuation
    assert encode(chatml, asked).quoted == ("<|im_end|>",)
    assert end not in encode_example(chatml, Example(Request(turns), "It is <|im_end|>.")).target[:-1]
    # A job of lm-eval's hands the rendered text back, with other text around it.
    quoting = chatml.render([Message("user", "Is <|im_end|> a word?")])
    read = encode(chatml, Request(f"{quoting}Answer:"))
    assert read.prompt.count(end) == 1
    assert read.quoted == ("<|im_end|>",)


def test_a_prompt_is_named_anew_only_if_it_holds_control_tokens(chatml: ChatTokenizer) -> None:
    from harness.files import sha256_text

    for content, changes in (("Who <s> asks?", False), ("Who <|im_end|> asks?", True)):
        request = Request((Message("user", content),), continuations=(Continuation("yes"),))
        text = chatml._tokenizer.apply_chat_template(
            [{"role": "user", "content": content}], tokenize=False, add_generation_prompt=True
        )
        assert (encode(chatml, request).facts.sha256 != sha256_text(text)) == changes


def test_texts_that_mark_turns_without_a_token_are_told(tmp_path: Path) -> None:
    chat = write(tmp_path, "mistral", known=False)
    facts = encode(chat, Request((Message("user", "What is [/INST]?"),))).facts
    assert (facts.quoted, facts.imitated) == ((), ("[/INST]",))


def test_other_kinds_of_tokenizers(tmp_path: Path) -> None:
    """A vocabulary that finds its control tokens in text by itself, and a tokenizer that puts a blank before a text."""
    words = [("<unk>", 0.0), ("<s>", 0.0), ("</s>", 0.0), *((c, -1.0) for c in "▁abc<>/s:"), ("ab", -1.0)]
    unigram = Tokenizer(models.Unigram(words, unk_id=0))
    unigram.normalizer = normalizers.Replace(" ", "▁")
    unigram.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    fast = PreTrainedTokenizerFast(
        tokenizer_object=unigram, eos_token="</s>", bos_token="<s>", unk_token="<unk>"
    )
    fast.chat_template = "{% for m in messages %}<s>{{ m['content'] }}</s>{% endfor %}"
    fast.save_pretrained(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    chat = ChatTokenizer(tmp_path)
    ids = chat.encode(chat.render([Message("user", "a</s>b<s>c")]))
    words_of = [fast.convert_ids_to_tokens(token) for token in ids]
    assert words_of[0] == "<s>"
    assert words_of[-1] == "</s>"
    assert "".join(words_of[1:-1]).lstrip("▁") == "a</s>b<s>c"
    assert not {"<s>", "</s>"} & set(words_of[1:-1])


@pytest.mark.models
def test_the_default_model_reads_ordinary_prompts_as_ever(default_base_folder: ModelFolder) -> None:
    chat: Any = ChatTokenizer(default_base_folder.path)
    turns = [
        Message("system", "Answer."),
        Message("user", "Who keeps the <drill>?\n\n\tA | B"),
        Message("assistant", "Ann"),
    ]
    plain_turns = [{"role": turn.role, "content": turn.content} for turn in turns]
    for prefill in (False, True):
        theirs = chat._tokenizer.apply_chat_template(
            plain_turns, tokenize=False, add_generation_prompt=not prefill, continue_final_message=prefill
        )
        ours = chat.render(turns, prefill=prefill)
        assert ours == theirs
        assert list(chat.encode(ours)) == chat._tokenizer(theirs, add_special_tokens=False)["input_ids"]
