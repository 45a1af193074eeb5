"""Protects prompts: whatever a chat template does with roles and turns, no message is lost, and the day is fixed."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.engines.engine import Message, Request
from harness.engines.local import LocalModel
from harness.engines.store import ModelFolder, resolve
from harness.engines.tokens import encode
from harness.engines.transformers_engine import TransformersEngine
from harness.errors import ModelUnavailable
from harness.finetune.encoding import encode_example
from harness.finetune.trainer import Example
from harness.spec.pinned import PINNED_DATE
from tests.engines import templated as kinds
from tests.engines.templated import templated
from tests.fakes import Silent
from tests.tiny import TEMPLATE

RULE = Message("system", "Answer shortly.")
SHORT = [RULE, Message("user", "Who keeps it?")]
EXAMPLES = [
    RULE, Message("user", "Where is it?"), Message("assistant", "Room 7"), Message("user", "Who keeps it?")
]  # fmt: skip


@pytest.mark.parametrize(
    ("template", "short", "examples"),
    [
        (
            TEMPLATE,
            "<|system|>Answer shortly.<|end|><|user|>Who keeps it?<|end|><|assistant|>",
            "<|system|>Answer shortly.<|end|><|user|>Where is it?<|end|><|assistant|>Room 7<|end|><|user|>Who keeps it?"
            "<|end|><|assistant|>",
        ),
        *(
            (
                template,
                "<|user|>Answer shortly.\n\nWho keeps it?<|end|><|assistant|>",
                "<|user|>Answer shortly.\n\nWhere is it?<|end|><|assistant|>Room 7<|end|><|user|>Who keeps it?<|end|>"
                "<|assistant|>",
            )
            for template in (kinds.REFUSES, kinds.DROPS)
        ),
        (
            kinds.ALTERNATES,
            "[INST] Answer shortly.\n\nWho keeps it? [/INST]",
            "[INST] Answer shortly.\n\nWhere is it? [/INST]Room 7<|end|>[INST] Who keeps it? [/INST]",
        ),
        (
            kinds.LAST_USER_TURN,
            "<|user|>Answer shortly.\n\nWho keeps it?<|end|><|assistant|>",
            "<|user|>Where is it?<|end|><|assistant|>Room 7<|end|><|user|>Answer shortly.\n\nWho keeps it?<|end|>"
            "<|assistant|>",
        ),
    ],
    ids=["own role", "refuses", "drops", "alternates", "last turn"],
)
def test_every_message_stands_in_the_prompt(
    tiny_model: ModelFolder, tmp_path: Path, template: str, short: str, examples: str
) -> None:
    chat = templated(tiny_model, tmp_path, template)
    assert chat.conversation(SHORT) == short
    assert chat.conversation(EXAMPLES) == examples
    folds = template in (kinds.REFUSES, kinds.DROPS, kinds.ALTERNATES)
    assert chat.facts.system_turn == ("user" if folds else "own")
    assert chat.facts.several_turns


def test_a_fine_tune_learns_on_the_prompts_it_is_tested_on(tiny_model: ModelFolder, tmp_path: Path) -> None:
    chat = templated(tiny_model, tmp_path, kinds.REFUSES)
    request = Request(tuple(SHORT))
    assert encode_example(chat, Example(request, "Ada")).prompt == encode(chat, request).prompt


def test_a_template_of_one_turn_says_so(tiny_model: ModelFolder, tmp_path: Path) -> None:
    chat = templated(tiny_model, tmp_path, kinds.LAST_TURN_ONLY)
    assert (chat.facts.system_turn, chat.facts.several_turns) == ("own", False)


def test_a_template_that_leaves_out_the_question_is_refused(tiny_model: ModelFolder, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="leaves out what the user says"):
        _ = templated(tiny_model, tmp_path, kinds.DEAF).facts


def test_a_template_that_refuses_everything_is_refused_with_its_reason(
    tiny_model: ModelFolder, tmp_path: Path
) -> None:
    with pytest.raises(ModelUnavailable, match="Not today"):
        _ = templated(tiny_model, tmp_path, "{{ raise_exception('Not today') }}").facts


def test_the_day_is_the_same_on_every_day(tiny_model: ModelFolder, tmp_path: Path) -> None:
    chat = templated(tiny_model, tmp_path / "pinned", kinds.DATED)
    assert "Today Date: 01 Jan 2026<|end|>" in chat.conversation(SHORT)
    assert chat.facts.pinned_date == PINNED_DATE
    other = templated(tiny_model, tmp_path / "named", kinds.DATED, "2027-03-04")
    assert "Today Date: 04 Mar 2027<|end|>" in other.conversation(SHORT)
    assert other.facts.pinned_date == "2027-03-04"


def test_a_template_that_asks_for_no_day_names_none(tiny_model: ModelFolder, tmp_path: Path) -> None:
    assert templated(tiny_model, tmp_path, TEMPLATE).facts.pinned_date is None


def test_evidence_tells_where_the_system_message_stands(tiny_model: ModelFolder, tmp_path: Path) -> None:
    folder = kinds.copied(tiny_model, tmp_path / "m", kinds.DROPS)
    found = resolve(str(folder), kind="base", cache=tmp_path, progress=Silent())
    engine = TransformersEngine(LocalModel(found, device="cpu", dtype="float32"))
    shown = engine.show(Request(tuple(SHORT)), SHORT)
    assert shown.system_turn == "user"
    assert shown.skeleton == "<|user|>%%0%%\n\n%%1%%<|end|><|assistant|>"
    # Plain text is rendered by lm-eval, which leaves a refused system message out.
    assert engine.show(Request("Once"), []).system_turn == "own"
