"""Chromium for tests that drive the page: Debian's own, through Playwright, without any download."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)
PATIENCE_MS = 120_000
"""A busy machine takes its time; nothing here measures by the clock."""


def chromium() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def give_up(why: str) -> NoReturn:
    """Skip the test, saying why; in CI, where nothing may go untested unseen, fail it."""
    if os.environ.get("CI"):
        pytest.fail(why, pytrace=False)
    pytest.skip(why)


@contextmanager
def launched() -> Iterator[Any]:
    """A headless browser; `give_up` where there is none."""
    api = pytest.importorskip(
        "playwright.sync_api", reason="the browser tests need playwright (pip install '.[dev]')"
    )
    path = chromium()
    if path is None:
        give_up("NO BROWSER: the report's page was not tested in one. Install Debian's package chromium.")
    with api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(QUIET), chromium_sandbox=False)
        try:
            yield browser
        finally:
            browser.close()


class Opened:
    """A page opened from disk, with the lines of its console and its requests to the network."""

    def __init__(self, browser: Any, path: Path, **settings: Any) -> None:
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **settings})
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.console: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.console.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.console.append(f"error: {error}"))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("#found:not(:empty)")

    def found(self) -> str:
        return str(self.page.text_content("#found"))

    def ids(self) -> list[str]:
        """The questions on the table's page, in order."""
        return [str(text) for text in self.page.locator("#table tbody td:first-child a").all_text_contents()]

    def close(self) -> None:
        self.context.close()
