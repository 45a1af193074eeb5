"""What contradicts itself, or leaves its range, is named with file and line, and never becomes a figure."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.reading import read_run
from harness.errors import InputError
from tests.analysis.runs import write_run

Row = dict[str, Any]
SYSTEMS = {"base": 0, "lora": 4, "rag": 8, "choice": 12}
"""Lines of answers.jsonl, from 0: the first answer of each system; `choice`: of one that picked an option."""


def edit(path: Path, at: int, change: Callable[[Row], Any]) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    row = json.loads(lines[at])
    change(row)
    lines[at] = json.dumps(row)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


@pytest.mark.parametrize(
    ("system", "changes", "why"),
    [
        ("base", {"completion_tokens": -1}, "completion_tokens is -1; input should be greater than or equal to 0"),
        ("base", {"completion_tokens": 1001}, "has 1001 tokens, and the task allows 1000"),
        ("base", {"finish_reason": "tired"}, "finish_reason is 'tired'"),
        ("base", {"finish_reason": "choice"}, "ended by 'choice', and has no log-likelihoods"),
        ("base", {"prompt_sha256": "0" * 63}, "it must be 64 hexadecimal digits"),
        ("base", {"adapter": "a" * 64}, "has an adapter, and base has none"),
        ("base", {"seed": 3}, "is of seed 3, which run.json does not plan for base"),
        ("base", {"metrics": {"acc": 1.0}}, "has scores of the task's own code"),
        ("base", {"cached": 1}, "cached is 1; input should be a valid boolean"),
        ("base", {"prompt_tokens": 10**40}, "prompt_tokens is 1000"),
        ("lora", {"adapter": None}, "lacks an adapter, and lora has one"),
        ("rag", {"shown_passages": 4}, "shows 4 passages, and 3 were found"),
        ("rag", {"retrieved": [{"doc_id": "geo", "chunk_id": "num#0", "score": 0.5}] * 2}, "found 'num#0' of 'geo'"),
        ("rag", {"retrieved": [{"doc_id": "geo", "chunk_id": "geo#0", "score": "7"}]}, "retrieved.0.score is '7'"),
        ("choice", {"choice_logprobs": [1.0, -1.0]}, "choice_logprobs.0 is 1.0"),
        ("choice", {"prediction": "red"}, "is 'red', and 'blue' is likelier"),
        ("choice", {"completion_tokens": 5}, "has 5 tokens, and nothing was written"),
    ],
)  # fmt: skip
def test_answers(tmp_path: Path, system: str, changes: Row, why: str) -> None:
    path, at = write_run(tmp_path) / "answers.jsonl", SYSTEMS[system]
    edit(path, at, lambda row: row.update(changes))
    with pytest.raises(InputError) as caught:
        read_run(tmp_path)
    assert str(caught.value).startswith(f"{path}:{at + 1}: ")
    assert why in str(caught.value)


@pytest.mark.parametrize(
    ("at", "changes", "why"),
    [
        (0, {"e2e_s": 0.01}, "runs backwards: retrieval None, first token 0.05, last token 0.01 seconds"),
        (10, {"retrieve_s": 3.0}, "runs backwards"),
        (10, {"retrieve_s": None}, "lacks a time of retrieval"),
        (0, {"retrieve_s": 0.01}, "has a time of retrieval"),
        (0, {"merged": False}, "is of an adapter that is not merged, and base has none"),
        (0, {"ttft_s": -0.1}, "ttft_s is -0.1"),
        (0, {"question_id": "q9"}, "times question 'q9'"),
    ],
)
def test_times(tmp_path: Path, at: int, changes: Row, why: str) -> None:
    path = write_run(tmp_path) / "timings.jsonl"
    edit(path, at, lambda row: row.update(changes))
    with pytest.raises(InputError) as caught:
        read_run(tmp_path)
    assert str(caught.value).startswith(f"{path}:{at + 1}: ")
    assert why in str(caught.value)


def rename(systems: Row) -> None:
    systems["0" * 16] = systems.pop(next(iter(systems)))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda run: run.update(status="done"), "'status' is 'done'"),
        (lambda run: run.update(created="yesterday"), "'created' is 'yesterday'"),
        (lambda run: run.update(load_s=-1.0), "'load_s' is -1.0"),
        (lambda run: run["settings"]["requirements"].update(tariff=5), "its tariff must be one of kept-up"),
        (lambda run: rename(run["systems"]), "is not the system that its id names"),
        (
            lambda run: next(iter(run["systems"].values())).update(control=True),
            "is not the system that its id",
        ),
        (lambda run: run["plan"][0].update(system="0" * 16), "'plan.0' names the system"),
        (lambda run: run["plan"].append(run["plan"][0]), "stands there twice"),
        (lambda run: run["tasks"]["facts"].update(fingerprint="0" * 64), "is not what its fingerprint names"),
        (lambda run: run["tasks"].update(other=run["tasks"]["facts"]), "'tasks.other' is the task 'facts'"),
        (lambda run: run["adapters"][0].update(system="0" * 16), "which is no system with an adapter"),
        (
            lambda run: run["indexes"].update(other=run["indexes"]["facts"]),
            "'indexes' names the task 'other'",
        ),
        (
            lambda run: run["adapters"][0]["record"].update(train_fit=1.5),
            "'adapters.0.record.train_fit' is 1.5",
        ),
        (
            lambda run: run["tasks"]["facts"].update(questions=5),
            "has 4 questions of task 'facts'; the run asked 5",
        ),
        (lambda run: run["tasks"]["facts"].update(asked="0" * 64), "are not those that the run asked"),
    ],
)
def test_the_manifest(tmp_path: Path, change: Callable[[Row], Any], why: str) -> None:
    path = write_run(tmp_path) / "run.json"
    about = json.loads(path.read_text(encoding="utf-8"))
    change(about)
    path.write_text(json.dumps(about, indent=2), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_run(tmp_path)
    assert why in str(caught.value)


def test_damage_in_a_manifest_has_its_line(tmp_path: Path) -> None:
    path = write_run(tmp_path) / "run.json"
    about = json.loads(path.read_text(encoding="utf-8"))
    about["model"]["parameters"] = -5
    text = json.dumps(about, indent=2)
    path.write_text(text, encoding="utf-8")
    line = next(n for n, line in enumerate(text.split("\n"), 1) if '"parameters": -5' in line)
    with pytest.raises(InputError, match=rf"run\.json:{line}: is damaged: 'model.parameters' is -5"):
        read_run(tmp_path)


@pytest.mark.parametrize("name", ["answers", "batches", "questions", "timings", "passages"])
def test_a_key_given_twice_is_refused(tmp_path: Path, name: str) -> None:
    path = write_run(tmp_path) / f"{name}.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines()
    key = next(iter(json.loads(lines[0])))
    lines[0] = f'{lines[0][:-1]}, "{key}": "facts"}}'
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    with pytest.raises(InputError, match=f"{name}.jsonl:1: broken line: the key '{key}' is given twice"):
        read_run(tmp_path)
