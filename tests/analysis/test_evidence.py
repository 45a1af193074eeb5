"""A run folder is believed only where it is whole: what a kill leaves is tolerated, damage is not."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.evidence import missing_answers
from harness.analysis.reading import read_run
from harness.errors import InputError
from harness.run.manifest import SCHEMA_VERSION
from tests.analysis.runs import QUESTIONS, answers, timings, write_lines, write_run

EVIDENCE = ("questions", "answers", "batches", "timings", "passages")


def test_reads_everything_in_the_plans_order(tmp_path: Path) -> None:
    run = read_run(write_run(tmp_path))
    assert [*run.planned][:3] == [("facts", "base"), ("facts", "lora"), ("facts", "rag")]
    assert list(run.questions["facts"]) == ["q1", "q2", "q3", "q4"]
    assert [run.questions["facts"][q].fact_seen for q in ("q1", "q2", "q3")] == [True, False, None]
    assert len(run.answers["facts", "rag"]) == 4
    assert run.passages["facts", "geo#0"].text == "Paris is the capital."
    assert run.adapter_key(("facts", "lora")) == "cd" * 32
    assert run.torn_lines == 0


def test_torn_last_line_is_left_out_and_counted(tmp_path: Path) -> None:
    run_folder = write_run(tmp_path)
    path = run_folder / "answers.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[:-20] + "é".encode()[:1])  # a kill may cut a character in two
    run = read_run(run_folder)
    assert run.torn_lines == 1
    assert sum(map(len, run.answers.values())) == len(answers()) - 1


def test_last_line_without_its_newline_only_is_whole(tmp_path: Path) -> None:
    path = write_run(tmp_path) / "answers.jsonl"
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    run = read_run(tmp_path)
    assert run.torn_lines == 0
    assert sum(map(len, run.answers.values())) == len(answers())


@pytest.mark.parametrize(
    ("line", "why"),
    [('{"task": "facts"', ""), ("\udcff", "it is not UTF-8 text."), ('{"wall_s": NaN}', "")],
)
def test_broken_line_in_the_middle_names_file_and_line(tmp_path: Path, line: str, why: str) -> None:
    path = write_run(tmp_path) / "batches.jsonl"
    good = path.read_bytes().split(b"\n")
    good[1] = line.encode("utf-8", "surrogateescape")
    path.write_bytes(b"\n".join(good))
    with pytest.raises(InputError, match=re.escape(f"{path}:2: broken line: {why}")):
        read_run(tmp_path)


@pytest.mark.parametrize(("row", "text"), [([1], "must be a JSON object"), ({"task": "facts"}, "lacks '")])
@pytest.mark.parametrize("name", ["questions", "answers", "timings", "passages", "batches"])
def test_row_that_does_not_fit_names_file_and_line(tmp_path: Path, name: str, row: Any, text: str) -> None:
    path = write_run(tmp_path) / f"{name}.jsonl"
    path.write_text(json.dumps(row) + "\n" + path.read_text())
    with pytest.raises(InputError, match=rf"{name}\.jsonl:1: ({text})"):
        read_run(tmp_path)


def test_same_answer_twice_counts_once(tmp_path: Path) -> None:
    again = {**answers()[0], "batch": 7, "cached": True}
    run = read_run(write_run(tmp_path, answers=[*answers(), again]))
    assert [row.batch for row in run.answers["facts", "base"]] == [0, 0, 0, 0]


def test_two_different_answers_to_one_question_are_refused(tmp_path: Path) -> None:
    again = {**answers()[0], "prediction": "Lyon"}
    with pytest.raises(InputError, match=r"answers\.jsonl:17: answers question 'q1' \(facts, base\) again"):
        read_run(write_run(tmp_path, answers=[*answers(), again]))


def test_answer_to_a_question_nobody_asked_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="question 'q9' of task 'facts', which questions"):
        read_run(write_run(tmp_path, answers=[{**answers()[0], "question_id": "q9"}]))


def test_log_likelihoods_must_be_one_a_choice(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="another number of log-likelihoods"):
        read_run(write_run(tmp_path, answers=[{**answers()[-1], "choice_logprobs": [-1.0]}]))


def test_block_timed_again_after_a_resume_counts_once(tmp_path: Path) -> None:
    again = {**timings()[0], "e2e_s": 99.0}
    run = read_run(write_run(tmp_path, timings=[*timings(), again]))
    assert run.timings["facts", "base"][0].e2e_s == 0.1
    assert len(run.timings["facts", "base"]) == 10


def test_run_killed_at_the_start_has_no_rows(tmp_path: Path) -> None:
    write_run(tmp_path, manifest={"status": "running"}, **{name: [] for name in EVIDENCE})
    run = read_run(tmp_path)
    assert (run.planned, run.questions, run.answers) == ({}, {}, {})


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (json.dumps({"schema_version": SCHEMA_VERSION + 1}), "newer version"),
        (json.dumps({"schema_version": SCHEMA_VERSION - 1}), "older version"),
        ("{}", "no schema_version"),
        ("[]", "no schema_version"),
        ("{", "cannot be read"),
    ],
)
def test_manifest_that_cannot_be_read(tmp_path: Path, content: str, text: str) -> None:
    (write_run(tmp_path) / "run.json").write_text(content)
    with pytest.raises(InputError, match=text) as caught:
        read_run(tmp_path)
    assert caught.value.exit_code == 2


def test_no_folder_and_no_run_in_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no run in"):
        read_run(tmp_path / "nowhere")
    with pytest.raises(InputError, match="there is no run in"):
        read_run(tmp_path)


def test_lines_end_at_line_feeds_only(tmp_path: Path) -> None:
    write_run(tmp_path)
    path = tmp_path / "answers.jsonl"
    row = {**json.loads(path.read_text().splitlines()[0]), "prediction": "one\u2028two\u0085three"}
    path.write_text(json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8")
    assert read_run(tmp_path).answers["facts", "base"][0].prediction == "one\u2028two\u0085three"


def test_question_twice_and_different_is_refused(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    row = {"task": "facts", "id": "q1", "question": "Another?", "answers": ["x"]}
    with (folder / "questions.jsonl").open("a") as stream:
        stream.write(json.dumps(row) + "\n")
    with pytest.raises(InputError, match=r"questions\.jsonl:7: question 'q1' stands here twice"):
        read_run(folder)


def test_a_pattern_that_may_take_for_ever_is_refused_before_it_is_tried(tmp_path: Path) -> None:
    asked = [{**QUESTIONS[0], "pattern": "(a+)+b"}, *QUESTIONS[1:]]
    with pytest.raises(
        InputError, match=r"questions\.jsonl:1: the pattern of question 'q1' .* exponential time"
    ):
        read_run(write_run(tmp_path, questions=asked))


def test_keys_of_a_later_version_are_left_out(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    path = folder / "timings.jsonl"
    write_lines(path, [{**json.loads(line), "new": 1} for line in path.read_text().splitlines()])
    assert len(read_run(folder).timings["facts", "base"]) == 10


TRAINING = [
    {"task": "facts", "split": split, "id": f"t{n}", "question": "Who?", "answers": ["Ann"]}
    for n, split in enumerate(("train", "train", "dev"))
]
PROMPTS = [
    {"task": "facts", "strategy": name, "question_id": "q1", "messages": 2, "text": "<u>Who?<a>",
     "skeleton": "<u>%%0%%<a>", "first_tokens": [1, 2], "added_tokens": []}
    for name in ("base", "rag")
]  # fmt: skip


def test_training_questions_and_prompts_are_read(tmp_path: Path) -> None:
    run = read_run(write_run(tmp_path, training=TRAINING, prompts=PROMPTS))
    assert [(row.split, row.question.id) for row in (run.training or {})["facts"]] == [
        ("train", "t0"),
        ("train", "t1"),
        ("dev", "t2"),
    ]
    assert list(run.prompts) == [("facts", "base"), ("facts", "rag")]
    assert run.prompts["facts", "rag"].first_tokens == (1, 2)


def test_a_run_that_kept_no_training_questions_is_not_one_without_any(tmp_path: Path) -> None:
    assert read_run(write_run(tmp_path)).training is None
    assert read_run(write_run(tmp_path, training=[])).training == {}
    assert read_run(tmp_path).prompts == {}


@pytest.mark.parametrize(
    ("name", "row", "text"),
    [
        ("training", {**TRAINING[0], "split": "test"}, "split is 'test'; input should be 'train' or 'dev'"),
        ("training", TRAINING[0], "question 't0' stands here twice"),
        ("training", {"task": "facts", "split": "dev"}, "lacks 'id'"),
        ("prompts", {**PROMPTS[0], "question_id": "q9"}, "question 'q9' of task 'facts', which questions"),
        ("prompts", PROMPTS[0], "a prompt of base for facts a second time"),
        ("prompts", {"task": "facts"}, "lacks 'system'"),
        ("prompts", {**PROMPTS[0], "strategy": "lora", "first_tokens": None}, "does not fit"),
    ],
)
def test_such_rows_that_do_not_fit_are_refused(tmp_path: Path, name: str, row: Any, text: str) -> None:
    content = {"training": TRAINING, "prompts": PROMPTS}
    content[name] = [*content[name], row]
    line = len(content[name])
    with pytest.raises(InputError, match=rf"{name}\.jsonl:{line}: .*{text}"):
        read_run(write_run(tmp_path, **content))


FAILURE = {
    "task": "facts", "strategy": "base", "question_id": "q1", "seed": 0, "reason": "HTTP 500", "attempts": 8
}  # fmt: skip
NOT_THERE = [row for row in answers() if (row["strategy"], row["question_id"]) != ("base", "q1")]


def test_an_answer_that_could_not_be_had_is_missing_with_its_last_reason(tmp_path: Path) -> None:
    again = {**FAILURE, "reason": "the request timed out"}
    run = read_run(write_run(tmp_path, answers=NOT_THERE, failures=[FAILURE, again]))
    (row,) = run.failures["facts", "base"]
    assert row.reason == "the request timed out"
    assert missing_answers(run) == 1


def test_an_answer_that_came_later_makes_a_failure_history(tmp_path: Path) -> None:
    run = read_run(write_run(tmp_path, failures=[FAILURE]))
    assert (run.failures, missing_answers(run)) == ({}, 0)


def test_what_cannot_be_had_is_not_missing_from_the_run(tmp_path: Path) -> None:
    """A prompt that is longer than the model reads stays so."""
    run = read_run(write_run(tmp_path, answers=NOT_THERE, failures=[{**FAILURE, "final": True}]))
    assert [row.final for row in run.failures["facts", "base"]] == [True]
    assert missing_answers(run) == 0


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"question_id": "q9"}, "misses question 'q9' of task 'facts', which questions"),
        ({"seed": 7}, "is of seed 7, which run.json does not plan for base"),
        ({"strategy": None, "system": "nobody"}, "is of system 'nobody'"),
        ({"attempts": 0}, "does not fit: attempts is 0"),
        ({"reason": None}, "does not fit: reason"),
    ],
)
def test_failures_are_read_as_strictly_as_answers(tmp_path: Path, change: dict[str, Any], text: str) -> None:
    row = {key: value for key, value in {**FAILURE, **change}.items() if (key, value) != ("strategy", None)}
    folder = write_run(tmp_path, answers=NOT_THERE, failures=[FAILURE, row])
    with pytest.raises(InputError, match=rf"failures\.jsonl:2: .*{text}"):
        read_run(folder)


def test_an_answer_of_another_time_stands_in_a_file_of_its_own(tmp_path: Path) -> None:
    again = {**answers()[0], "repeat": 1}
    run = read_run(write_run(tmp_path, repeats=[again]))
    assert [row.repeat for row in run.repeats["facts", "base"]] == [1]
    with pytest.raises(
        InputError, match=r"answers\.jsonl:17: is of time 1, which answers\.jsonl does not hold"
    ):
        read_run(write_run(tmp_path, answers=[*answers(), again]))
    with pytest.raises(InputError, match=r"repeats\.jsonl:1: is of time 0"):
        read_run(write_run(tmp_path, repeats=[answers()[0]]))
