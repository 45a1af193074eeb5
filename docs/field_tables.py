"""Writes the tables of fields and of metrics in docs/tasks.md and docs/lm-eval.md anew, between the marks there.

python docs/field_tables.py
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.scoring.table import METRICS
from harness.spec.schema import task_json_schema

PAGES = {
    Path(__file__).with_name("tasks.md"): ("fields", "metrics"),
    Path(__file__).with_name("lm-eval.md"): ("lm-eval fields",),
}
"""Page → the names of its tables."""
Schema = Mapping[str, Any]


def tables() -> dict[str, str]:
    """The name in the marks of each table → the table. What a task of lm-eval's shares with others stands once."""
    shared = _field_rows("TaskSpec")
    own = [row for row in _field_rows("LmEvalSpec") if row not in shared]
    metrics = [f"| `{metric.name}` | `{metric.fits}` | {metric.meaning} |" for metric in METRICS.values()]
    fields = ("field", "what it holds", "default", "meaning")
    return {
        "fields": _table(fields, shared),
        "lm-eval fields": _table(fields, own),
        "metrics": _table(("metric", "for", "right where"), metrics),
    }


def refreshed(page: str, names: Iterable[str]) -> str:
    """The page with the tables of these names between their marks. Raises ValueError where one has no marks."""
    made = tables()
    for name in names:
        table = made[name]
        start, end = f"<!-- {name}:start -->\n", f"<!-- {name}:end -->"
        before, opening, rest = page.partition(start)
        _, closing, after = rest.partition(end)
        if not opening or not closing:
            raise ValueError(
                f"the page has no lines {start.strip()} and {end}, between which the table belongs"
            )
        page = f"{before}{start}{table}{end}{after}"
    return page


def _table(heads: tuple[str, ...], rows: list[str]) -> str:
    lines = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}", *rows]
    return "".join(f"{line}\n" for line in lines)


def _field_rows(model: str) -> list[str]:
    """A row for each field that holds a value, in the schema's order."""
    models = task_json_schema()["$defs"]
    return [
        f"| `{name}` | {_kind(field)} | {default} | {_escaped(field.get('description', ''))} |"
        for name, field, default in _fields(models[model], models)
    ]


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
    if value in (None, [], {}, ""):
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
    if field.get("type") == "object":
        values = field["additionalProperties"]
        return f"names, each with a {_kind(values)}" if values else "keys and values"
    words = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}
    kind = words.get(str(field.get("type")), "any value")
    limits = _limits(field)
    return f"{kind}, {limits}" if limits else kind


def _limits(field: Schema) -> str:
    above, least, most = (field.get(key) for key in ("exclusiveMinimum", "minimum", "maximum"))
    if least is not None:
        return f"{least} to {most}" if most is not None else f"{least} or more"
    parts = [f"above {above:g}" if above is not None else "", f"at most {most:g}" if most is not None else ""]
    return ", ".join(part for part in parts if part)


def _escaped(text: str) -> str:
    return text.replace("|", r"\|").replace("\n", " ")


if __name__ == "__main__":
    for file, names in PAGES.items():
        file.write_text(refreshed(file.read_text(encoding="utf-8"), names), encoding="utf-8")
