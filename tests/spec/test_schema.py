"""The schema that editors use is the models' own."""

from __future__ import annotations

import json
from pathlib import Path

from harness.spec.schema import SCHEMA_FILE, task_json_schema

TASKS = Path(__file__).parents[2] / "tasks"


def test_the_schema_that_ships_is_the_one_of_the_models() -> None:
    shipped = json.loads((TASKS / SCHEMA_FILE).read_text(encoding="utf-8"))
    assert shipped == task_json_schema(), (
        "write it again: python -m harness tasks schema > tasks/task.schema.json"
    )


def test_every_key_is_described_and_nothing_else_is_allowed() -> None:
    models = task_json_schema()["$defs"]
    for model in models.values():
        assert model["additionalProperties"] is False
        assert all(key.get("description") for key in model["properties"].values())
    assert models["TaskSpec"]["required"] == ["name", "probes", "questions", "answer", "prompt", "metrics"]
    assert models["LmEvalSpec"]["required"] == ["name", "probes", "lm_eval"]
