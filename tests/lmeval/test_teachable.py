"""Where the right answer, as a fine-tune is taught it, would be scored wrong, it is said before a run, with a mend.

Each proposal is carried out, and must silence the remark: lm-eval's own filters and metrics are the judge.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.lmeval.load import open_tasks
from harness.spec.task import Task, load_task
from tests.lmeval.worlds import CHOICE, config, rows, write_config, write_data, write_jsonl, write_task

MEAN = {"aggregation": "mean", "higher_is_better": True}
LOWER = [{"name": "small", "filter": [{"function": "lowercase"}, {"function": "take_first"}]}]
STRIPPED = [{"name": "stripped", "filter": [{"function": "remove_whitespace"}, {"function": "take_first"}]}]
MARKED = {
    "name": "marked",
    "filter": [{"function": "regex", "regex_pattern": "#### (.+)"}, {"function": "take_first"}],
}
WORD = {
    "name": "word",
    "filter": [{"function": "regex", "regex_pattern": "([a-z]+)"}, {"function": "take_first"}],
}
EXACT = {"metric": "exact_match", **MEAN}
SMALL = {"filter_list": LOWER, "doc_to_target": "{{answer.title()}}"}


def opened(folder: Path, more: str = "", **says: Any) -> Task:
    write_config(folder / "rooms.yaml", config(write_data(folder), **says))
    (task,) = open_tasks([load_task(write_task(folder, more=more))], allow_code=False)
    return task


@pytest.mark.parametrize(
    ("says", "mend", "mended", "more"),
    [
        ({}, 'write `target_delimiter: ""` into its lm-eval file', {"target_delimiter": ""}, ""),
        (
            {"target_delimiter": "  ", "metric_list": [{**EXACT, "regexes_to_ignore": ["^ +"]}]},
            "",
            {},
            "",
        ),
        (
            {"doc_to_target": "{{answer}}", "doc_to_text": "Q: {{question}}\nA", "target_delimiter": ": "},
            'write `target_delimiter: ""`',
            {"target_delimiter": ""},
            "",
        ),
        (
            {**SMALL, "target_delimiter": ""},
            "write `ignore_case: true` beside its metric in metric_list",
            {"metric_list": [{**EXACT, "ignore_case": True}]},
            "",
        ),
        (
            SMALL,
            'write `target_delimiter: ""` into its lm-eval file and write `ignore_case: true` beside its metric',
            {"metric_list": [{**EXACT, "ignore_case": True}], "target_delimiter": ""},
            "",
        ),
        (
            {"filter_list": [MARKED, WORD]},
            'show the other filter first: `metrics: ["exact_match,word"]`',
            {"filter_list": [WORD]},
            "",
        ),
        (
            {"target_delimiter": "", "generation_kwargs": {"until": ["\n", "e"]}},
            "take 'e' out of generation_kwargs.until",
            {"generation_kwargs": {"until": ["\n"]}},
            "",
        ),
        (
            {"doc_to_target": "{{answer}}\nindeed"},
            'write `target_delimiter: ""` into its lm-eval file and take \'\\n\' out of generation_kwargs.until',
            {"target_delimiter": "", "generation_kwargs": {"until": ["Q:"]}},
            "",
        ),
        ({}, "", {}, "chat_template: true\n"),
        ({"filter_list": STRIPPED}, "", {}, ""),
    ],
)  # fmt: skip
def test_what_is_proposed_mends_it(
    tmp_path: Path, says: dict[str, Any], mend: str, mended: dict[str, Any], more: str
) -> None:
    found = opened(tmp_path, more, **says).remarks
    assert len(found) == bool(mend), found
    if mend:
        assert mend in found[0]
        assert "right answers as a fine-tune is taught them as wrong, such as" in found[0]
        assert opened(tmp_path / "mended", more, **{**says, **mended}).remarks == ()


def test_a_blank_that_no_delimiter_puts_there_wants_a_filter(tmp_path: Path) -> None:
    """exact_match takes the blank at the end of the reply off the right answer, and not off the reply."""
    (tmp_path / "utils.py").write_text(
        "def results(doc, results):\n    return {'found': float(results[0] == doc['answer'])}\n",
        encoding="utf-8",
    )
    says = {
        "doc_to_target": "{{answer}} ",
        "target_delimiter": "",
        "metric_list": [{"metric": "found", **MEAN}],
    }
    write_config(tmp_path / "more.yaml", config(write_data(tmp_path), **says))
    (tmp_path / "rooms.yaml").write_text(
        "include: more.yaml\ntask: rooms\nprocess_results: !function utils.results\n", encoding="utf-8"
    )
    (task,) = open_tasks([load_task(write_task(tmp_path))], allow_code=True)
    (remark,) = task.remarks
    assert (
        "filter_list: [{name: stripped, filter: [{function: remove_whitespace}, {function: take_first}]}]"
        in remark
    )


def test_where_nothing_is_taught_the_right_answers_alone_are_looked_at(tmp_path: Path) -> None:
    assert opened(tmp_path / "a", training_split=None).remarks == ()
    (remark,) = opened(tmp_path / "b", training_split=None, filter_list=[MARKED]).remarks
    assert (
        "exact_match,marked counts 8 of 8 right answers as wrong, such as 'red': look at doc_to_target"
        in remark
    )


def test_a_training_document_without_a_right_answer_is_left_out(tmp_path: Path) -> None:
    """Hidden labels are -1 on the hub: such a document teaches nothing."""
    data = write_data(tmp_path)
    write_jsonl(Path(data["train"]), [*rows(2, offset=40), {**rows(1, offset=50)[0], "right": -1}])
    says = {
        "output_type": "multiple_choice",
        "doc_to_choice": "{{options}}",
        "doc_to_target": "right",
        "generation_kwargs": None,
        "metric_list": [{"metric": "acc", **MEAN}],
    }
    write_config(tmp_path / "rooms.yaml", config(data, **says))
    (task,) = open_tasks([load_task(write_task(tmp_path))], allow_code=False)
    assert [question.id for question in task.train] == ["train-0", "train-1"]
    assert "document train-2 is left out, since it has no right answer" in task.left_out[0]


def test_documents_without_a_right_option_are_counted(tmp_path: Path) -> None:
    """As where the labels of a test split are hidden: lm-eval counts every answer to them as wrong."""
    data = write_data(tmp_path)
    write_jsonl(Path(data["test"]), [*rows(3), {**rows(1, offset=3)[0], "right": -1}])
    write_config(tmp_path / "rooms.yaml", config(data, **CHOICE))
    (task,) = open_tasks([load_task(write_task(tmp_path))], allow_code=False)
    assert "1 of 4 documents have no right option, such as 3" in task.remarks[0]
