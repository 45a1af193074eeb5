"""The README stays short, links lead somewhere, and each command and flag stands in the docs."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.cli import parser

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("*/README.md")])
REFERENCE = (ROOT / "docs/reference.md").read_text(encoding="utf-8")
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")


def subparsers(made: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Name → the parser of a command."""
    (choices,) = (
        action.choices for action in made._actions if isinstance(action, argparse._SubParsersAction)
    )
    return dict(choices or {})


def flags(made: argparse.ArgumentParser) -> Iterator[str]:
    yield from (flag for action in made._actions for flag in action.option_strings if flag.startswith("--"))


def anchors(page: Path) -> set[str]:
    """The names that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").split()) <= 1200


def test_what_the_first_command_takes_stands_before_it() -> None:
    before, _, _ = (ROOT / "README.md").read_text(encoding="utf-8").partition("make compare")
    assert re.search(r"\d GB of disk", before)
    assert "CUDA libraries" in before


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    dead = []
    for file, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        target = page.parent / file if file else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(f"{file}#{anchor}")
    assert not dead


@pytest.mark.parametrize("command", subparsers(parser()))
def test_each_command_is_in_the_reference(command: str) -> None:
    assert re.search(rf"^\|.*`{command}\b", REFERENCE, flags=re.MULTILINE)


@pytest.mark.parametrize("command", ["compare", "decide", "report"])
def test_each_flag_is_in_the_reference(command: str) -> None:
    given = set(flags(subparsers(parser())[command])) - {"--help"}
    assert {flag for flag in given if not re.search(rf"{flag}\b(?!-)", REFERENCE)} == set()
