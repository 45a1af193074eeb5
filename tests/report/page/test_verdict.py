"""The verdict in a line, its lights, and what was run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.analysis.bridge import typed
from harness.analysis.derive import derive
from harness.analysis.evidence import read_run
from harness.report.page.verdict import headline, verdicts
from tests.analysis.elected import elected
from tests.analysis.runs import write_run


def decision(status: str, **more: Any) -> dict[str, Any]:
    return {
        "status": status,
        "recommended": None,
        "favourite": None,
        "questions_more": None,
        "nearest": None,
        **more,
    }


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (decision("recommended", recommended="rag"), "Take rag"),
        (
            decision("undecided", favourite="lora", questions_more=1_270),
            "Undecided, lora is ahead; about 1,270 more questions would decide",
        ),
        (decision("undecided"), "Undecided"),
        (decision("none_feasible", nearest="rag"), "No strategy meets the requirements; nearest is rag"),
        (decision("not_computed"), "Nothing to choose between"),
    ],
)
def test_headlines(made: dict[str, Any], text: str) -> None:
    assert headline(made) == text


def test_every_reason_is_told_once_and_two_stand_in_front(tmp_path: Path) -> None:
    folder = elected(tmp_path, {"facts": ("knowledge", {"base": 0.1, "rag": 0.9, "lora": 0.3})})
    run = read_run(folder)
    results = derive(run)
    (one,) = verdicts(results, typed(run, results))
    block = results["tasks"]["facts"]["decision"]
    assert one.headline == "Take rag"
    assert len(one.sentences) == 2
    assert [*one.sentences, *one.more] == [reason["text"] for reason in block["reasons"]]
    assert one.change == tuple(row["text"] for row in block["would_change"])


def test_what_no_input_can_tell_is_told_once(tmp_path: Path) -> None:
    """Without times every one of seven lines says the same, as in any run with --latency-queries 0."""
    run = read_run(elected(tmp_path, {"facts": ("knowledge", {"base": 0.1, "rag": 0.9})}))
    results = derive(run)
    for row in results["tasks"]["facts"]["decision"]["would_change"]:
        row.update(searched_low=None, text=f"{row['label']} cannot be weighed: not every cost is known.")
    (one,) = verdicts(results, typed(run, results))
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
    one = verdicts(results, typed(run, results))[0]
    assert [(light.status, light.text) for light in one.lights] == [
        ("fail", "1 failed: forgetting"), ("pass", "2 passed"),
    ]  # fmt: skip
    assert [row[1] for row in one.checks.rows] == ["✗ failed", "✓ passed", "✓ passed", "– not applicable"]
