"""The tables in the docs are those of the schema and of the metrics, and a script writes them anew."""

from __future__ import annotations

import re

import pytest

from docs.field_tables import PAGES, refreshed, tables
from harness.spec.schema import task_json_schema
from harness.spec.settings import Finetune


def cells(table: str) -> dict[str, list[str]]:
    """Field → its cells."""
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in table.splitlines()[2:]]
    return {row[0].strip().strip("`"): [cell.strip() for cell in row] for row in rows}


def test_the_pages_are_up_to_date_and_have_every_table() -> None:
    for file, names in PAGES.items():
        page = file.read_text(encoding="utf-8")
        assert refreshed(page, names) == page, "write it again: python docs/field_tables.py"
    assert {name for names in PAGES.values() for name in names} == set(tables())


def test_every_key_that_holds_a_value_has_a_row_with_a_meaning() -> None:
    schema = task_json_schema()
    sections = {
        key: schema["$defs"][field["$ref"].rpartition("/")[2]]["properties"]
        if "$ref" in field
        else {"": field}
        for key, field in schema["$defs"]["TaskSpec"]["properties"].items()
    }
    keys = {f"{key}.{child}".rstrip(".") for key, children in sections.items() for child in children}
    table = cells(tables()["fields"])
    assert set(table) >= keys
    assert all(len(row) == 4 and row[1] and row[2] and row[3] for row in table.values())


def test_rows_say_what_may_stand_there() -> None:
    table = cells(tables()["fields"])
    rate = Finetune.model_fields["learning_rate"].default
    assert table["retrieval.k"][1:3] == ["whole number, 1 to 100", "`3`"]
    assert table["finetune.learning_rate"][1:3] == ["number, above 0, at most 0.1", f"`{rate}`"]
    assert table["finetune.max_examples"][1:3] == ["whole number, 8 or more", "none"]
    assert table["answer.stop"][1:3] == ["list of texts", "none"]
    assert table["prompt.question"][1:3] == ["text", '`"{question}"`']
    assert table["probes"][1:3] == ["`knowledge`, `behaviour`, `general`", "required"]


def test_what_an_lm_eval_task_shares_with_the_others_stands_once() -> None:
    table = cells(tables()["lm-eval fields"])
    assert {"lm_eval", "query", "gold", "train", "metrics", "chat_template", "system"} <= set(table)
    assert "retrieval.k" not in table


def test_refreshing_changes_what_stands_between_the_marks_and_nothing_else() -> None:
    marks = [f"{name}\n<!-- {name}:start -->\n%s<!-- {name}:end -->\n" for name in tables()]
    old, new = (
        (mark % "old\n" for mark in marks),
        (mark % table for mark, table in zip(marks, tables().values(), strict=True)),
    )
    assert refreshed("".join(old), tables()) == "".join(new)


def test_a_page_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="has no lines"):
        refreshed("<!-- fields:end --> <!-- fields:start -->", ["fields"])
