"""Is the line of a step one that can be typed: a command of this program, or a line of a task file or models file?"""

from __future__ import annotations

import shlex
from typing import Any

import yaml

from harness.cli import parser
from harness.spec.models import ServedEntry
from harness.spec.schema import task_json_schema

NUMBERS = {"USD": "0.5"}
"""Placeholders that stand for a number."""
MODELS_FILE = ("usd_per_hour",)


def check_line(line: str) -> None:
    """Fails where no command takes it and no key of a task file is called so."""
    if line.startswith("harness "):
        parser().parse_args([NUMBERS.get(word, word) for word in shlex.split(line)[1:]])
        return
    (key, value), *others = yaml.safe_load(line).items()
    assert not others
    if key in MODELS_FILE:
        assert key in ServedEntry.model_fields or value == "USD"
        return
    schema = task_json_schema()
    known: dict[str, Any] = schema["$defs"]["TaskSpec"]["properties"]
    assert key in known, line
    if isinstance(value, dict):
        section = schema["$defs"][str(known[key]["$ref"]).rpartition("/")[2]]["properties"]
        assert set(value) <= set(section), line
