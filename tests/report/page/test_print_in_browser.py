"""The printed page: within its margins, dark on white, nothing to click, and nothing that says nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from harness.report.write import write_reports
from harness.spec.strategy import STRATEGIES
from tests.analysis.decided import SECONDS, elected
from tests.report.page.browser import Opened

A4_PX = 703
"""What the margins leave of a page's 210 mm, at 96 pixels an inch."""
BEYOND = """() => [...document.querySelectorAll("main :is(th, td, p, h2, h3, svg)")].filter(
    part => part.checkVisibility() && part.getBoundingClientRect().right > innerWidth + 1
).map(part => part.textContent.slice(0, 40))"""


@pytest.fixture(scope="module")
def many(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """Six tasks under every strategy, opened in a dark window as wide as a printed page."""
    folder = tmp_path_factory.mktemp("run")
    right = {name: 0.1 + 0.07 * place for place, name in enumerate(STRATEGIES) if name in SECONDS}
    names = ["onboarding-of-new-colleagues", "expenses", "benefits", "security", "procurement", "support"]
    write_reports(elected(folder, dict.fromkeys(names, ("knowledge", right)), n=24))
    opened = Opened(
        browser, folder / "report.html", viewport={"width": A4_PX, "height": 1000}, color_scheme="dark"
    )
    opened.page.emulate_media(media="print", color_scheme="dark")
    yield opened
    opened.close()


def test_wide_tables_are_not_cut(many: Opened) -> None:
    assert many.page.evaluate(BEYOND) == []
    headers = many.page.locator(".overview thead th").all_text_contents()
    assert headers[-1] == "Questions", "the last column is there"


def test_it_is_dark_on_white_and_there_is_nothing_to_click(many: Opened) -> None:
    colours = many.page.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    )
    assert colours == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"]
    assert many.page.locator("button:visible, input:visible, select:visible, nav:visible").count() == 0
    line = "getComputedStyle(document.querySelector('.counts a')).textDecorationLine"
    assert many.page.evaluate(line) == "none"


def test_what_is_folded_away_stays_so_and_what_is_open_is_printed(many: Opened) -> None:
    assert [many.page.locator(part).is_visible() for part in ("#verdict", "#compare", "#understand", "#trust")] == [
        True, False, False, True,
    ]  # fmt: skip
    many.page.evaluate("""() => {
        const task = document.querySelector("#compare .task");
        task.open = true;
        task.querySelector("details").open = true;
    }""")
    assert many.page.locator("#compare .board:visible").count() == 1
    assert many.page.locator("#compare .task:visible").count() == 1
    assert many.page.locator("#compare .figures:visible").count() > 1
    assert many.page.evaluate(BEYOND) == []


def test_pages_have_margins(many: Opened) -> None:
    rules = "[...document.styleSheets[0].cssRules].flatMap(rule => [...rule.cssRules ?? []])"
    margins = many.page.evaluate(
        f"{rules}.filter(rule => rule instanceof CSSPageRule).map(rule => rule.style.margin)"
    )
    assert margins == ["14mm 12mm"]


def test_without_its_script_nothing_stands_there_that_would_need_it(many: Opened, browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(many.page.url)
    assert page.locator(":is(#questions, #what-if) > noscript p:visible").count() == 2
    assert page.locator("button:visible, input:visible, select:visible").count() == 0
    context.close()
