"""A `--models` file: strict, every mistake with its place, and no key in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import InputError
from harness.spec.models import ModelEntry, load_models

GOOD = """\
models:
  - name: small
    model: SmolLM2-135M-Instruct
  - name: served
    model: http://127.0.0.1:8000/v1#base
    key_env: VLLM_KEY
    concurrency: 32
    timeout_s: 120
    usd_per_hour: 1.5
    tokenizer: ./tokenizer
    adapters:
      support: {model: support-lora, upfront_usd: 40}
    same_as: small
  - model: openai:gpt-4o-mini
    usd_per_mtok: {input: 0.15, output: 0.6, cached: 0.075}
    structured: true
"""


def read(text: str, folder: Path) -> tuple[ModelEntry, ...]:
    path = folder / "models.yaml"
    path.write_text(text, encoding="utf-8")
    return load_models(path)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    small, served, hosted = read(GOOD, tmp_path)
    assert [entry.label for entry in (small, served, hosted)] == ["small", "served", "openai:gpt-4o-mini"]
    assert [entry.served for entry in (small, served, hosted)] == [False, True, True]
    assert (served.concurrency, served.timeout_s, served.usd_per_hour) == (32, 120.0, 1.5)
    assert served.adapters["support"].model == "support-lora"
    assert hosted.usd_per_mtok is not None
    assert hosted.usd_per_mtok.cached == 0.075


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("models: []", "1:9", "at least 1 entry"),
        ("models:\n  - nmae: x\n    model: y", "2:5", "did you mean 'name'"),
        ("models:\n  - name: x", "2:5", "is missing"),
        ("modles:\n  - model: y", "1:1", "did you mean 'models'"),
        ("models:\n  - model: y\n  - model: y", "3:12", "the name of another model of the file"),
        (
            "models:\n  - {name: a, model: y}\n  - {name: a, model: z}",
            "3:12",
            "the name of another model of the file",
        ),
        ("models:\n  - model: y\n    same_as: x", "3:14", "names no other model"),
        ("models:\n  - model: y\n    concurrency: 0", "3:18", "at least 1"),
        ("models:\n  - model: y\n    concurrency: many", "3:18", "a whole number"),
        ("models:\n  - model: y\n    usd_per_hour: -1", "3:19", "at least"),
        ("models:\n  - model: y\n    usd_per_hour: .inf", "3:19", "finite"),
        (
            "models:\n  - model: y\n    usd_per_hour: 1\n    usd_per_mtok: {input: 1, output: 1}",
            "2:5",
            "not both",
        ),
        ("models:\n  - model: y\n    usd_per_mtok: {input: 1}", "3:5", "output: is missing"),
        ("models:\n  - model: http://u:p@h/v1#m", "2:12", "holds a user or a password"),
        ("models:\n  - model: http://h/v1?key=x#m", "2:12", "question mark"),
    ],
)
def test_mistakes_have_their_place(tmp_path: Path, text: str, place: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        read(text, tmp_path)
    assert f"models.yaml:{place}: " in str(caught.value)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        "key_env: sk-abc-123456789",
        'key_env: "Bearer 123456789"',
        "key_env: ${MY_123456789}",
        "key: sk-123456789",
        "api_key: sk-123456789",
        "key_env: [sk-123456789]",
        "key_env: {sk-123456789: 1}",
        "key_env: " + "a" * 40 + "123456789" * 3,
        "model: http://user:123456789@h/v1#m",
    ],
)
def test_a_key_is_never_repeated(tmp_path: Path, line: str) -> None:
    first = "model: y\n    " if not line.startswith("model") else ""
    with pytest.raises(InputError) as caught:
        read(f"models:\n  - {first}{line}", tmp_path)
    assert "123456789" not in str(caught.value)


def test_all_mistakes_are_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read("models:\n  - model: y\n    colour: red\n  - concurrency: 0\n    model: z", tmp_path)
    assert len(caught.value.errors) == 2
