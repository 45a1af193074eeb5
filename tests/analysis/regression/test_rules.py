"""Every rule of the table is documented in the table's own words, and may be named like its tier."""

from __future__ import annotations

from pathlib import Path

from harness.analysis.regression.rules import RULES, Tier, rules_of

DOCS = Path(__file__).parents[3] / "docs" / "ci.md"


def test_the_docs_hold_the_table_of_rules() -> None:
    lines = DOCS.read_text(encoding="utf-8").splitlines()
    rows = [
        tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines if line.startswith("|")
    ]
    documented = {row[1]: row[2] for row in rows if len(row) == 3}
    assert {f"`{rule.name}`": rule.fails_where for rule in RULES.values()}.items() <= documented.items()


def test_a_tier_names_all_its_rules() -> None:
    assert rules_of(("latency",)) == {"latency"}
    assert rules_of((Tier.EXACT, "accuracy")) == frozenset(RULES) - {"latency"}
