"""What a reader sees of the checks and of the waterfall, in words and marks."""

from __future__ import annotations

from pathlib import Path

from harness.analysis.evidence import read_run
from harness.analysis.results import derive
from harness.analysis.validity import CHECKS, Status
from harness.analysis.validity.check import NAMES
from harness.analysis.waterfall import BINS
from harness.report import lights, markdown
from harness.report.document import document
from harness.report.view import Bullets, Section, Table
from tests.analysis.races import N, Run, healthy, results, rows_of


def opening(folder: Path, run: Run) -> Section:
    first = document(results(folder, run)).sections[0]
    assert first.title == "Is the race valid?"
    return first


def spoilt() -> Run:
    run = healthy()
    run["manifest"]["adapters"][0]["train_fit"] = 0.0
    for row in rows_of(run, "rag")[-3:]:
        row |= {"finish_reason": "length"}
    return run


def test_every_status_check_and_bin_has_words() -> None:
    assert set(lights.STATUSES) == set(lights.COUNTS) == {status.value for status in Status}
    assert set(NAMES) == set(CHECKS)
    assert tuple(lights.BINS) == BINS
    marks = [text[0] for text in lights.STATUSES.values()]
    assert len(set(marks)) == len(marks), "a colour is not needed to tell them apart"


def test_failures_stand_first_and_name_who_is_out(tmp_path: Path) -> None:
    lead, table, rest = opening(tmp_path, spoilt()).blocks
    assert lead == (
        "22 checks: 1 failed, 1 with a warning, 10 passed, 10 not applicable. "
        "Neither recommended nor counted as beaten: lora on facts."
    )
    assert isinstance(table, Table)
    assert table.rows[:2] == (
        (
            "facts: fine-tune was trained", "✗ failed", "0.0 %", "10.0 %",
            "Own training answers reproduced: lora 0.0 %.", "lora",
        ),
        (
            "facts: answers not cut", "▲ warning", "12.5 %", "10.0 %",
            "Answers cut by the token limit, and not right: base 0.0 % of 24, rag 12.5 % of 24, oracle 0.0 % of 24, "
            "lora 0.0 % of 24.", "rag",
        ),
    )  # fmt: skip
    assert {row[1] for row in table.rows[2:]} == {"✓ passed"}
    assert isinstance(rest, Bullets)
    (general,) = rest.items
    assert general.startswith("– not applicable to general: adapter acts (no strategy")
    assert general.endswith(").")


def test_figures_are_shown_in_their_own_units(tmp_path: Path) -> None:
    run = healthy()
    run["manifest"]["adapters"][0]["logit_shift"] = 0.00012345
    (_, table, _) = opening(tmp_path, run).blocks
    assert isinstance(table, Table)
    shown = {row[0]: row[2:4] for row in table.rows}
    assert shown["facts: adapter acts"] == ("0.00012", "0.001")
    assert shown["facts: forgetting"] == ("−4.2 points", "−5.0 points")
    assert shown["facts: chat template once"] == ("0", "0")
    assert shown["facts: retrieval finds something"] == ("83.3 %", "50.0 %")


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


def test_the_document_opens_with_the_checks(tmp_path: Path) -> None:
    text = markdown.render(document(results(tmp_path, spoilt())))
    assert text.index("Is the race valid?") < text.index("Task facts") < text.index("Where the accuracy goes")
    assert "✗ failed" in text


def test_a_run_without_tasks_has_no_checks_to_show(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"schema_version": 1}')
    assert lights.validity(derive(read_run(tmp_path))) is None
