"""What a task file may say: the checks of single keys and of keys that must fit each other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.errors import InputError
from harness.spec.forms import AnswerForm
from harness.spec.taskspec import TaskSpec, fill
from harness.spec.yamlfile import load_model
from tests.snapshots import Snapshots

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
        "method": "hybrid",
        "candidates": 50,
        "rerank": None,
        "within": (),
        "expand": 0,
        "headings": False,
        "k": 3,
        "chunk_tokens": 64,
        "overlap_tokens": 16,
        "max_prompt_tokens": 2048,
        "query_prefix": None,
        "passage_prefix": None,
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
        "replay": None,
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


WRONG: list[dict[str, Any]] = [
    {"name": "a b"},
    {"name": "a/b"},
    {"name": "a@b"},
    {"name": ""},
    {"name": ".."},
    {"name": "a\n"},
    {"name": 12},
    {"probes": "behavior"},
    {"questions": {}},
    {"questions": {"test": " "}},
    {"questions__tain": "x"},
    {"prompt__system": ""},
    {"prompt__system": "Hi {question}"},
    {"prompt__question": "Q:"},
    {"prompt__question": "{questoin} {question}"},
    {"prompt__question": "{ question }"},
    {"prompt__question": {"question": None}},
    {"prompt__system": "One of {labels}"},
    {"answer__type": "txt"},
    {"answer__max_tokens": 0},
    {"answer__max_tokens": 2.5},
    {"answer__max_tokens": True},
    {"answer__stop": "\n"},
    {"answer__stop": [""]},
    {"answer__stop": ["\\n"]},
    {"answer__labels": ["a", "b"]},
    {**LABEL, "answer__labels": None},
    {**LABEL, "answer__labels": ["a"]},
    {**LABEL, "answer__labels": ["a", "b", "a"]},
    {**LABEL, "answer__labels": ["a", " b"]},
    {**LABEL, "answer__labels": ["a", 1]},
    {**LABEL, "answer__refusal": "no"},
    {"metrics": []},
    {"metrics": "contains"},
    {"metrics": ["contians"]},
    {"metrics": ["f1", "f1"]},
    {"metrics": ["label"]},
    {**LABEL, "metrics": ["refusal"]},
    {"answer__refusal": None},
    {"retrieval": {"k": 101}},
    {"retrieval": {"chunk_tokens": 8193}},
    {"retrieval": {"overlap_tokens": 65}},
    {"retrieval": {"top_k": 3}},
    {"examples": {"k": 33}},
    {"finetune": {"learning_rate": 0}},
    {"finetune": {"learning_rate": "1e-4"}},
    {"finetune": {"batch_size": 64}},
    {"finetune": {"max_epochs": 2, "min_epochs": 3}},
    {"max_tokens": 3},
]


def test_each_wrong_value_is_refused_with_one_sentence_at_its_key(
    tmp_path: Path, snapshots: Snapshots
) -> None:
    lines = []
    for sections in WRONG:
        (sentence,) = messages(tmp_path, changed(**sections))
        lines.append(f"{sections}\n    {sentence}\n")
    snapshots.check("spec/task_files.txt", "".join(lines))


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


OBJECT: dict[str, Any] = {"type": "object", "properties": {"city": {"type": "string"}}}
JSON_ANSWER: dict[str, Any] = {"type": "json", "max_tokens": 40}


@pytest.mark.parametrize("schema", [OBJECT, json.dumps(OBJECT)])
def test_a_schema_stands_in_the_file_as_keys_or_as_text(tmp_path: Path, schema: object) -> None:
    spec = changed(answer={**JSON_ANSWER, "json_schema": schema}, metrics=["exact_json"])
    path = tmp_path / "t.yaml"
    path.write_text(json.dumps(spec), encoding="utf-8")
    answer = load_model(path, TaskSpec).answer
    assert json.loads(answer.json_schema or "") == OBJECT
    assert TaskSpec.model_validate(load_model(path, TaskSpec).model_dump()).answer == answer
    assert answer.form is not None
    assert answer.form.value == OBJECT


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (
            {**JSON_ANSWER, "json_schema": {"type": "objct"}},
            "no schema that replies can be held to: Invalid type: objct",
        ),
        ({**JSON_ANSWER, "json_schema": "no"}, "is no JSON object"),
        ({**JSON_ANSWER, "json_schema": '{"not":' * 5_000}, "is no JSON object"),
        (
            {"type": "text", "max_tokens": 4, "json_schema": OBJECT},
            "is for type json only; the type here is text",
        ),
    ],
)
def test_a_schema_that_serves_for_nothing_is_refused(
    tmp_path: Path, answer: dict[str, Any], sentence: str
) -> None:
    metrics = ["exact_json"] if answer["type"] == "json" else ["contains"]
    (line,) = messages(tmp_path, changed(answer=answer, metrics=metrics))
    assert "answer.json_schema" in line
    assert sentence in line


def test_only_labels_and_json_have_a_form() -> None:
    assert TaskSpec.model_validate(GOOD).answer.form is None
    assert TaskSpec.model_validate(changed(**LABEL)).answer.form == AnswerForm(("in", "out"))
