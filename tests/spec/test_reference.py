"""The table of fields in docs/tasks.md is the schema's own, and one command writes it anew."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.errors import InputError
from harness.spec.reference import TABLES, field_table, marks, refresh
from harness.spec.schema import task_json_schema
from harness.spec.settings import Finetune
from tests.commands import refused

DOCS = Path(__file__).parents[2] / "docs/tasks.md"


def cells(table: str) -> dict[str, list[str]]:
    """Field → its cells."""
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in table.splitlines()[2:]]
    return {row[0].strip().strip("`"): [cell.strip() for cell in row] for row in rows}


@pytest.mark.parametrize("table", TABLES)
def test_docs_hold_the_table_that_the_schema_gives(table: str) -> None:
    text = DOCS.read_text(encoding="utf-8")
    start, end = marks(table)
    shown = text.partition(f"{start}\n")[2].partition(end)[0]
    assert shown == field_table(table), (
        "write it again: python -m harness tasks schema --markdown docs/tasks.md"
    )


def test_every_key_that_holds_a_value_has_a_row_with_a_meaning() -> None:
    schema = task_json_schema()
    sections = {
        key: schema["$defs"][field["$ref"].rpartition("/")[2]]["properties"]
        if "$ref" in field
        else {"": field}
        for key, field in schema["$defs"]["TaskSpec"]["properties"].items()
    }
    keys = {f"{key}.{child}".rstrip(".") for key, children in sections.items() for child in children}
    table = cells(field_table())
    assert set(table) >= keys
    assert all(len(row) == 4 and row[1] and row[2] and row[3] for row in table.values())


def test_rows_say_what_may_stand_there() -> None:
    table = cells(field_table())
    rate = Finetune.model_fields["learning_rate"].default
    assert table["retrieval.k"][1:3] == ["whole number, 1 to 10", "`3`"]
    assert table["finetune.learning_rate"][1:3] == ["number, above 0, at most 0.1", f"`{rate}`"]
    assert table["finetune.max_examples"][1:3] == ["whole number, 8 or more", "none"]
    assert table["answer.stop"][1:3] == ["list of texts", "none"]
    assert table["prompt.question"][1:3] == ["text", '`"{question}"`']
    assert table["probes"][1:3] == ["`knowledge`, `behaviour`, `general`", "required"]


def test_what_an_lm_eval_task_shares_with_the_others_stands_once() -> None:
    table = cells(field_table("lm-eval fields"))
    assert {"lm_eval", "query", "gold", "train", "metrics", "chat_template", "system"} <= set(table)
    assert "retrieval.k" not in table


def test_refreshing_changes_what_stands_between_the_marks_and_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    (first, last), (start, end) = marks("fields"), marks("lm-eval fields")
    page.write_text(f"a\n\n{first}\nold\n{last}\n\nb\n{start}\n{end}\nc\n", encoding="utf-8")
    refresh(page)
    more = field_table("lm-eval fields")
    assert page.read_text(encoding="utf-8") == (
        f"a\n\n{first}\n{field_table()}{last}\n\nb\n{start}\n{more}{end}\nc\n"
    )


def test_a_page_without_marks_is_left_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.md"
    start, end = marks("fields")
    page.write_text(f"{end} {start}", encoding="utf-8")
    with pytest.raises(InputError, match="has no lines"):
        refresh(page)
    assert page.read_text(encoding="utf-8") == f"{end} {start}"
    assert "no such file" in refused(capsys, "tasks", "schema", "--markdown", str(tmp_path / "none.md"))
