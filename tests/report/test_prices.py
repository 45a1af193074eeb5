"""What the report says of prices: each with its source and date, old ones flagged."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.analysis.money.economics import CostInputs
from harness.report import opening, prices
from harness.report.view import Bullets, Table
from tests.analysis.runs import PRICE_SHEET
from tests.report.results import results

ALL = 18
"""Amounts in a whole price list."""


def test_every_price_has_its_date_and_source(tmp_path: Path) -> None:
    _, _, assumed, machines = prices.prices(results(tmp_path))
    assert isinstance(assumed, Table)
    assert isinstance(machines, Table)
    assert assumed.rows[0] == ("Engineer, an hour", "$10.00", "2026-01-01", "made up")
    assert len(assumed.rows) == ALL


def test_what_the_user_set_is_what_the_report_says(tmp_path: Path) -> None:
    given = CostInputs(usd_per_hour=1.5, utilisation=0.1)
    (lead, *_) = prices.prices(results(tmp_path, given))
    assert "$1.50 an hour (given by the user)" in str(lead)
    assert "with shared machines (--tariff shared), answering questions in 10.0 %" in str(lead)


def test_the_tariff_is_named(tmp_path: Path) -> None:
    (lead, *_) = prices.prices(results(tmp_path, settings={}))
    assert "with machines kept up (--tariff kept-up)" in str(lead)


def test_an_old_sheet_is_flagged_on_top_and_under_prices(tmp_path: Path) -> None:
    found = results(
        tmp_path, price_sheet={**PRICE_SHEET, "date": "2025-01-01", "sections_from_shipped": ["labels"]}
    )
    assert any("366 days old" in text for text in opening.warnings(found))
    (notes,) = [block for block in prices.prices(found) if isinstance(block, Bullets)]
    assert "366 days old" in notes.items[0]
    assert "one that ships: labels" in notes.items[1]


def test_no_sheet_no_prices(tmp_path: Path) -> None:
    assert [type(block) for block in prices.prices(results(tmp_path, price_sheet=None))] == [str]


@pytest.mark.parametrize(
    "name", ["labour", "labels", "evaluation", "storage", "embedding", "refresh", "serving"]
)
def test_a_section_an_old_sheet_lacks_is_the_one_that_ships_and_told(tmp_path: Path, name: str) -> None:
    _, notes, assumed, _ = prices.prices(results(tmp_path, price_sheet={**PRICE_SHEET, name: None}))
    assert isinstance(assumed, Table)
    assert isinstance(notes, Bullets)
    assert len(assumed.rows) == ALL
    assert any(f"one that ships: {name}" in note for note in notes.items)
