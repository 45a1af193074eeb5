"""Every question with every answer; what many share stands once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.analysis.derive import score_all
from harness.analysis.evidence import read_run
from harness.report.page.questions import questions
from tests.analysis.runs import answer, answers, write_run

ANSWER_FIELDS = (
    "score", "prediction", "prompt_tokens", "completion_tokens", "finish", "e2e_s", "shown", "retrieved"
)  # fmt: skip


def made(folder: Path, **replaced: Any) -> dict[str, Any]:
    run = read_run(write_run(folder, **replaced))
    return questions(run, score_all(run))


def test_rows_by_hand(tmp_path: Path) -> None:
    task = made(tmp_path)["facts"]
    assert task["strategies"] == ["base", "lora", "rag"]
    identity, text, right, tags, answerable, gold, seen, replies = task["rows"][1]
    assert (identity, text, right, tags, answerable, seen) == ("q2", "How many?", ["42"], [], 1, False)
    assert [task["documents"][number] for number in gold] == ["num", "geo"]
    base, lora, rag = (dict(zip(ANSWER_FIELDS, reply, strict=True)) for reply in replies)
    assert (base["score"], base["prediction"], base["retrieved"]) == (0.0, "7", [])
    assert (lora["prompt_tokens"], lora["completion_tokens"], lora["finish"]) == (100, 5, "stop")
    assert (rag["score"], rag["shown"], rag["e2e_s"]) == (1.0, 2, None)
    found = [task["passages"][number] for number in rag["retrieved"]]
    assert [task["documents"][document] for document, _, _ in found] == ["num", "zoo", "geo"]


def test_time_is_that_of_the_deployed_form(tmp_path: Path) -> None:
    """q1 was timed under lora in 1.0 s merged and in 1.5 s unmerged."""
    lora = made(tmp_path)["facts"]["rows"][0][7][1]
    assert dict(zip(ANSWER_FIELDS, lora, strict=True))["e2e_s"] == 1.0


def test_only_texts_that_stood_in_a_prompt_are_kept(tmp_path: Path) -> None:
    found = [{"doc_id": d, "chunk_id": f"{d}#0", "score": 1.0} for d in ("geo", "num")]
    rows = [answer("facts", "rag", "q1", "x", retrieved=found, shown_passages=1)]
    assert made(tmp_path, answers=rows)["facts"]["passages"] == [
        [0, "Cities", "Paris is the capital."], [1, "Numbers", ""],
    ]  # fmt: skip


def test_a_question_that_nobody_answered_has_no_replies(tmp_path: Path) -> None:
    rows = [row for row in answers() if (row["strategy"], row["question_id"]) != ("rag", "q3")]
    assert made(tmp_path, answers=rows)["facts"]["rows"][2][7][2] is None


def test_of_several_seeds_the_first_is_shown(tmp_path: Path) -> None:
    rows = [answer("facts", "lora", "q1", reply, seed=seed) for seed, reply in ((1, "Lyon"), (0, "Paris"))]
    lora = made(tmp_path, answers=rows)["facts"]["rows"][0][7][1]
    assert lora[1] == "Paris"
