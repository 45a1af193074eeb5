"""Copies of the tiny model with chat templates of the kinds that real models have."""

from __future__ import annotations

import shutil
from pathlib import Path

from harness.engines.chat import ChatTokenizer
from harness.engines.store import ModelFolder
from tests.tiny import TEMPLATE

REFUSES = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    + TEMPLATE
)
DROPS = TEMPLATE.replace("for m in messages", "for m in messages if m['role'] != 'system'")
ALTERNATES = (
    "{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
    "{% if m['role'] == 'user' %}[INST] {{ m['content'] | trim }} [/INST]{% else %}{{ m['content'] | trim }}<|end|>"
    "{% endif %}{% endfor %}"
)
LAST_USER_TURN = (
    "{% if messages[0]['role'] == 'system' %}{% set rule = messages[0]['content'] %}{% set messages = messages[1:] %}"
    "{% endif %}{% for m in messages %}<|{{ m['role'] }}|>{% if loop.last and rule is defined %}{{ rule }}\n\n"
    "{% endif %}{{ m['content'] }}<|end|>{% endfor %}<|assistant|>"
)
LAST_TURN_ONLY = "<|user|>{{ messages[0]['content'] }} {{ messages[-1]['content'] }}<|end|><|assistant|>"
DEAF = "<|user|>Say hello.<|end|><|assistant|>"
DATED = TEMPLATE.replace(
    "{% for",
    "<|system|>Today Date: {% if strftime_now is defined %}{{ strftime_now('%d %b %Y') }}"
    "{% else %}26 Jul 2024{% endif %}<|end|>{% for",
    1,
)


def templated(model: ModelFolder, folder: Path, template: str, date: str | None = None) -> ChatTokenizer:
    """The tokenizer of a copy of the model in `folder`, with another chat template."""
    copied(model, folder, template)
    return ChatTokenizer(folder, date) if date else ChatTokenizer(folder)


def copied(model: ModelFolder, folder: Path, template: str) -> Path:
    shutil.copytree(model.path, folder, dirs_exist_ok=True)
    (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
    return folder


OPENING = "{% if add_generation_prompt %}<|assistant|>{% endif %}"
SWITCHED = TEMPLATE.replace(
    OPENING,
    "{% if add_generation_prompt %}<|assistant|>\n"
    "{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}{% endif %}",
)
"""As Qwen3's: an empty thought where thinking is turned off."""
VARIABLE = TEMPLATE.replace(
    OPENING,
    "{% if add_generation_prompt %}<|assistant|>{% if thinking is defined and thinking %}<think>{% else %}</think>"
    "{% endif %}{% endif %}",
)
"""As DeepSeek V3.1's."""
IN_TEXT = (
    "{% set quiet = '/no_think' in messages[0]['content'] %}"
    + TEMPLATE.replace("m['content']", "m['content'] | replace('/no_think', '') | trim")
    + "{% if add_generation_prompt %}{% if quiet %}<think></think>{% else %}<think>\n{% endif %}{% endif %}"
)
"""As Nemotron Nano's."""
BEGUN = (
    TEMPLATE.replace("m['content']", "m['content'].split('</think>')[-1]")
    + "{% if add_generation_prompt %}<think>\n{% endif %}"
)
"""As DeepSeek R1's: the prompt opens the thought, and earlier turns have none."""
BRACKETS = TEMPLATE + "{# its thoughts stand in [THINK] and [/THINK] #}"
CHANNELS = (
    "{% for m in messages %}{% if m['role'] == 'assistant' %}"
    "{% if loop.last and 'thinking' in m %}<|start|>assistant<|channel|>analysis<|message|>{{ m['thinking'] }}<|stop|>"
    "{% endif %}<|start|>assistant<|channel|>final<|message|>{{ m['content'] }}"
    "{% if loop.last %}<|end|>{% else %}<|stop|>{% endif %}"
    "{% else %}<|start|>{{ m['role'] }}<|message|>{{ m['content'] }}<|stop|>{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant{% endif %}"
)
"""As gpt-oss': thoughts and answers stand in channels."""
