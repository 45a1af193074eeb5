"""Flags that say what things cost: what they refuse, and how a finished run is priced anew."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest

from harness.commands.flags import add_price_flags, price_settings
from harness.errors import InputError, InputErrors
from harness.files import to_json
from harness.spec.prices import SHIPPED, UsedSheet
from harness.spec.pricing import prices_of, repriced
from tests.analysis.runs import PRICE_SHEET
from tests.snapshots import Snapshots


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        raise InputError(message)


def parsed(*argv: str) -> dict[str, Any]:
    parser = Parser()
    add_price_flags(parser)
    return price_settings(parser.parse_args(argv))


def manifest(**values: Any) -> dict[str, Any]:
    return {
        "created": "2026-11-25T10:00:00Z",
        "price_sheet": PRICE_SHEET,
        "settings": {},
        "model": {"device": "cpu"},
    } | values


def test_what_was_given_and_nothing_else() -> None:
    assert parsed() == {}
    assert parsed("--usd-per-hour", "2.5", "--utilisation", "0.1", "--tuning-cycles", "5", "--machine", "m") == {
        "usd_per_hour": 2.5, "utilisation": 0.1, "tuning_cycles": 5, "machine": "m",
    }  # fmt: skip


def test_models_repeated_or_with_commas() -> None:
    assert parsed("--price-as", "a, b", "--price-as", "c,a")["price_as"] == ("a", "b", "c")
    with pytest.raises(InputError, match="--price-as: name an API model"):
        parsed("--price-as", " , ")


def test_empty_names_are_refused() -> None:
    with pytest.raises(InputError, match="--prices, --machine: the name is empty"):
        parsed("--prices", "", "--machine", "")


OUT_OF_RANGE = [
    ("--usd-per-hour", "0"),
    ("--usd-per-hour", "-1"),
    ("--usd-per-hour", "nan"),
    ("--usd-per-hour", "inf"),
    ("--usd-per-hour", "cheap"),
    ("--utilisation", "0"),
    ("--utilisation", "-0.5"),
    ("--utilisation", "50"),
    ("--utilisation", "nan"),
    ("--tuning-cycles", "0"),
    ("--tuning-cycles", "2.5"),
    ("--tuning-cycles", "-3"),
    ("--tuning-cycles", "1001"),
    ("--tuning-cycles", "9" * 5000),
    ("--usd-per-hour", "1e308"),
    ("--usd-per-hour", "1e400"),
    ("--utilisation", "1e-320"),
]


def test_values_out_of_range_are_refused(snapshots: Snapshots) -> None:
    lines = []
    for flag, value in OUT_OF_RANGE:
        with pytest.raises(InputError) as caught:
            parsed(f"{flag}={value}")
        lines.append(f"{caught.value}\n")
    snapshots.check("spec/price_flags.txt", "".join(lines))


def test_facts_for_a_manifest(tmp_path: Path) -> None:
    import datetime

    prices = prices_of({"price_as": ["gpt-4"]}, "cpu", datetime.date(2026, 11, 25))
    assert prices.sheet.machine.kind == "cpu"
    assert [price.kind for price in prices.api] == ["base", "fine-tuned"]
    assert UsedSheet.model_validate_json(to_json(prices.to_json()["price_sheet"])) == prices.sheet


def test_other_inputs_leave_the_runs_own_prices(tmp_path: Path) -> None:
    about = manifest(settings={"prices": "gone.yaml", "tuning_cycles": 3})
    changed = repriced(about, {"tuning_cycles": 5, "utilisation": 0.1})
    assert changed["price_sheet"] is about["price_sheet"]
    assert changed["settings"] == {"prices": "gone.yaml", "tuning_cycles": 5, "utilisation": 0.1}
    assert about["settings"]["tuning_cycles"] == 3, "the run itself stays as it is"


def test_a_hosted_model_is_priced_on_the_runs_own_copy_of_the_sheet() -> None:
    sheet = {**PRICE_SHEET, "sections_from_shipped": ["labour"]}
    about = manifest(settings={"prices": "gone.yaml"}, price_sheet=sheet)
    changed = repriced(about, {"price_as": ("gpt-4",)})
    assert changed["price_sheet"]["machine"]["usd_per_hour"] == 3.6
    assert changed["price_sheet"]["sections_from_shipped"] == ["labour"]
    assert changed["price_sheet"]["labour"] == PRICE_SHEET["labour"]
    assert changed["api_prices"][0]["model"] == "gpt-4"


def test_another_sheet(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SHIPPED.read_text(encoding="utf-8").replace("utilisation: 0.5", "utilisation: 0.25"))
    changed = repriced(manifest(settings={"machine": "box"}), {"prices": str(path)})
    assert changed["price_sheet"]["utilisation"] == 0.25
    assert changed["price_sheet"]["machine"]["kind"] == "cpu"


def test_a_wrong_sheet_machine_or_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        repriced(manifest(), {"prices": str(tmp_path / "none.yaml")})
    with pytest.raises(InputError, match=r"no machine 'bax' \(did you mean 'box'"):
        repriced(manifest(), {"machine": "bax"})
    with pytest.raises(InputErrors, match="the nearest names are gpt-4o-mini"):
        repriced(manifest(), {"price_as": ("gpt-4o-minii",)})


@pytest.mark.parametrize(
    ("given", "flags"),
    [
        ({"usd_per_hour": 2.0}, "--usd-per-hour"),
        ({"tuning_cycles": 5, "utilisation": 0.1}, "--tuning-cycles, --utilisation"),
        ({"price_as": ("gpt-4",)}, "--price-as"),
    ],
)
def test_a_price_is_never_ignored_because_the_run_has_no_sheet(given: dict[str, Any], flags: str) -> None:
    for sheet in (None, {}, {"machine": None}):
        with pytest.raises(InputError, match=f"no price list to apply {flags} to; name one with --prices"):
            repriced(manifest(price_sheet=sheet), given)
    assert repriced(manifest(price_sheet=None), {})["price_sheet"] is None
    changed = repriced(manifest(price_sheet=None), {**given, "prices": str(SHIPPED)})
    assert changed["price_sheet"]["machine"]["kind"] == "cpu"


def test_a_run_too_old_to_be_priced_anew_says_so() -> None:
    with pytest.raises(InputError, match="name one with --prices"):
        repriced(manifest(price_sheet=None), {"machine": "box"})
    with pytest.raises(InputError, match="does not say when it was made"):
        repriced(manifest(created=None), {"price_as": ("gpt-4",)})
