"""Protects the end of replies: what a fine-tune learns to end with ends them, whatever the tokenizer calls its end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.engines.chat import ChatTokenizer
from harness.engines.engine import Message, Request
from harness.engines.store import ModelFolder
from harness.errors import ModelUnavailable
from harness.finetune.encoding import encode_example
from harness.finetune.trainer import Example
from tests.engines.templated import copied
from tests.tiny import SPECIALS, TEMPLATE

END, USER = SPECIALS.index("<|end|>"), SPECIALS.index("<|user|>")
UNENDED = TEMPLATE.replace("<|end|>", "")


def chat_of(
    model: ModelFolder, folder: Path, template: str, *, eos: str | None, configured: object
) -> ChatTokenizer:
    copied(model, folder, template)
    path = folder / "tokenizer_config.json"
    settings = json.loads(path.read_text())
    settings |= {"eos_token": eos, "extra_special_tokens": SPECIALS, "additional_special_tokens": SPECIALS}
    path.write_text(json.dumps(settings))
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "eos_token_id": configured}))
    (folder / "generation_config.json").unlink()
    return ChatTokenizer(folder)


@pytest.mark.parametrize(
    ("template", "eos", "configured", "learnt", "ends"),
    [
        (TEMPLATE, "<|end|>", END, END, {END}),
        (TEMPLATE, "<|user|>", END, END, {END, USER}),  # as Gemma: <eos>, and <end_of_turn> behind each turn
        (TEMPLATE, None, None, END, {END}),
        (UNENDED, "<|end|>", [USER, END], END, {END, USER}),  # as GLM: the next turn ends the reply
        (UNENDED, None, [USER, END], USER, {END, USER}),
    ],
)
def test_the_turn_end_of_the_template_is_learnt_and_every_end_ends(
    tiny_model: ModelFolder, tmp_path: Path, template: str, eos: str | None, configured: object,
    learnt: int, ends: set[int],
) -> None:  # fmt: skip
    chat = chat_of(tiny_model, tmp_path, template, eos=eos, configured=configured)
    assert chat.end_tokens == ends
    request = Request((Message("system", "Be short."), Message("user", "Who?")))
    assert encode_example(chat, Example(request, "Ada")).target[-1] == learnt


def test_without_any_end_the_model_is_refused(tiny_model: ModelFolder, tmp_path: Path) -> None:
    chat = chat_of(tiny_model, tmp_path, UNENDED, eos=None, configured=None)
    with pytest.raises(ModelUnavailable, match=r"no file in .* names a token that ends a reply"):
        _ = chat.facts
