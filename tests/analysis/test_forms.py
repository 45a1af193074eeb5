"""What holding answers to their form changed, on made-up answers that a hand can count."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.analysis.derive import derive
from harness.analysis.reading import read_run
from harness.analysis.results.run import TaskResult
from harness.engines.engine import AdapterRef
from harness.report import forms
from harness.report.document import task_sections
from harness.spec.forms import ANY_OBJECT, AnswerForm, FormReader, in_order
from harness.spec.task import Task
from tests.fakes import RecordingEngine
from tests.run.test_forms import LABELS, label_task
from tests.run.worlds import go, make_tools, settings_of

STRATEGIES = ("base[constrained]", "base", "lora", "lora[constrained]")


def half_chatty(prompt: str, adapter: AdapterRef | None) -> str:
    """Free, the model adds a remark to every second answer; an adapter does so nowhere. Neither knows how to pay."""
    asked = prompt.rpartition("[user]")[2]
    found = next(label for label in sorted(LABELS, key=len, reverse=True) if label in asked)
    if adapter:
        return found
    said = "cancel" if found == "pay" else found
    number = int("".join(filter(str.isdigit, asked.rpartition("number")[2])) or 0)
    return f"{said}!" if number % 2 else said


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    return label_task(tmp_path_factory.mktemp("task"), every=20)


@pytest.fixture(scope="module")
def result(task: Task, tmp_path_factory: pytest.TempPathFactory) -> TaskResult:
    folder: Path = tmp_path_factory.mktemp("run")
    tools = make_tools(folder / "cache", RecordingEngine(half_chatty))
    return derive(read_run(go(settings_of(task, *STRATEGIES), [task], tools, folder / "run"))).tasks[
        "intents"
    ]


def test_a_held_system_stands_beside_the_free_one(result: TaskResult) -> None:
    base, lora = result.forms
    assert (base.system, base.free, base.form) == ("base[constrained]", "base", "constrained")
    assert (lora.system, lora.free) == ("lora[constrained]", "lora")
    assert (base.of_form_free, base.of_form, lora.of_form_free) == (0.5, 1, 1)
    assert base.comparison.delta == pytest.approx(1 / 3)
    assert lora.comparison.delta == 0


def test_the_gain_of_a_fine_tune_is_parted_into_form_and_the_rest(result: TaskResult) -> None:
    (share,) = result.form_shares
    assert (share.fine_tune, share.base, share.held) == ("lora", "base", "base[constrained]")
    assert share.gain.delta == pytest.approx(2 / 3)
    assert share.by_form.delta == pytest.approx(1 / 3)
    assert share.beyond.delta == pytest.approx(1 / 3)
    assert share.in_words.startswith("lora gains +66.7 points")
    assert "base[constrained], which is not trained, gains +33.3 points" in share.in_words
    assert share.in_words in {reason.text for reason in result.decision.reasons}


def test_the_report_shows_it(result: TaskResult) -> None:
    (section,) = (part for part in task_sections(result) if part.title == "Held to a form")
    assert len(section.blocks) == 3
    assert forms.effects(result).rows[0][-1] == "50.0 % → 100.0 %"


def test_a_run_without_held_systems_says_nothing_of_them(task: Task, tmp_path: Path) -> None:
    run = go(settings_of(task, "base"), [task], make_tools(tmp_path / "cache"), tmp_path / "run")
    alone = derive(read_run(run)).tasks["intents"]
    assert alone.forms == ()
    assert forms.blocks(alone) == []


SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "integer"}, "b": {"type": "object", "properties": {"x": {}, "y": {}}}},
    "required": ["a"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("schema", "reply", "fits"),
    [
        (SCHEMA, '{"b": {"y": 1, "x": 2}, "a": 3}', True),
        (SCHEMA, '{\n  "a": 3\n}', True),
        (SCHEMA, '{"a": "3"}', False),
        (SCHEMA, '{"b": {}}', False),
        (SCHEMA, "a: 3", False),
        (json.loads(ANY_OBJECT), '{"anything": [1]}', True),
        (json.loads(ANY_OBJECT), "[1]", False),
    ],
)
def test_order_and_blanks_are_no_part_of_a_form(schema: object, reply: str, fits: bool) -> None:
    text = ANY_OBJECT if schema == json.loads(ANY_OBJECT) else json.dumps(schema)
    assert FormReader(AnswerForm(schema=text)).fits(reply) == fits


def test_keys_are_put_in_the_order_of_their_schema() -> None:
    value = {"z": 1, "b": {"y": 1, "x": 2}, "a": 3}
    assert json.dumps(in_order(value, SCHEMA)) == '{"a": 3, "b": {"x": 2, "y": 1}, "z": 1}'


def test_the_short_report_says_it_in_words(result: TaskResult) -> None:
    said = forms.note(result)
    assert said.startswith("base[constrained]: +33.3 points (")
    assert "by the form alone, which 50.0 % of the answers of base have." in said
    assert result.form_shares[0].in_words in said
