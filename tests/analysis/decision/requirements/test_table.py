"""Every requirement has its words, and a new one is a row: flag, file, rule, sentences and report follow from it."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.again import again
from harness.analysis.decision import change_words
from harness.analysis.decision.requirements import reading, table
from harness.analysis.decision.requirements.table import Requirements
from harness.analysis.reading import read_run
from harness.analysis.results.requirements import Met, Outcome
from harness.commands.flags import add_requirement_flags, requirements_from
from harness.errors import InputError
from harness.quantities import dollars
from harness.report import decide
from harness.spec.tariff import Tariff
from tests.analysis.decided import elected


@pytest.mark.parametrize(
    ("needs", "sentence"),
    [
        ({}, "Nothing was required; each task says what was assumed."),
        ({"citations": False, "min_accuracy": None}, "Nothing was required; each task says what was assumed."),
        ({"error_price_usd": 0.0}, "Required: a wrong answer costs $0."),
        ({"monthly_budget_usd": 0, "min_accuracy": 0.0},
         "Required: accuracy at least 0.0 % and at most $0 a month."),
        ({"monthly_queries": 1, "horizon_months": 1}, "Required: 1 query a month and a horizon of 1 month."),
        ({"monthly_queries": 1200}, "Required: 1,200 queries a month."),
        ({"max_latency_s": 2}, "Required: latency at most 2.00 s at the p50."),
        ({"latency_percentile": "p95", "max_latency_s": 0.2}, "Required: latency at most 200 ms at the p95."),
        ({"latency_percentile": "p95"},
         "Required: the p95 of the latency counts, but has no limit to keep."),
        ({"citations": True, "in_house": True},
         "Required: answers can name their source and data stay on machines of your own."),
    ],
)  # fmt: skip
def test_sentence(needs: dict[str, Any], sentence: str) -> None:
    assert Requirements(**needs).in_words == sentence


def test_what_was_set_is_told_also_where_it_is_the_default() -> None:
    assert reading.requirements_of({"horizon_months": 12}).asked == {"horizon_months": 12}
    assert Requirements(horizon_months=12).asked == {}
    assert reading.requirements_of({}).asked == {}


def _cheap(candidate: Any, needs: Any, _: Any) -> Outcome | None:
    if needs.max_query_usd is None:
        return None
    cost = candidate.economics.per_query_usd(1)
    met = Met.MET if cost <= needs.max_query_usd else Met.MISSED
    miss = max(0.0, cost - needs.max_query_usd)
    figures = {"value": cost, "required": needs.max_query_usd}
    return Outcome(
        "max_query_usd", met, f"{dollars(cost)}, required {dollars(figures['required'])}", figures, miss
    )


@dataclass(frozen=True)
class More(Requirements):
    """The requirements and one more."""

    max_query_usd: float | None = table.requirement(
        None, "--max-query-usd", "USD", "the most a query may cost", least=0, most=1e6, name="the query limit",
        write=dollars, label="query", check=_cheap,
        clause=lambda needs: f"a query at most {dollars(needs.max_query_usd)}",
    )  # fmt: skip


def test_a_new_requirement_is_one_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen in the flag, the file, the bounds, the rule, what is required, what turned it, and what `decide` prints."""
    for module in (table, reading):
        monkeypatch.setattr(module, "Requirements", More)
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_requirement_flags(parser)
    (tmp_path / "needs.yaml").write_text("max_query_usd: 0.003\n")
    for argv in (["--max-query-usd", "0.003"], ["--requirements", str(tmp_path / "needs.yaml")]):
        needs = requirements_from(parser.parse_args(argv))
        assert needs
        assert needs.asked == {"max_query_usd": 0.003}
    with pytest.raises(Exception, match="--max-query-usd: must be at least 0"):
        requirements_from(parser.parse_args(["--max-query-usd=-1"]))
    run = read_run(elected(tmp_path / "run", {"facts": ("knowledge", {"base": 0.1, "rag": 0.9})}))
    found = again(run, needs, {})
    decision = found.results.tasks["facts"].decision
    assert [row.feasible for row in decision.candidates.values()] == [True, False]
    assert decision.requirements["max_query_usd"] == 0.003
    assert change_words.name_of("max_query_usd") == "the query limit"
    text = " ".join(decide.text(found, tmp_path / "run").split())
    for part in (
        "Required: a query at most $0.0030.", "rag misses query ($0.0040, required $0.0030).",
        "the query limit (not set → $0.0030)",
    ):  # fmt: skip
        assert part in text


def test_a_tariff_is_read_as_a_word_and_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "needs.yaml"
    file.write_text("tariff: scale-to-zero\n", encoding="utf-8")
    needs = reading.requirements_of(reading.load_requirements(file))
    assert (needs.tariff, needs.asked) == (Tariff.SCALE_TO_ZERO, {"tariff": "scale-to-zero"})
    assert table.required({"tariff": "shared"}).tariff is Tariff.SHARED
    file.write_text("tariff: daily\n", encoding="utf-8")
    with pytest.raises(InputError, match="is 'daily', which is none of kept-up, scale-to-zero, shared"):
        reading.load_requirements(file)
