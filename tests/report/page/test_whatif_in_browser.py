"""The section "What if" in a real browser: its fields, and what it shows beside what `decide` says."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.decision import verdict
from harness.analysis.measure import measure
from harness.analysis.reading import read_run
from harness.analysis.results.decision import Decision
from harness.quantities import dollars
from harness.report.write import write_reports
from tests.analysis.decided import elected
from tests.report.page.browser import Opened
from tests.report.page.terms import decided

TASKS = {
    "facts": ("knowledge", {"base": 0.05, "lora": 0.62, "rag": 0.6}),
    "manners": ("behaviour", {"base": 0.1}),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = elected(tmp_path_factory.mktemp("a run's") / "run", TASKS)
    write_reports(folder)
    return folder


@pytest.fixture
def opened(browser: Any, run: Path) -> Iterator[Opened]:
    found = Opened(browser, run / "report.html")
    found.page.wait_for_selector("#what-if-command:not(:empty)", state="attached")
    yield found
    assert found.console == []
    found.close()


def shown(opened: Opened, part: str) -> list[str]:
    return [str(text) for text in opened.page.locator(f"#what-if-{part}").all_text_contents()]


SETTINGS: list[dict[str, str]] = [
    {},
    {"usd_per_hour": "7.2", "utilisation": "0.9", "min_accuracy": "0.99"},
    {"monthly_queries": "1000", "error_price_usd": "0.01", "refresh_days": "7", "tuning_cycles": "1"},
    *(
        {"monthly_queries": volume, "error_price_usd": price, "refresh_days": days}
        for volume in ("1000", "30000", "1000000")
        for price in ("", "0.002", "0.05", "2")
        for days in ("", "7")
    ),
    *({"min_accuracy": share} for share in ("0", "0.3", "0.61", "1")),
    *({"max_latency_s": seconds, "monthly_budget_usd": "400"} for seconds in ("0.01", "1.5", "3")),
    {"tuning_cycles": "5", "horizon_months": "1"},
    {"tariff": "kept-up", "monthly_queries": "2000000"},
    {"tariff": "scale-to-zero", "monthly_queries": "30000", "error_price_usd": "0.05"},
    {"tuning_cycles": "1", "horizon_months": "60", "monthly_queries": "300000"},
]


def test_fields_change_verdict_costs_and_map(
    opened: Opened, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdict, "changes", lambda *_: ())  # most of the work, and not in the page
    assert len(SETTINGS) >= 30
    evidence = read_run(run)
    measured, statuses = measure(evidence), set()
    for fields in SETTINGS:
        opened.page.get_by_role("button", name="As the run has it").click()
        for name, value in fields.items():
            if name == "tariff":
                opened.page.select_option(f"#terms select[name={name}]", value)
            else:
                opened.page.fill(f"#terms input[name={name}]", value)
        (command,) = shown(opened, "command")
        words = shlex.split(command)
        assert words[3:5] == ["decide", str(run)]  # its name holds an apostrophe
        decision = decided(evidence, measured, words).tasks["facts"].decision
        check(opened, decision)
        statuses.add(decision.status)
    assert statuses == {"recommended", "undecided", "none_feasible"}


def check(opened: Opened, decision: Decision) -> None:
    """What the page shows of a task is what `decide` says at the same setting."""
    card = opened.page.locator("#what-if-verdicts article").first
    _, shown_headline = str(card.locator(".headline").text_content()).split(" ", maxsplit=1)
    told = re.sub(r"( queries a month for \S+) (?:with|on) .*?\(\$[^)]*\)", r"\1", decision.headline)
    assert told.startswith(shown_headline.strip().removesuffix("."))
    priced = decision.setting.error_price_usd is not None
    rows = cells(opened, "#what-if-costs table", "th, td")
    assert [[row[0], row[1], row[2].split(" ")[0], *row[3 : 3 + priced]] for row in rows] == [
        [
            name,
            f"{100 * candidate.accuracy:.1f} %",
            dollars(candidate.monthly_usd),
            *([dollars(candidate.total_usd)] if priced else []),
        ]
        for name, candidate in decision.candidates.items()
    ]
    winners = decision.map.winners if decision.map else ()
    assert [[text.split(" ")[0] for text in row] for row in cells(opened, "#what-if-map table", "td")] == [
        ["none" if name is None else name for name in row] for row in winners
    ]
    assert opened.page.locator("#what-if-picture > svg polyline").count() == 3


def test_a_missed_requirement_is_named_with_its_figures(opened: Opened) -> None:
    opened.page.fill("#terms input[name=min_accuracy]", "0.61")
    last = {row[0]: row[-1] for row in cells(opened, "#what-if-costs table", "th, td")}
    assert "5.0 %" in last["base"]
    assert "61.0 %" in last["base"]
    assert last["lora"] == "met"
    opened.page.get_by_role("button", name="As the run has it").click()


def cells(opened: Opened, table: str, kinds: str) -> list[list[str]]:
    """The texts of a table's cells, row by row, in one question to the browser."""
    found = opened.page.evaluate(
        """([table, kinds]) => [...document.querySelectorAll(`${table} tbody`)].slice(0, 1).flatMap(
             body => [...body.rows].map(row => [...row.querySelectorAll(kinds)].map(cell => cell.textContent)))""",
        [table, kinds],
    )
    return [[str(text) for text in row] for row in found]


def test_a_mistake_is_told_and_leaves_the_rest_as_it_was(opened: Opened) -> None:
    before = shown(opened, "verdicts"), shown(opened, "command")
    opened.page.fill("#terms input[name=min_accuracy]", "60")
    assert "at most 1" in str(opened.page.text_content("#what-if-mistakes"))
    assert opened.page.get_attribute("#terms input[name=min_accuracy]", "aria-invalid") == "true"
    assert (shown(opened, "verdicts"), shown(opened, "command")) == before
    opened.page.get_by_role("button", name="As the run has it").click()
    assert opened.page.text_content("#what-if-mistakes") == ""
    assert (shown(opened, "verdicts"), shown(opened, "command")) == before


def test_the_figures_of_another_task_are_shown_when_asked_for(opened: Opened) -> None:
    opened.page.locator("#terms select[name=shown]").select_option("manners")
    rows = opened.page.locator("#what-if-costs tbody tr")
    assert rows.count() == 1
    assert opened.page.locator("#what-if-map table").count() == 0
