"""The verdict in a line, its lights, and what was run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.analysis.bridge import typed
from harness.analysis.derive import derive
from harness.analysis.evidence import read_run
from harness.analysis.results.decision import Verdict as Status
from harness.report.page.verdict import verdicts
from tests.analysis.decided import elected
from tests.analysis.decision.test_literature import decision
from tests.analysis.runs import write_run


@pytest.mark.parametrize(
    ("status", "favourite", "more", "text"),
    [
        (Status.RECOMMENDED, "rag", None, "rag is recommended"),
        (
            Status.UNDECIDED,
            "lora",
            1_270,
            "Undecided, lora is ahead; about 1,270 more questions would decide",
        ),
        (Status.UNDECIDED, None, None, "Undecided"),
        (Status.NONE_FEASIBLE, None, None, "No strategy meets the requirements; nearest is base"),
        (Status.NOT_COMPUTED, None, None, "Nothing to choose between"),
    ],
)
def test_headlines(status: Status, favourite: str | None, more: int | None, text: str) -> None:
    recommended = favourite if status is Status.RECOMMENDED else None
    made = replace(
        decision(favourite, []),
        status=status,
        recommended=recommended,
        questions_more=more,
        nearest="base" if status is Status.NONE_FEASIBLE else None,
    )
    assert made.headline == text


def test_every_reason_is_told_once_and_two_stand_in_front(tmp_path: Path) -> None:
    folder = elected(tmp_path, {"facts": ("knowledge", {"base": 0.1, "rag": 0.9, "lora": 0.3})})
    run = read_run(folder)
    results = derive(run)
    (one,) = verdicts(typed(run, results))
    block = results["tasks"]["facts"]["decision"]
    assert one.headline == "rag is recommended"
    assert len(one.sentences) == 2
    assert [*one.sentences, *one.more] == [reason["text"] for reason in block["reasons"]]
    assert one.change == tuple(row["text"] for row in block["would_change"])


def test_what_no_input_can_tell_is_told_once(tmp_path: Path) -> None:
    """Without times every one of seven lines says the same, as in any run with --latency-queries 0."""
    run = read_run(elected(tmp_path, {"facts": ("knowledge", {"base": 0.1, "rag": 0.9})}))
    results = derive(run)
    for row in results["tasks"]["facts"]["decision"]["would_change"]:
        row.update(searched_low=None, text=f"{row['label']} cannot be weighed: not every cost is known.")
    (one,) = verdicts(typed(run, results))
    assert one.change == ("What would change it cannot be weighed: not every cost is known.",)


def test_lights_name_what_failed_and_count_what_passed(tmp_path: Path) -> None:
    run = read_run(write_run(tmp_path))
    results = derive(run)
    task = results["tasks"]["facts"]
    task["validity"] = [
        {
            "check": name,
            "title": name,
            "kind": "share",
            "status": status,
            "detail": "d",
            "strategies": ["lora"],
            "figure": None,
            "threshold": None,
            "figures": {},
        }
        for name, status in (
            ("forgetting", "fail"),
            ("cut_answers", "pass"),
            ("same_prompts", "pass"),
            ("x", "not_applicable"),
        )
    ]
    one = verdicts(typed(run, results))[0]
    assert [(light.status, light.text) for light in one.lights] == [
        ("fail", "1 failed: forgetting"), ("pass", "2 passed"),
    ]  # fmt: skip
    assert [row[1] for row in one.checks.rows] == ["✗ failed", "✓ passed", "✓ passed", "– not applicable"]
