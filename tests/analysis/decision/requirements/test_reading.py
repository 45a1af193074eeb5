"""Requirements from a file, from flags, from neither; what is wrong is said once, at its place."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from harness.analysis.decision.requirements.reading import load_requirements, requirements_of
from harness.analysis.decision.requirements.table import Requirements
from harness.commands.flags import add_requirement_flags, requirements_from
from harness.errors import InputError, InputErrors


def parsed(*argv: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_requirement_flags(parser)
    return parser.parse_args(argv)


def test_nothing_given_is_no_requirement() -> None:
    assert requirements_from(parsed()) is None


def test_every_flag_sets_its_own_field() -> None:
    argv = [
        "--monthly-queries", "1000", "--horizon-months", "6", "--error-price", "0.5", "--refresh-days", "7",
        "--min-accuracy", "0.8", "--max-latency", "2", "--latency-percentile", "p95", "--monthly-budget", "50",
        "--max-memory-gb", "8", "--citations", "--in-house",
    ]  # fmt: skip
    assert requirements_from(parsed(*argv)) == Requirements(
        monthly_queries=1000, horizon_months=6, error_price_usd=0.5, refresh_days=7, min_accuracy=0.8,
        max_latency_s=2, latency_percentile="p95", monthly_budget_usd=50, max_memory_gb=8, citations=True,
        in_house=True,
    )  # fmt: skip


def test_flags_win_over_the_file_and_the_file_over_the_run(tmp_path: Path) -> None:
    path = tmp_path / "needs.yaml"
    path.write_text("monthly_queries: 500\nmin_accuracy: 0.5\n")
    stored = {"monthly_queries": 1, "refresh_days": 30.0, "horizon_months": 24}
    found = requirements_from(parsed("--requirements", str(path), "--min-accuracy", "0.7"), stored)
    assert found == Requirements(monthly_queries=500, min_accuracy=0.7, refresh_days=30.0, horizon_months=24)


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        (("--min-accuracy", "-0.1"), "--min-accuracy: must be at least 0"),
        (("--min-accuracy", "80"), r"--min-accuracy: must be at most 1, but is 80.0 \(for 80 % write 0.8\)"),
        (("--min-accuracy", "1.5"), r"--min-accuracy: must be at most 1, but is 1.5\.$"),
        (("--max-latency", "0"), "--max-latency: must be at least 1e-06"),
        (("--max-latency", "inf"), "--max-latency: must be a finite number"),
        (("--latency-percentile", "p96"), r"--latency-percentile: is 'p96', which is none of p50, p90, p95, p99"),
        (("--monthly-budget", "-1"), "--monthly-budget: must be at least 0"),
        (("--error-price", "-1"), "--error-price: must be at least 0"),
        (("--refresh-days", "0"), "--refresh-days: must be at least 0.001"),
        (("--max-memory-gb", "nan"), "--max-memory-gb: must be"),
    ],
)  # fmt: skip
def test_a_wrong_flag_is_named(argv: tuple[str, ...], text: str) -> None:
    with pytest.raises(InputErrors, match=text):
        requirements_from(parsed(*argv))


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        (("--monthly-queries", "-5"), "is not a whole number from 1 to 1,000,000,000,000"),
        (("--monthly-queries", "1e3"), "is not a whole number"),
        (("--max-latency", "x"), "is not a number"),
        (("--horizon-months", "0"), "'0' is not a whole number from 1 to 120"),
        (("--horizon-months", "121"), "'121' is not a whole number from 1 to 120"),
    ],
)
def test_what_is_no_number_in_range_never_reaches_the_model(argv: tuple[str, ...], text: str) -> None:
    with pytest.raises(argparse.ArgumentError, match=text):
        parsed(*argv)


def test_two_wrong_flags_show_together() -> None:
    with pytest.raises(InputErrors) as caught:
        requirements_of({"min_accuracy": 2.0, "refresh_days": -1.0})
    assert len(caught.value.errors) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("monthly_queries: -5\n", r"needs.yaml:1:18: monthly_queries: must be at least 1, but is -5"),
        ("horizon_months: 6\nmonthly_querys: 5\n", r"needs.yaml:2:1: monthly_querys: .*monthly_queries"),
        ("latency_percentile: p97\n", r"needs.yaml:1:21: latency_percentile: .*none of p50"),
        ("citations: maybe\n", r"needs.yaml:1:12: citations: must be true or false"),
        ("", "the file is empty"),
        ("# nothing yet\n", "the file is empty"),
        ("- monthly_queries: 5\n", "needs.yaml:1: the file must be a mapping of keys to values"),
        ("monthly_queries: [5]\n", r"needs.yaml:1:18: monthly_queries: must be a whole number, but is"),
        ("min_accuracy: {least: 0.5}\n", r"needs.yaml:1:15: min_accuracy: must be a number, but is"),
        ("refresh_days: 1\nrefresh_days: 2\n", r"needs.yaml:2:1: refresh_days: is given twice"),
        ("error_price_usd: .nan\n", r"needs.yaml:1:18: error_price_usd: must be a finite number"),
        ("monthly_budget_usd: .inf\n", r"needs.yaml:1:21: monthly_budget_usd: must be a finite number"),
        ("max_latency_s: 1e400\n", r"needs.yaml:1:16: max_latency_s: must be a finite number"),
        (f"monthly_queries: {'9' * 400}\n", "monthly_queries: must be at most 1,000,000,000,000"),
        (f"monthly_queries: {'9' * 5000}\n", "monthly_queries: is no number that can be read"),
        ("accuracy_margin: 1e-300\n", "accuracy_margin: must be at least 0.001"),
        ("in_house: perhaps\n", "in_house: must be true or false"),
        ("monthly_queries: 5: 6\n", "needs.yaml:1:19: broken YAML"),
        ("horizon_months:\n", "horizon_months: is empty"),
        ("horizon_months: 1000\n", "horizon_months: must be at most 120, but is 1000"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "needs.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        load_requirements(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        load_requirements(tmp_path / "none.yaml")
