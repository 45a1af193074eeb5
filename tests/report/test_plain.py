"""Blocks for a terminal, which obeys what it is shown."""

from __future__ import annotations

from harness.report import plain
from harness.report.view import Bullets, Section, Table
from harness.steps import Step


def test_no_block_holds_what_a_terminal_would_obey() -> None:
    bad = "\x1b]0;owned\x07"
    text = plain.sections([Section(bad, (bad, Bullets((bad,)), Table((bad, "b"), ((bad, "c"),))))])
    assert "\x1b" not in text
    assert text.count("[U+001B]") == 5  # title, sentence, item, header and cell


def test_a_command_is_never_broken_as_somebody_copies_it() -> None:
    step = Step("Go on with it", f"harness compare --resume '{'my run ' * 20}'")
    assert plain.render([step]).splitlines() == ["", "Go on with it:", step.line]
    assert plain.render([Bullets((step,))]).splitlines() == ["- Go on with it:", f"  {step.line}"]
    assert plain.render([Step("Go on", "harness compare")]) == "\nGo on: harness compare"


def test_columns_stand_under_one_another() -> None:
    assert plain.render([Table(("a", "b"), (("ccc", "d"),))]).splitlines()[1:] == ["a    b", "ccc  d"]
