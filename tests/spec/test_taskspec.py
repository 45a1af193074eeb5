"""What a task file may say: the checks of single keys and of keys that must fit each other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.errors import InputError
from harness.spec.taskspec import TaskSpec, fill
from harness.spec.yamlfile import load_model

GOOD: dict[str, Any] = {
    "name": "handbook",
    "probes": "knowledge",
    "questions": {"test": "test.jsonl"},
    "prompt": {"system": "Answer with a short phrase."},
    "answer": {"type": "text", "max_tokens": 24, "stop": ["\n"], "refusal": "no idea"},
    "metrics": ["contains", "refusal"],
}
LABEL = {"answer": {"type": "label", "max_tokens": 4, "labels": ["in", "out"]}, "metrics": ["label"]}


def changed(**sections: Any) -> dict[str, Any]:
    """GOOD with whole sections replaced, or keys of a section where `section__key` is given."""
    spec, sections = json.loads(json.dumps((GOOD, sections)))
    for key, value in sections.items():
        section, _, inner = key.partition("__")
        if inner:
            spec.setdefault(section, {})[inner] = value
        else:
            spec[section] = value
    return spec


def messages(folder: Path, spec: dict[str, Any]) -> list[str]:
    """What is wrong with the spec, one line each, without the position. JSON is YAML."""
    path = folder / "t.yaml"
    path.write_text(json.dumps(spec), encoding="utf-8")
    try:
        load_model(path, TaskSpec)
    except InputError as error:
        return [line.split(": ", 1)[1] for line in str(error).splitlines()]
    return []


def test_a_good_spec_has_the_defaults_of_the_recipe() -> None:
    spec = TaskSpec.model_validate(GOOD)
    assert spec.prompt.question == "{question}"
    assert spec.metrics[0] == "contains"
    assert spec.retrieval.model_dump() == {
        "k": 3,
        "chunk_tokens": 64,
        "overlap_tokens": 16,
        "max_prompt_tokens": 2048,
    }
    assert spec.examples.k == 4
    assert spec.finetune.model_dump() == {
        "rank": 16,
        "learning_rate": 5e-4,
        "batch_size": 8,
        "max_examples": None,
        "max_epochs": 8,
        "patience": 2,
        "min_epochs": 1,
    }


def test_a_spec_survives_the_manifest() -> None:
    spec = TaskSpec.model_validate(changed(**LABEL))
    assert TaskSpec.model_validate(json.loads(json.dumps(spec.model_dump(mode="json")))) == spec


@pytest.mark.parametrize(
    "sections",
    [
        LABEL,
        {"answer": {"type": "json", "max_tokens": 40}, "metrics": ["exact_json", "json_valid"]},
        {"answer": {"type": "choice", "max_tokens": 1}, "metrics": ["choice_per_char", "choice"]},
        {"prompt__system": 'Reply as {"queue": "…"}, {} or { "a": {1: 2} }.'},
        {**LABEL, "prompt": {"system": "One of {labels}.", "question": "{labels}? {question}"}},
        {"finetune__max_epochs": 1},
        {"retrieval": {"chunk_tokens": 16, "overlap_tokens": 8}},
        {"name": "A-b_c.9"},
    ],
)
def test_what_is_right_is_accepted(tmp_path: Path, sections: dict[str, Any]) -> None:
    assert messages(tmp_path, changed(**sections)) == []


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({"name": "a b"}, "name: is 'a b', but a name"),
        ({"name": "a/b"}, "name: is 'a/b'"),
        ({"name": "a@b"}, "name: is 'a@b'"),
        ({"name": ""}, "name: is ''"),
        ({"name": ".."}, "name: is '..'"),
        ({"name": "a\n"}, "name: is 'a\\n'"),
        ({"name": 12}, "name: must be text, but is the number 12 (put it in quotes)."),
        (
            {"probes": "behavior"},
            "probes: is 'behavior', which is none of knowledge, behaviour, general (did you",
        ),
        ({"questions": {}}, "questions.test: is missing."),
        ({"questions": {"test": " "}}, "questions.test: must not be empty."),
        ({"questions__tain": "x"}, "questions.tain: is not a known key (did you mean 'train'?)."),
        ({"prompt__system": ""}, "prompt.system: must not be empty."),
        ({"prompt__system": "Hi {question}"}, "prompt.system: has {question}, which nothing replaces"),
        ({"prompt__question": "Q:"}, "prompt.question: must contain {question}"),
        (
            {"prompt__question": "{questoin} {question}"},
            "prompt.question: has {questoin}, which nothing replaces (did",
        ),
        (
            {"prompt__question": "{ question }"},
            "prompt.question: has { question }: write {question} without blanks.",
        ),
        (
            {"prompt__question": {"question": None}},
            "prompt.question: must be text, but is a mapping (put it in q",
        ),
        ({"prompt__system": "One of {labels}"}, "prompt.system: has {labels}, but answer.labels is not set."),
        (
            {"answer__type": "txt"},
            "answer.type: is 'txt', which is none of text, label, json, choice (did you mean 'text'?).",
        ),
        ({"answer__max_tokens": 0}, "answer.max_tokens: must be at least 1, but is 0."),
        ({"answer__max_tokens": 2.5}, "answer.max_tokens: must be a whole number, but is the number 2.5."),
        ({"answer__max_tokens": True}, "answer.max_tokens: must be a whole number, but is true."),
        ({"answer__stop": "\n"}, "answer.stop: must be a list, but is the text '\\n' (write [\"\\n\"])."),
        ({"answer__stop": [""]}, "answer.stop[0]: must not be empty."),
        (
            {"answer__stop": ["\\n"]},
            "answer.stop[0]: is a backslash and 'n': write \"\\n\" in double quotes.",
        ),
        ({"answer__labels": ["a", "b"]}, "answer.labels: is for type label only; the type here is text."),
        ({**LABEL, "answer__labels": None}, "answer.labels: is missing: type label needs"),
        ({**LABEL, "answer__labels": ["a"]}, "answer.labels: needs at least two labels."),
        (
            {**LABEL, "answer__labels": ["a", "b", "a"]},
            "answer.labels[2]: is 'a', which stands there already.",
        ),
        ({**LABEL, "answer__labels": ["a", " b"]}, "answer.labels[1]: is ' b': it has blanks around it"),
        ({**LABEL, "answer__labels": ["a", 1]}, "answer.labels[1]: must be text, but is the number 1 (put"),
        (
            {**LABEL, "answer__refusal": "no"},
            "answer.refusal: is for type text only; the type here is label.",
        ),
        ({"metrics": []}, "metrics: needs at least 1 entry."),
        (
            {"metrics": "contains"},
            "metrics: must be a list, but is the text 'contains' (write [\"contains\"]).",
        ),
        ({"metrics": ["contians"]}, "metrics[0]: is 'contians', which is none of"),
        ({"metrics": ["f1", "f1"]}, "metrics[1]: is 'f1', which stands there already."),
        (
            {"metrics": ["label"]},
            "metrics[0]: is 'label', which cannot score answers of type text; use contains,",
        ),
        (
            {**LABEL, "metrics": ["refusal"]},
            "metrics[0]: is 'refusal', which cannot score answers of type label",
        ),
        ({"answer__refusal": None}, "metrics[1]: is 'refusal', which needs answer.refusal"),
        ({"retrieval": {"k": 11}}, "retrieval.k: must be at most 10, but is 11."),
        ({"retrieval": {"chunk_tokens": 257}}, "retrieval.chunk_tokens: must be at most 256"),
        ({"retrieval": {"overlap_tokens": 65}}, "retrieval.overlap_tokens: is 65, but must be at most half"),
        (
            {"retrieval": {"top_k": 3}},
            "retrieval.top_k: is not a known key; the keys here are k, chunk_tokens",
        ),
        ({"examples": {"k": 33}}, "examples.k: must be at most 32, but is 33."),
        ({"finetune": {"learning_rate": 0}}, "finetune.learning_rate: must be more than 0"),
        (
            {"finetune": {"learning_rate": "1e-4"}},
            "finetune.learning_rate: must be a number, but is the text '1e-4'.",
        ),
        ({"finetune": {"batch_size": 64}}, "finetune.batch_size: must be at most 32, but is 64."),
        ({"finetune": {"max_epochs": 2, "min_epochs": 3}}, "finetune.min_epochs: is 3, but max_epochs is 2."),
        ({"max_tokens": 3}, "max_tokens: is not a known key here; it belongs under 'answer'."),
    ],
)
def test_what_is_wrong_is_refused_with_a_sentence(
    tmp_path: Path, sections: dict[str, Any], said: str
) -> None:
    got = messages(tmp_path, changed(**sections))
    assert len(got) == 1, got
    assert got[0].startswith(said)


def test_a_learning_rate_that_is_not_finite_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(json.dumps(GOOD)[:-1] + ', "finetune": {"learning_rate": .nan}}', encoding="utf-8")
    with pytest.raises(InputError, match="must be a finite number"):
        load_model(path, TaskSpec)


def test_placeholders_are_replaced_once_and_other_braces_stay() -> None:
    spec = TaskSpec.model_validate(
        changed(
            **LABEL, prompt={"system": 'One of {labels}, as {"a": 1}.', "question": "Message: {question}"}
        )
    )
    assert spec.system_message == 'One of in, out, as {"a": 1}.'
    assert spec.user_message("is {labels} or {question} {x}?") == "Message: is {labels} or {question} {x}?"
    assert fill("{question}{question}", question="a\\1") == "a\\1a\\1"
