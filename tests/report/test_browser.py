"""Opening the page, on machines with a browser and without one. No browser is started here."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import pytest

from harness.report.browser import opened


def test_the_page_is_opened_by_its_whole_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda address: bool(asked.append(address)) or True)
    monkeypatch.chdir(tmp_path)
    assert opened(Path("a b#1.html"))
    assert asked == [f"{tmp_path.as_uri()}/a%20b%231.html"]


@pytest.mark.parametrize("fault", [None, webbrowser.Error("none"), OSError("none")])
def test_no_browser_is_no_error(monkeypatch: pytest.MonkeyPatch, fault: Exception | None) -> None:
    def nowhere(_address: str) -> bool:
        if fault:
            raise fault
        return False

    monkeypatch.setattr(webbrowser, "open", nowhere)
    assert not opened(Path("report.html"))
