"""The page for everybody: axe finds nothing in any of its states, and nothing sticks out of a narrow screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from harness.report.write import write_reports
from tests.analysis.decided import elected
from tests.analysis.runs import QUESTIONS, answers, write_run
from tests.report.page.browser import Opened

TASKS = {
    "facts": ("knowledge", {"base": 0.05, "rag": 0.6, "lora": 0.62, "oracle": 0.8}),
    "general": ("general", {"base": 0.7, "lora@facts": 0.4}),
}
LONG = "Donaudampfschifffahrtsgesellschaftskapitaen" * 120
"""Five thousand letters without a space."""
SAID = {
    "q1": LONG,
    "q2": "ten thousand words " * 600,
    "q3": "",
    "q4": "\u202eright to left\u202c \u05e9\u05dc\u05d5\u05dd 👩‍🚀🏴‍☠️ é́́́ \x00\x1b[31m",
}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A complete run, one that was stopped before most answers, and one whose answers are as odd as can be."""
    folder = tmp_path_factory.mktemp("runs")
    odd = [
        {**row, "prediction": SAID[row["question_id"]]} if row["strategy"] == "rag" else row
        for row in answers()
    ]
    asked = [{**row, "question": LONG} if row["id"] == "q2" else row for row in QUESTIONS]
    made = {
        "complete": elected(folder / "complete", TASKS, n=12),
        "stopped": write_run(folder / "stopped", answers=answers()[:3], batches=[], timings=[]),
        "odd": write_run(folder / "odd", answers=odd, questions=asked),
    }
    for run in made.values():
        write_reports(run)
    return {name: run / "report.html" for name, run in made.items()}


def as_opened(_: Opened) -> None:
    pass


def unfolded(opened: Opened) -> None:
    opened.page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")


def wondering(opened: Opened) -> None:
    """With other terms, and one mistake among them."""
    opened.page.fill("#terms input[name=error_price_usd]", "0.5")
    opened.page.fill("#terms input[name=min_accuracy]", "0.99")
    opened.page.fill("#terms input[name=utilisation]", "7")


def detailed(opened: Opened) -> None:
    opened.page.get_by_role("button", name="Details of").first.click()
    opened.page.evaluate(
        "document.querySelectorAll('.detail details').forEach(fold => { fold.open = true; })"
    )


def none_found(opened: Opened) -> None:
    opened.page.fill("input[name=search]", "xyzzy")
    opened.page.press("input[name=search]", "Enter")


State = Callable[[Opened], None]
STATES: tuple[State, ...] = (as_opened, unfolded, wondering, detailed, none_found)


def violations(opened: Opened) -> list[tuple[str, str]]:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    found = axe.Axe().run(opened.page).response["violations"]
    return [(one["id"], node["html"][:120]) for one in found for node in one["nodes"]]


@pytest.mark.parametrize(
    ("kind", "width", "scheme", "states"),
    [
        ("complete", 1440, "light", STATES),
        ("complete", 1440, "dark", (unfolded,)),
        ("complete", 768, "light", (unfolded,)),
        ("complete", 390, "dark", STATES),
        ("stopped", 390, "light", (unfolded,)),
        ("odd", 390, "light", (unfolded, detailed)),
        ("odd", 1440, "light", (detailed,)),
    ],
)
def test_nothing_sticks_out_and_axe_finds_nothing(
    browser: Any, pages: dict[str, Any], kind: str, width: int, scheme: str, states: Sequence[State]
) -> None:
    opened = Opened(browser, pages[kind], viewport={"width": width, "height": 900}, color_scheme=scheme)
    for state in states:
        state(opened)
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= width, state.__name__
        assert violations(opened) == [], state.__name__
    assert opened.console == []
    opened.close()


def test_odd_answers_show_as_they_are(browser: Any, pages: dict[str, Any]) -> None:
    """Whole, whatever their length; what cannot be seen by its code."""
    opened = Opened(browser, pages["odd"])
    replies = [str(text) for text in opened.page.locator("#table .replies").all_text_contents()]
    for reply, (question, said) in zip(replies, SAID.items(), strict=True):
        seen = said or "(empty)"
        for mark in "\u202e\u202c\x00\x1b":
            seen = seen.replace(mark, f"[U+{ord(mark):04X}]")
        assert seen in reply, question
    opened.close()
