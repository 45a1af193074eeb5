"""Flags that say what things cost: what they refuse, and how a finished run is priced anew."""

from __future__ import annotations

import argparse
import datetime
from pathlib import Path
from typing import Any

import pytest

from harness.commands.flags import add_price_flags, price_settings
from harness.errors import InputError, InputErrors
from harness.files import to_json
from harness.spec.prices import SHIPPED, UsedSheet
from harness.spec.pricing import Prices, prices_anew, prices_of
from tests.analysis.runs import PRICE_SHEET
from tests.snapshots import Snapshots


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        raise InputError(message)


def parsed(*argv: str) -> dict[str, Any]:
    parser = Parser()
    add_price_flags(parser)
    return price_settings(parser.parse_args(argv))


OWN = UsedSheet.model_validate_json(to_json(PRICE_SHEET))
"""The run's own copy of its price list."""


def anew(
    given: dict[str, Any], own: UsedSheet | None = OWN, created: str = "2026-11-25T10:00:00Z", **settings: Any
) -> Prices | None:
    return prices_anew(own, settings, given, "cpu", created)


def test_what_was_given_and_nothing_else() -> None:
    assert parsed() == {}
    assert parsed("--usd-per-hour", "2.5", "--utilisation", "0.1", "--tuning-cycles", "5", "--machine", "m") == {
        "usd_per_hour": 2.5, "utilisation": 0.1, "tuning_cycles": 5, "machine": "m",
    }  # fmt: skip


def test_models_repeated_or_with_commas() -> None:
    assert parsed("--price-as", "a, b", "--price-as", "c,a")["price_as"] == ("a", "b", "c")
    with pytest.raises(InputError, match="--price-as: name an API model"):
        parsed("--price-as", " , ")


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


def test_a_run_is_priced_on_the_list_that_ships_and_on_models_in_force() -> None:
    prices = prices_of({"price_as": ["gpt-4"]}, "cpu", datetime.date(2026, 11, 25))
    assert prices.sheet.machine.kind == "cpu"
    assert [price.kind for price in prices.api] == ["base", "fine-tuned"]
    assert UsedSheet.model_validate_json(prices.sheet.model_dump_json()) == prices.sheet


def test_other_inputs_leave_the_runs_own_prices() -> None:
    assert anew({}) is None
    assert anew({"tuning_cycles": 5, "utilisation": 0.1}, prices="gone.yaml", tuning_cycles=3) is None


def test_a_hosted_model_is_priced_on_the_runs_own_copy_of_the_list() -> None:
    own = OWN.model_copy(update={"sections_from_shipped": ("labour",)})
    prices = anew({"price_as": ("gpt-4",)}, own, prices="gone.yaml")
    assert prices is not None
    assert prices.sheet == own
    assert prices.api[0].model == "gpt-4"


def test_another_list(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SHIPPED.read_text(encoding="utf-8").replace("utilisation: 0.5", "utilisation: 0.25"))
    prices = anew({"prices": str(path)}, machine="box")
    assert prices is not None
    assert (prices.sheet.utilisation, prices.sheet.machine.kind) == (0.25, "cpu")


def test_a_wrong_list_machine_or_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        anew({"prices": str(tmp_path / "none.yaml")})
    with pytest.raises(InputError, match=r"no machine 'bax' \(did you mean 'box'"):
        anew({"machine": "bax"})
    with pytest.raises(InputErrors, match="nearest names are gpt-4o-mini"):
        anew({"price_as": ("gpt-4o-minii",)})


@pytest.mark.parametrize(
    ("given", "flags"),
    [
        ({"usd_per_hour": 2.0}, "--usd-per-hour"),
        ({"tuning_cycles": 5, "utilisation": 0.1}, "--tuning-cycles, --utilisation"),
        ({"price_as": ("gpt-4",)}, "--price-as"),
    ],
)
def test_a_price_is_never_ignored_because_the_run_has_no_list(given: dict[str, Any], flags: str) -> None:
    with pytest.raises(InputError, match=f"to apply {flags} to; name one with --prices"):
        anew(given, None)
    assert anew({}, None) is None
    prices = anew({**given, "prices": str(SHIPPED)}, None)
    assert prices is not None
    assert prices.sheet.machine.kind == "cpu"


def test_a_run_without_a_date_cannot_be_priced_anew() -> None:
    with pytest.raises(InputError, match="does not say when it was made"):
        anew({"price_as": ("gpt-4",)}, created="")
