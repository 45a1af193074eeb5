"""What a user needs of a strategy: a YAML file, flags, or nothing at all.

Nothing is obligatory. What is left out is either no requirement (a ceiling nobody set) or assumed, and then
the decision says what it assumed.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator

from harness.errors import InputError, raise_all, shown
from harness.spec.mistakes import mistakes_of
from harness.spec.requirement_flags import FIELDS, MOST_MONTHS, MOST_QUERIES
from harness.spec.settings import Strict
from harness.spec.yamlfile import load_model

CENTURY_DAYS = 36_525
LEAST_ERROR_PRICE = 1e-9
"""Of an error that costs anything: below it, money is divided by next to nothing."""
LEAST_PERCENT = 10
"""A share from here on was meant in percent; of one below, 1.5 say, nobody knows what was."""
Percentile = Literal["p50", "p90", "p95", "p99"]


class Requirements(Strict):
    """Hard limits, which a strategy meets or misses, and the setting in which its value is counted.

    The bounds lie far beyond what anybody needs; within them no figure of a decision overflows.
    """

    monthly_queries: int | None = Field(
        None, ge=1, le=MOST_QUERIES, description="Questions answered in a month."
    )
    horizon_months: int = Field(
        12, ge=1, le=MOST_MONTHS, description="Months over which what is paid once is spread."
    )
    error_price_usd: float | None = Field(None, ge=0, le=1e9, description="What one wrong answer costs you.")
    refresh_days: float | None = Field(
        None,
        ge=0.001,
        le=CENTURY_DAYS,
        description="Every how many days the knowledge changes; left out: it does not.",
    )
    min_accuracy: float | None = Field(
        None, ge=0, description="The least share of right answers, from 0 to 1."
    )
    max_latency_s: float | None = Field(
        None, ge=1e-6, le=1e6, description="The longest time to the last token, seconds."
    )
    latency_percentile: Percentile = Field(
        "p50", description="The percentile of the latency that has to keep the ceiling."
    )
    monthly_budget_usd: float | None = Field(
        None, ge=0, le=1e12, description="The most that running it may cost a month, one-off costs spread."
    )
    max_memory_gb: float | None = Field(
        None, ge=1e-6, le=1e6, description="The memory that model and index may take, GB."
    )
    citations: bool = Field(False, description="Answers have to name their source.")
    in_house: bool = Field(
        False, description="Questions and documents may not leave machines of your own: no hosted model."
    )
    accuracy_margin: float = Field(
        0.05, ge=0.001, lt=1, description="A difference in accuracy smaller than this does not matter."
    )
    value_margin: float = Field(
        0.05,
        ge=0.001,
        lt=1,
        description="A difference in value smaller than this share of what the better one costs does not matter.",
    )

    @field_validator("error_price_usd")
    @classmethod
    def _price(cls, price: float | None) -> float | None:
        if price is not None and 0 < price < LEAST_ERROR_PRICE:
            raise ValueError(f"must be 0 or at least {LEAST_ERROR_PRICE:g}, but is {shown(price)}.")
        return price

    @field_validator("min_accuracy")
    @classmethod
    def _share(cls, share: float | None) -> float | None:
        if share is not None and share > 1:
            hint = f" (for {share:g} % write {share / 100:g})" if LEAST_PERCENT <= share <= 100 else ""
            raise ValueError(f"must be at most 1, but is {shown(share)}{hint}.")
        return share


def load_requirements(path: Path) -> Requirements:
    """Read a requirements file.

    Raises InputErrors with every mistake of the file, each as `file:line:column: key: what is wrong`.
    """
    return load_model(path, Requirements)


def requirements_from(
    options: argparse.Namespace, stored: dict[str, Any] | None = None
) -> Requirements | None:
    """Requirements of a command line: what a run stored, overridden by the file, overridden by flags.

    None where nothing was given anywhere. Raises InputErrors that name the file's lines, or the flags.
    """
    values = dict(stored or {})
    if options.requirements is not None:
        values |= load_requirements(options.requirements).model_dump(exclude_unset=True)
    flags = {field: value for field in FIELDS if (value := getattr(options, field)) is not None}
    values |= flags
    return requirements_of(values) if values else None


def requirements_of(values: dict[str, Any]) -> Requirements:
    """Requirements from plain values; raises InputErrors, each beginning with the flag it belongs to."""
    try:
        return Requirements.model_validate(values)
    except ValidationError as error:
        mistakes = [
            mistake for item in error.errors(include_url=False) for mistake in mistakes_of(item, Requirements)
        ]
        raise_all([InputError(f"{_flag(str(loc[0]))}: {text}") for loc, text in mistakes])
        raise


def _flag(field: str) -> str:
    return FIELDS.get(field, field)
