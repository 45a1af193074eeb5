"""The decision in every format: the verdict on top, its reasons in prose, its figures in tables."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.again import Again
from harness.analysis.decision.literature import priors
from harness.analysis.decision.requirements.table import Requirements
from harness.analysis.decision.sensitivity import UNKNOWN_COST
from harness.analysis.derive import derive
from harness.analysis.reading import read_run
from harness.analysis.results.decision import Decision
from harness.analysis.results.literature import Literature
from harness.analysis.results.run import RunResult
from harness.analysis.results.turns import Change
from harness.analysis.results.verdict import Verdict
from harness.report import decide, decisions, plain
from harness.report.terminal import print_results
from harness.report.view import Bullets, Table
from tests.analysis.decided import elected
from tests.analysis.decision.test_literature import decision as decision_of
from tests.analysis.decision.test_literature import ran

TASKS = {
    "facts": ("knowledge", {"base": 0.05, "lora": 0.2, "rag": 0.6, "oracle": 0.75}),
    "manners": ("behaviour", {"base": 0.1, "lora": 0.8}),
    "trivia": ("general", {"base": 0.6}),
}


def made(folder: Path, **needs: Any) -> RunResult:
    run = read_run(elected(folder, TASKS))
    return derive(run, needs=Requirements(**needs))


def facts(folder: Path, **needs: Any) -> Decision:
    return made(folder, **needs).tasks["facts"].decision


def tables(blocks: list[Any]) -> list[Table]:
    return [block for block in blocks if isinstance(block, Table)]


def test_one_line_a_task_stands_under_the_table_on_the_terminal(tmp_path: Path) -> None:
    found = made(tmp_path)
    lines = [f"{name}: {task.decision.headline}" for name, task in found.tasks.items()]
    assert list(decisions.lines(found)) == lines
    assert [line.split(".")[0] for line in lines[:2]] == ["facts: Take rag", "manners: Take lora"]
    out = io.StringIO()
    print_results(found, file=out, width=100)
    assert out.getvalue().splitlines()[-3:] == lines


def test_tasks_stand_by_kind_and_no_mean_over_them(tmp_path: Path) -> None:
    *sentences, required = decisions.overall(made(tmp_path, monthly_queries=900, refresh_days=7))
    assert sentences[:-1] == [
        "Recommended for knowledge tasks: rag on facts.",
        "Recommended for behaviour tasks: lora on manners.",
        "Nothing is recommended on trivia.",
    ]
    assert "which task is like yours decides" in sentences[-1]
    assert required == "Required: 900 queries a month and knowledge changes every 7 days."


def test_candidates_show_what_they_cost_and_whether_they_meet_what_is_required(tmp_path: Path) -> None:
    found = made(tmp_path, min_accuracy=0.5, error_price_usd=0.5, monthly_queries=1000)
    (table,) = tables([decisions.candidates(found.tasks["facts"].decision)])
    assert table.headers[5] == "Unbeaten (accuracy, cost, latency)"
    assert table.headers[4] == "Chance to be worth most"
    rows = {row[0]: row[1:] for row in table.rows}
    assert set(rows) == {"base", "lora", "rag"}
    # $0.004 a query, $5 of evaluation and a cent of index spread over a year, a kilobyte stored; 400 errors at $0.50
    assert rows["rag"][:3] == ("60.0 %", "$4.42", "$204.42")
    assert [rows[name][-1] for name in ("base", "lora", "rag")] == ["missed", "missed", "met"]


def test_the_map_marks_the_users_volume_and_names_the_price_of_an_error(tmp_path: Path) -> None:
    found = facts(tmp_path, monthly_queries=900)
    (table,) = tables([decisions.decision_map(found)])
    assert "900 a month (yours)" in table.headers
    assert [row[0] for row in table.rows][:2] == ["never", "every 365 days"]
    assert table.rows[0][1].startswith("rag (from $")
    priced = facts(tmp_path, error_price_usd=1.0)
    (table,) = tables([decisions.decision_map(priced)])
    assert set(table.rows[0][1:]) == {"rag"}


def test_where_nothing_turns_what_nobody_meets_one_sentence_says_so(tmp_path: Path) -> None:
    """Each misses two limits, so that moving one of them alone changes nothing."""
    found = made(tmp_path, min_accuracy=0.99, max_latency_s=0.001)
    for task in found.tasks.values():
        part = " ".join(plain.render(decisions.task_blocks(task)).split())
        assert part.count("none, from") == part.count("none within") == 0
        assert part.count("No single input changes it.") == 1
        assert "Require only what" in part
        assert "No strategy meets the requirements at any volume and refresh interval" in part
        assert "Knowledge changes" not in part
        assert decisions.decision_map(task.decision) is None


def test_inputs_that_turn_something_have_a_line_and_the_others_none(tmp_path: Path) -> None:
    """At a million queries a month all cost more than $21; at fewer base does not."""
    decision = facts(tmp_path, monthly_budget_usd=21, monthly_queries=1_000_000)
    assert decision.status == "none_feasible"
    lead, lines = decisions.would_change(decision)
    assert lead == "What would change it (one input moved alone):"
    assert lines.items == tuple(change.text for change in decision.would_change if change.turns)
    assert 1 < len(lines.items) < len(decision.would_change)
    assert decisions.decision_map(decision) is not None
    unknown = tuple(
        Change(row.input, row.label, row.current, why_not=UNKNOWN_COST) for row in decision.would_change
    )
    assert decisions.would_change(replace(decision, would_change=unknown)) == []


def test_each_expectation_has_its_source_and_a_verdict(tmp_path: Path) -> None:
    found = made(tmp_path).tasks
    rows = [row for task in found.values() for row in decisions.expectations(task.decision.literature).rows]
    assert all(source for *_, source in rows)
    verdicts = {verdict.partition(" (")[0] for *_, verdict, _ in rows}
    assert verdicts == {"as in the literature", "differs", "not measured"}
    (unseen,) = [row for row in rows if row[0] == "knowledge: rag − base"]
    assert unseen[1:3] == ("+23.0 to +42.0 points", unseen[2])
    assert unseen[2].startswith("+55.0 points")
    assert unseen[3] == "differs"


@pytest.mark.parametrize(("status", "doubt"), [("recommended", ""), ("undecided", " (not settled)")])
@pytest.mark.parametrize(("favourite", "verdict"), [("rag", "as in the literature"), ("lora", "differs")])
def test_advice_is_not_held_flatly_against_an_undecided_task(
    status: str, doubt: str, favourite: str, verdict: str
) -> None:
    names = ["base", "rag", "lora"]
    decision = replace(decision_of(favourite, names), status=Verdict(status))
    literature = Literature(priors(ran("knowledge", names), decision), ())
    shown = [row[3] for row in decisions.expectations(literature).rows]
    assert shown == [f"{verdict}{doubt}", "not measured", "not measured"]


def test_plain_text_keeps_words_and_columns_whole() -> None:
    text = plain.render(
        [Bullets(("a matter for fine-tuning " * 9,)), Table(("A", "Bee"), (("one", "2"), ("x", "")))]
    )
    assert "fine-\n" not in text
    assert text.splitlines()[-3:] == ["A    Bee", "one  2", "x"]


@pytest.mark.parametrize("needs", [{}, {"error_price_usd": 1.0}, {"min_accuracy": 0.99}])
def test_the_text_of_decide_has_a_part_for_every_task(tmp_path: Path, needs: dict[str, Any]) -> None:
    text = decide.text(Again(made(tmp_path, **needs), {}), tmp_path)
    assert [line for line in text.splitlines() if line.startswith("==")] == [
        f"== {name} ==" for name in TASKS
    ]
    assert "What would change it" in text


def test_decide_and_the_report_tell_a_decision_under_the_same_headings(tmp_path: Path) -> None:
    found = made(tmp_path)
    lines = decide.text(Again(found, {}), tmp_path).splitlines()
    blocks = [block for task in found.tasks.values() for block in decisions.task_blocks(task)]
    for heading in ("Assumed:", "By the price of a wrong answer:"):
        assert lines.count(heading) == blocks.count(heading) == 2, (
            "trivia has one candidate, and assumes nothing"
        )


def test_the_map_names_whom_it_holds_a_price_against(tmp_path: Path) -> None:
    lead = str(decisions.map_lead(facts(tmp_path)))
    assert lead.endswith("also has the least expected cost:")
    lead = str(decisions.map_lead(facts(tmp_path, min_accuracy=0.1)))
    assert lead.endswith("also has the least expected cost of those that meet the requirements:")
