"""What one reads of the page before opening anything says each thing once."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest

from harness.analysis.accuracy import score_all
from harness.analysis.decision.requirements.table import Requirements
from harness.analysis.derive import derive
from harness.analysis.reading import read_run
from harness.report import glance, scoreboard
from harness.report.page.write import render
from tests.analysis.decided import elected
from tests.report.ten import TEN, required, written

FOLDED = ("details", "script", "style", "table", "form", "svg", "nav")
"""What is opened first, drawn, or compared row by row."""
TEXTS = ("p", "li", "dd", "h2", "h3", "h4")


class FirstLevel(HTMLParser):
    """The texts outside of `FOLDED`, one an element."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._folded = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._folded += tag in FOLDED
        if tag in TEXTS:
            self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._folded -= tag in FOLDED

    def handle_data(self, data: str) -> None:
        if not self._folded and self.texts:
            self.texts[-1] += data


def said(run_folder: Path, needs: Requirements | None = None) -> Counter[str]:
    """Sentence of several words → how often it stands there."""
    run = read_run(run_folder)
    scores = score_all(run)
    texts = FirstLevel(render(run, scores, derive(run, scores, needs=needs))).texts
    parts = (part for text in texts for part in re.split(r"(?<=[.?])\s+", " ".join(text.split())))
    return Counter(part for part in parts if part.count(" ") > 2)


@pytest.mark.parametrize("name", TEN)
def test_no_sentence_stands_twice_on_the_first_level(tmp_path: Path, name: str) -> None:
    found = said(written(tmp_path, TEN[name]), required(TEN[name]))
    assert len(found) > 20
    assert [sentence for sentence, times in found.items() if times > 1] == []


def test_what_holds_for_all_tasks_is_said_once(tmp_path: Path) -> None:
    tasks = {name: ("knowledge", {"base": 0.03, "rag": 0.04}) for name in ("handbook", "rules")}
    found = said(elected(tmp_path, tasks, n=40, timed=0))
    for sentence in (glance.BARS, scoreboard.UNTIMED, scoreboard.OVER_TRIVIAL):
        assert found[sentence] == 1, sentence
