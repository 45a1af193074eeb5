"""Built-in tasks of lm-eval's give, document by document, what plain lm-eval gives in a process of its own.

A few of the fifteen, on the tiny random model; `benchmarks/lm_eval_parity.py` runs all of them. The model's template
has a thinking switch and refuses system messages, so that both sides must treat these alike.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lmeval.parity import THINKING, parity
from tests.tiny import write_tiny_model


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    folder = write_tiny_model(tmp_path / "model")
    (folder / "chat_template.jinja").write_text(THINKING, encoding="utf-8")
    return folder


SHORT = {"until": ["\n", ".", ","], "do_sample": False, "temperature": 0.0, "max_gen_toks": 24}
"""What nq_open says, and fewer tokens: the random model seldom stops."""


def test_base_few_shot_and_lora_with_and_without_a_chat_template(model: Path, tmp_path: Path) -> None:
    """Options as contexts, a description that becomes a system message, filters, log-likelihoods of a text."""
    names = ("winogrande", "mmlu_anatomy", "nq_open", "lambada_openai")
    rows = parity(model, names, tmp_path, documents=3, says={"nq_open": {"generation_kwargs": SHORT}})
    assert {row.setting.task for row in rows} == {*names}
    assert {(row.setting.strategy, row.setting.chat) for row in rows} == {
        (strategy, chat) for strategy in ("base", "few-shot", "lora") for chat in (False, True)
    }
    assert [row for row in rows if row.differing or row.documents != 3] == []


def test_thinking_is_asked_for_and_dropped_alike(model: Path, tmp_path: Path) -> None:
    """The random model writes a D here and there, which stands for the end of its thinking."""
    rows = parity(
        model,
        ["nq_open"],
        tmp_path,
        chats=(True,),
        documents=3,
        says={"nq_open": {"generation_kwargs": SHORT}},
        more="enable_thinking: true\nthink_end_token: D\n",
        model_args={"enable_thinking": True, "think_end_token": "D"},
    )
    assert [row for row in rows if row.differing] == []
