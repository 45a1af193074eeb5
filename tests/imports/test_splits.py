"""Test, training and dev questions: by files, by folders and by shares."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from harness.imports.split import by_shares, shares_of
from tests.imports import PAIRS, READ, asked, imported_task, lines, refused


def test_a_folder_with_a_file_for_each_split() -> None:
    Path("set").mkdir()
    for split, count in (("train", 3), ("validation", 2)):
        rows = [{"question": f"{split} {n}?", "answer": "yes"} for n in range(count)]
        pq.write_table(pa.Table.from_pylist(rows), f"set/{split}-00000-of-00001.parquet")
    task = imported_task("set")
    assert [len(part) for part in (task.test, task.train, task.dev)] == [2, 3, 0], "dev serves as test"


@pytest.mark.parametrize("names", [("faq_train.jsonl", "faq-test.jsonl"), ("train/0.jsonl", "test/0.jsonl")])
def test_splits_at_the_end_of_names_and_in_folders(
    names: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    for name, pairs in zip((*names, "eval.jsonl"), (PAIRS[:1], PAIRS[1:], PAIRS), strict=True):
        Path("set", name).parent.mkdir(parents=True, exist_ok=True)
        lines(f"set/{name}", *pairs)
    task = imported_task("set")
    assert (asked(task), len(task.train)) == (READ[1:], 1)
    assert "set: left out, as their names tell no split: eval.jsonl." in capsys.readouterr().err


def test_an_end_is_no_split_beside_names_that_begin_with_one(capsys: pytest.CaptureFixture[str]) -> None:
    Path("set").mkdir()
    lines("set/train.jsonl", *PAIRS[:1])
    lines("set/test.jsonl", *PAIRS[1:])
    lines("set/documents_test.jsonl", {"id": "a", "text": "b"})
    assert asked(imported_task("set")) == READ[1:]
    assert "left out, as their names begin with no split: documents_test.jsonl." in capsys.readouterr().err


def test_a_folder_of_several_data_sets_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    Path("set/.hidden").mkdir(parents=True)
    lines("set/.hidden/test.jsonl", {"x": 1})
    lines("set/test.jsonl", *PAIRS)
    for name in ("train.jsonl", "dev.jsonl"):
        lines(f"set/{name}", {"text": "a", "label": "b"})
    said = refused(capsys, "set")
    assert "test.jsonl has the columns 'question' and 'answer', and dev.jsonl has others." in said
    assert said.count("\n") == 1
    lines("set/dev.jsonl", *PAIRS)
    lines("set/train.jsonl", *PAIRS)
    assert len(imported_task("set").test) == 2


def test_shares_split_evenly_and_the_same_question_never_twice() -> None:
    shares = shares_of("train=70%, test=20, dev=10")
    assert shares == {"train": 0.7, "test": 0.2, "dev": 0.1}
    records = [{"question": f"Who is {n // 2}?", "answers": ["Ada"]} for n in range(200)]
    roles = by_shares(records, shares or {}, labelled=False)
    assert [roles.count(role) for role in ("train", "test", "dev")] == [140, 40, 20]
    assert all(roles[n] == roles[n + 1] for n in range(0, 200, 2))
    assert roles == by_shares(records, shares or {}, labelled=False), "the same each time"
    assert shares_of("Part") is None
