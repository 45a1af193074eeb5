"""The page of a history in a real browser: it opens from disk, fits a telephone, and leads to the reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.analysis.history.history import read_history
from harness.report.page.trend import write_page
from tests.fakes import Silent
from tests.report.page.browser import PATIENCE_MS
from tests.report.page.test_pictures_in_browser import FAULTS
from tests.report.page.test_trend import write_history


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_history(tmp_path_factory.mktemp("reports"))
    write_page(read_history(folder, Silent()), folder / "index.html")
    return folder / "index.html"


def opened(browser: Any, path: Path, **settings: Any) -> tuple[Any, list[str], list[str]]:
    """A tab, what it said on its console, and what it asked of the network."""
    tab = browser.new_context(**settings).new_page()
    tab.set_default_timeout(PATIENCE_MS)
    said: list[str] = []
    asked: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(path.as_uri())
    return tab, said, asked


def test_opens_from_disk_without_a_word_or_a_request(browser: Any, page: Path) -> None:
    tab, said, asked = opened(browser, page)
    assert (said, asked) == ([], [page.as_uri()])
    assert tab.evaluate("window.hacked") is None
    assert tab.locator("figure svg[role=img]").count() == 3
    tab.context.close()


def test_a_run_leads_to_its_report(browser: Any, page: Path) -> None:
    tab, _, _ = opened(browser, page)
    tab.locator("#runs a").first.click()
    tab.wait_for_selector("#verdict")
    assert tab.url == (page.parent / "003" / "report.html").as_uri()
    tab.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 768, 390])
def test_nothing_sticks_out_and_axe_finds_nothing_serious(
    browser: Any, page: Path, width: int, scheme: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    tab, _, _ = opened(browser, page, viewport={"width": width, "height": 900}, color_scheme=scheme)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    found = axe.Axe().run(tab).response["violations"]
    grave = [one for one in found if one["impact"] in ("serious", "critical")]
    assert [(one["id"], one["nodes"][0]["html"][:120]) for one in grave] == []
    tab.context.close()


@pytest.mark.parametrize("width", [1440, 390])
def test_no_label_is_cut_off_or_lies_over_another(browser: Any, page: Path, width: int) -> None:
    tab, _, _ = opened(browser, page, viewport={"width": width, "height": 900})
    assert tab.evaluate(FAULTS) == []
    tab.context.close()


def test_print_has_changes_pictures_and_whole_tables(browser: Any, page: Path) -> None:
    tab, _, _ = opened(browser, page)
    tab.emulate_media(media="print")
    for part in ("#changes", "#task-1 figure", "#runs table"):
        assert tab.locator(part).first.is_visible()
    assert not tab.locator("header nav").is_visible()
    assert tab.evaluate("getComputedStyle(document.querySelector('.long-table')).maxHeight") == "none"
    tab.context.close()
