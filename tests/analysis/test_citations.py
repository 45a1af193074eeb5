"""What an answer cites is judged by what stood in its prompt: a right passage, another one, or none that there was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.analysis.again import again
from harness.analysis.decision.requirements.table import Requirements, outcomes
from harness.analysis.derive import derive
from harness.analysis.reading import read_run
from harness.analysis.results.figures import Estimate
from harness.analysis.results.requirements import Met
from harness.analysis.results.run import RunResult
from harness.report import tables
from tests.analysis.candidates import candidate, setting, share
from tests.analysis.expert.described import described
from tests.analysis.expert.evidence import write_described
from tests.analysis.runs import SPEC, answers, manifest, write_run

FORM = {
    **SPEC,
    "answer": {"type": "text", "max_tokens": 1000, "refusal": "not in the documents", "citations": "[{n}]"},
}
REPLIES = {"q1": "Paris [2]", "q2": "42 [1]", "q3": "the whale [9]", "q4": "Not in the documents. [1]"}
"""Of two passages shown, the best is number 2: a right one for q1 and q2. q3 has no gold documents, q4 no answer."""


def run_of(folder: Path, replies: dict[str, str]) -> RunResult:
    """A run whose `rag` gives these replies, of a task that asks for citations."""
    about = manifest()
    about["tasks"]["facts"] = {**about["tasks"]["facts"], "spec": FORM}
    rows = [
        {**row, "prediction": replies[row["question_id"]]}
        if (row["task"], row["strategy"]) == ("facts", "rag")
        else row
        for row in answers()
    ]
    return derive(read_run(write_run(folder, manifest=about, answers=rows)))


def test_each_answer_falls_into_one_kind(tmp_path: Path) -> None:
    task = run_of(tmp_path, REPLIES).tasks["facts"]
    found = task.strategies["rag"].citations
    assert found is not None
    shares = (found.cited, found.gold, found.shown, found.never_shown)
    assert [(share.mean, share.n) for share in shares] == [
        (1.0, 3), (0.5, 2), (0.5, 2), (pytest.approx(1 / 3), 3)
    ]  # fmt: skip
    assert task.strategies["base"].citations is None
    assert task.strategies["rag"].accuracy.mean == 0.75, "what is cited is no part of the answer"
    assert [row[0] for row in tables.citations(task).rows] == ["rag"]


def test_one_wrong_number_is_enough(tmp_path: Path) -> None:
    both = {**REPLIES, "q1": "Paris [1, 2]", "q2": "42 [2][3]", "q3": "the whale"}
    found = run_of(tmp_path, both).tasks["facts"].strategies["rag"].citations
    assert found is not None
    assert (found.gold.mean, found.shown.mean) == (0.0, 0.5)
    assert found.never_shown.mean == pytest.approx(1 / 3)
    assert found.cited.mean == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("cites", "measured", "met", "detail"),
    [
        (True, Estimate(0.95, 0.92, 0.98, 100), Met.MET, "95.0 %, required 90.0 %"),
        (True, Estimate(0.92, 0.85, 0.97, 100), Met.MET,
         "92.0 %, required 90.0 % (its interval reaches down to 85.0 %)"),
        (True, Estimate(0.5, 0.4, 0.6, 100), Met.MISSED, "50.0 %, required 90.0 %: missed by 40 points"),
        (True, None, Met.UNKNOWN,
         "cannot be checked: no citation was asked for"),
        (True, Estimate(None, None, None, 0), Met.UNKNOWN,
         "cannot be checked: no question that names gold documents was answered"),
        (False, None, Met.MISSED, "it has no passages to cite"),
    ],
)  # fmt: skip
def test_a_share_of_right_citations_can_be_required(
    cites: bool, measured: Estimate | None, met: Met, detail: str
) -> None:
    needs = Requirements(min_citations=0.9)
    one = candidate("rag", share(5, 10), cites=cites, cited=measured)
    (found,) = outcomes(one, needs, setting(needs))
    assert (found.requirement, found.status, found.detail) == ("min_citations", met, detail)


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ("[{n}]", "rag names a right passage, and no other, in 0.0 % of its answers."),
        (None, "Whether rag names the right passages was not measured."),
    ],
)
def test_who_requires_citations_is_told_how_often_they_are_right(
    form: str | None, told: str, tmp_path: Path
) -> None:
    """Its replies cite nothing: passages to name alone would be no ground to take it."""
    folder = write_described(tmp_path / "run", described("right base 40, rag 150, lora 60"))
    about = json.loads((folder / "run.json").read_text())
    about["tasks"]["facts"]["spec"]["answer"]["citations"] = form
    (folder / "run.json").write_text(json.dumps(about))
    decision = again(read_run(folder), Requirements(citations=True), {}).results.tasks["facts"].decision
    assert decision.recommended == "rag"
    assert told in decision.how_sure.text
