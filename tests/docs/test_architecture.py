"""docs/architecture.md names files and tables that exist, and the test that adds each kind of part."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
ADDING = re.findall(
    r"^\| an? [\w ]+ \| a (?:row|field) of (.+?), `([\w/.]+)` \| `([\w/.]+)` \|$", TEXT, flags=re.MULTILINE
)


def test_every_file_that_it_names_exists() -> None:
    named = set(re.findall(r"`([\w/.]+(?:\.py|/))`", TEXT))
    parts = ("", "harness", "harness/analysis", "harness/report", "harness/report/page")
    missing = {name for name in named if not any((ROOT / part / name).exists() for part in parts)}
    assert not missing


@pytest.mark.parametrize(("what", "file", "test"), ADDING)
def test_what_can_be_added_is_one_place_with_a_test(what: str, file: str, test: str) -> None:
    source = (ROOT / "harness" / file).read_text(encoding="utf-8")
    tested = (ROOT / test).read_text(encoding="utf-8")
    for name in re.findall(r"`(\w+)`", what):
        assert re.search(rf"^(?:class )?{name}\b", source, flags=re.MULTILINE)
        assert name in tested, f"{test} does not add to {name}"


def test_it_says_how_to_add_each_kind_of_part() -> None:
    assert len(ADDING) == 9
