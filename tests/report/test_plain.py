"""Blocks for a terminal, which obeys what it is shown."""

from __future__ import annotations

from harness.report import plain
from harness.report.view import Bullets, Section, Table


def test_no_block_holds_what_a_terminal_would_obey() -> None:
    bad = "\x1b]0;owned\x07"
    text = plain.sections([Section(bad, (bad, Bullets((bad,)), Table((bad, "b"), ((bad, "c"),))))])
    assert "\x1b" not in text
    assert text.count("[U+001B]") == 5  # title, sentence, item, header and cell


def test_columns_stand_under_one_another() -> None:
    assert plain.render([Table(("a", "b"), (("ccc", "d"),))]).splitlines()[1:] == ["a    b", "ccc  d"]
