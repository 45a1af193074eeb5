"""What a reader sees of the checks and of the waterfall, in words and marks."""

from __future__ import annotations

from pathlib import Path

from harness.analysis.validity import Status
from harness.analysis.waterfall import BINS
from harness.report import lights
from tests.analysis.races import N, Run, healthy, results, rows_of


def shown(folder: Path, run: Run) -> dict[str, tuple[str, ...]]:
    """Check → what its line says, of the task `facts`."""
    return {row[0]: row[1:] for row in lights.checks(results(folder, run)["tasks"]["facts"]["validity"]).rows}


def spoilt() -> Run:
    run = healthy()
    run["manifest"]["adapters"][0]["train_fit"] = 0.0
    for row in rows_of(run, "rag")[-3:]:
        row |= {"finish_reason": "length"}
    return run


def test_every_status_check_and_bin_has_words() -> None:
    assert set(lights.STATUSES) == set(lights.COUNTS) == {status.value for status in Status}
    assert tuple(lights.BINS) == BINS
    marks = [text[0] for text in lights.STATUSES.values()]
    assert len(set(marks)) == len(marks), "a colour is not needed to tell them apart"


def test_failures_stand_first_with_their_figure_and_limit(tmp_path: Path) -> None:
    found = shown(tmp_path, spoilt())
    assert list(found.items())[:2] == [
        (
            "fit to its training answers",
            ("✗ failed", "0.0 %", "10.0 %", "Own training answers reproduced: lora 0.0 %.", "lora"),
        ),
        (
            "cut answers",
            (
                "▲ warning", "12.5 %", "10.0 %",
                "Answers cut by the token limit, and not right: base 0.0 % of 24, rag 12.5 % of 24, oracle 0.0 % of "
                "24, lora 0.0 % of 24.", "rag",
            ),
        ),
    ]  # fmt: skip
    order = list(lights.STATUSES.values())
    places = [order.index(row[0]) for row in found.values()]
    assert places == sorted(places)


def test_what_does_not_apply_says_why(tmp_path: Path) -> None:
    general = results(tmp_path, spoilt())["tasks"]["general"]
    rows = {row[0]: row[1:] for row in lights.checks(general["validity"]).rows}
    status, *figures, why, strategies = rows["effect of the adapter"]
    assert (status, figures, strategies) == ("– not applicable", ["n/a", "n/a"], "–")
    assert why.startswith("No strategy")


def test_figures_are_shown_in_their_own_units(tmp_path: Path) -> None:
    run = healthy()
    run["manifest"]["adapters"][0]["logit_shift"] = 0.00012345
    found = {name: row[1:3] for name, row in shown(tmp_path, run).items()}
    assert found["effect of the adapter"] == ("0.00012", "0.001")
    assert found["forgetting"] == ("−4.2 points", "−5.0 points")
    assert found["chat template"] == ("0", "0")
    assert found["retrieval"] == ("83.3 %", "50.0 %")


def test_waterfall_tables(tmp_path: Path) -> None:
    task = results(tmp_path, healthy())["tasks"]["facts"]
    steps, bins = lights.steps(task), lights.bins(task)
    assert steps is not None
    assert [row[1:] for row in steps.rows] == [
        ("8.3 %", "n/a", str(N)),
        ("58.3 %", "+50.0 points over base", str(N)),
        ("83.3 %", "+25.0 points over rag", str(N)),
        ("100.0 %", "+16.7 points over oracle", str(N)),
    ]
    assert bins is not None
    assert [row[1:] for row in bins.rows] == [
        ("4", "40.0 %"), ("0", "0.0 %"), ("6", "60.0 %"), ("0", "0.0 %"), ("0", "0.0 %"),
    ]  # fmt: skip


def test_a_task_without_rag_has_no_waterfall(tmp_path: Path) -> None:
    general = results(tmp_path, healthy())["tasks"]["general"]
    assert (lights.steps(general), lights.bins(general)) == (None, None)
