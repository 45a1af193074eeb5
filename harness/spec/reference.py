"""The schema of a task file → the tables of its fields in docs/tasks.md, which stand between marks there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.errors import InputError
from harness.files import write_text
from harness.spec.schema import task_json_schema
from harness.spec.yamlfile import read_source

Schema = Mapping[str, Any]
TABLES = {"fields": "TaskSpec", "lm-eval fields": "LmEvalSpec"}
"""Name of each table in its marks → the model whose fields it holds; a later one leaves out what the first one says."""


def marks(table: str) -> tuple[str, str]:
    """The lines between which a table stands."""
    return f"<!-- {table}:start -->", f"<!-- {table}:end -->"


def field_table(table: str = "fields") -> str:
    """A Markdown table with a row for each field that holds a value, in the schema's order."""
    rows = ["| field | what it holds | default | meaning |", "| --- | --- | --- | --- |"]
    first, *_ = TABLES
    known = [] if table == first else _rows(first)
    return "".join(f"{row}\n" for row in (*rows, *(row for row in _rows(table) if row not in known)))


def _rows(table: str) -> list[str]:
    models = task_json_schema()["$defs"]
    return [
        f"| `{name}` | {_kind(field)} | {default} | {_escaped(field.get('description', ''))} |"
        for name, field, default in _fields(models[TABLES[table]], models)
    ]


def refresh(path: Path) -> None:
    """Put the tables between their marks in a Markdown file; raises InputError where one has none."""
    text = read_source(path).text
    for table in TABLES:
        opening, closing = marks(table)
        before, start, rest = text.partition(opening)
        _, end, after = rest.partition(closing)
        if not start or not end:
            raise InputError(
                f"has no lines {opening} and {closing} after it, between which the table belongs.", path=path
            )
        text = f"{before}{opening}\n{field_table(table)}{closing}{after}"
    write_text(path, text)


def _fields(model: Schema, models: Schema, prefix: str = "") -> Iterator[tuple[str, Schema, str]]:
    """(dotted name, its schema, its default in words); a section gives way to its fields."""
    for key, field in model["properties"].items():
        section = models.get(_reference(field))
        if section:
            yield from _fields(section, models, f"{prefix}{key}.")
        else:
            yield prefix + key, field, "required" if key in model.get("required", ()) else _default(field)


def _reference(field: Schema) -> str:
    """The name of the model that a field holds, or nothing."""
    found = [one["$ref"] for one in (field, *field.get("anyOf", ())) if "$ref" in one]
    return str(found[0]).rpartition("/")[2] if found else ""


def _default(field: Schema) -> str:
    value = field.get("default")
    if value in (None, [], ""):
        return "none"
    return f"`{json.dumps(value, ensure_ascii=False)}`"


def _kind(field: Schema) -> str:
    """What may stand there, in words: `whole number, 1 to 10`."""
    options = [one for one in field.get("anyOf", ()) if one.get("type") != "null"]
    if options:
        return " or ".join(_kind(option) for option in options)
    if "enum" in field:
        return ", ".join(f"`{name}`" for name in field["enum"])
    if field.get("type") == "array":
        items = field["items"]
        return f"list of {_kind(items)}" if "enum" in items else f"list of {_kind(items)}s"
    words = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}
    kind = words.get(str(field.get("type")), "any value")
    limits = _limits(field)
    return f"{kind}, {limits}" if limits else kind


def _limits(field: Schema) -> str:
    above, least, most = (field.get(key) for key in ("exclusiveMinimum", "minimum", "maximum"))
    if least is not None:
        return f"{least} to {most}" if most is not None else f"{least} or more"
    parts = [f"above {above}" if above is not None else "", f"at most {most}" if most is not None else ""]
    return ", ".join(part for part in parts if part)


def _escaped(text: str) -> str:
    return text.replace("|", r"\|").replace("\n", " ")
