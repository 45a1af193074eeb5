"""For task authors: the JSON schema that editors check task files by, and a first task to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

from harness.errors import InputError, InputErrors
from harness.files import write_json, write_text
from harness.spec.lmevalspec import LmEvalSpec
from harness.spec.taskspec import TaskSpec, check_name

SCHEMA_FILE = "task.schema.json"

_NEW_TASK = Path(__file__).with_name("new_task")
"""The files of a task to start from."""


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


def scaffold(folder: Path, name: str) -> list[Path]:
    """Write a task to start from into `folder`: NAME.yaml, its question files, the schema where it is absent.

    Returns what was written, the task file first. Raises InputError for a bad name, and InputErrors
    rather than overwrite anything, in which case nothing is written.
    """
    try:
        check_name(name)
    except ValueError as error:
        raise InputError(f"the task's name {error}") from None
    files = {
        folder / f"{name}.yaml": _template("NAME.yaml").replace("NAME", name),
        folder / name / "test.jsonl": _template("test.jsonl"),
        folder / name / "train.jsonl": _template("train.jsonl"),
    }
    in_the_way = [folder / name] if (folder / name).is_file() else [path for path in files if path.exists()]
    if in_the_way:
        raise InputErrors(
            [InputError("exists already and is left as it is.", path=path) for path in in_the_way]
        )
    for path in reversed(files):  # the task file last, as the others do nothing without it
        write_text(path, files[path])
    schema = folder / SCHEMA_FILE
    if schema.exists():
        return list(files)
    write_json(schema, task_json_schema())
    return [*files, schema]


def _template(file: str) -> str:
    return (_NEW_TASK / file).read_text(encoding="utf-8")
