"""What a reader sees of the validity checks, in words and marks."""

from __future__ import annotations

from pathlib import Path

from harness.analysis.results.checks import Status
from harness.analysis.results.run import RunResult
from harness.report import validity
from tests.analysis.races import Run, healthy, rows_of
from tests.analysis.runs import write_run
from tests.report.results import results_of


def results(folder: Path, run: Run) -> RunResult:
    return results_of(write_run(folder, **run))


def shown(folder: Path, run: Run, task: str = "facts") -> dict[str, tuple[str, ...]]:
    """Check → what its line says."""
    return {row[0]: row[1:] for row in validity.table(results(folder, run).tasks[task].validity).rows}


def spoilt() -> Run:
    run = healthy()
    run["manifest"]["adapters"][0]["train_fit"] = 0.0
    for row in rows_of(run, "rag")[-3:]:
        row |= {"finish_reason": "length"}
    return run


def test_every_status_has_words_and_a_mark_of_its_own() -> None:
    assert set(validity.STATUSES) == {*validity.COUNTS, Status.NOT_APPLICABLE} == {*Status}
    assert len(set(map(validity.mark, Status))) == len(Status), "a colour is not needed to tell them apart"


def test_failures_stand_first_with_their_figure_and_limit(tmp_path: Path) -> None:
    found = shown(tmp_path, spoilt())
    assert [(name, *row[:3], row[-1]) for name, row in found.items()][:2] == [
        ("fit to its training answers", "✗ failed", "0.0 %", "10.0 %", "lora"),
        ("cut answers", "▲ warning", "12.5 %", "10.0 %", "rag"),
    ]
    order = list(validity.STATUSES.values())
    places = [order.index(row[0]) for row in found.values()]
    assert places == sorted(places)


def test_what_does_not_apply_says_why(tmp_path: Path) -> None:
    status, *figures, why, systems = shown(tmp_path, spoilt(), "general")["effect of the adapter"]
    assert (status, figures, systems) == ("– not applicable", ["n/a", "n/a"], "–")
    assert why


def test_figures_are_shown_in_their_own_units(tmp_path: Path) -> None:
    run = healthy()
    run["manifest"]["adapters"][0]["logit_shift"] = 0.00012345
    found = {name: row[1:3] for name, row in shown(tmp_path, run).items()}
    assert found["effect of the adapter"] == ("0.00012", "0.001")
    assert found["forgetting"] == ("−4.2 points", "−5.0 points")
    assert found["chat template"] == ("0", "0")
    assert found["retrieval"] == ("83.3 %", "50.0 %")


def test_counts_name_what_failed_or_warns_and_number_what_passed(tmp_path: Path) -> None:
    checks = results(tmp_path, spoilt()).tasks["facts"].validity
    assert [(count.status, count.mark, count.text) for count in validity.counts(checks)] == [
        ("fail", "✗", "1 failed: fit to its training answers"),
        ("warn", "▲", "1 with a warning: cut answers"),
        ("pass", "✓", "17 passed"),
    ]
    assert validity.counts([check for check in checks if check.status == "not_applicable"]) == ()
