"""For task authors: the JSON schema that editors check task files by."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from harness.spec.lmevalspec import LmEvalSpec
from harness.spec.taskspec import TaskSpec

SCHEMA_FILE = "task.schema.json"


def task_json_schema() -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of a task file, with a description for every key.

    A file with the key `lm_eval` is held against the one model, any other against the other.
    """
    _, models = models_json_schema([(TaskSpec, "validation"), (LmEvalSpec, "validation")])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "if": {"required": ["lm_eval"]},
        "then": {"$ref": "#/$defs/LmEvalSpec"},
        "else": {"$ref": "#/$defs/TaskSpec"},
        "$defs": models["$defs"],
    }
