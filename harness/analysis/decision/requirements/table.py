"""The table of requirements: `Requirements` is the value, and each of its fields has a row."""
# ruff: noqa: RUF009 - `requirement` gives a dataclass field

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, get_type_hints

from harness.analysis.decision.requirements import rules
from harness.quantities import days, dollars, gigabytes, listed, months, percent, queries, seconds, share
from harness.spec.tariff import Tariff

if TYPE_CHECKING:
    from harness.analysis.decision.candidates import Candidate
    from harness.analysis.results.requirements import Outcome
    from harness.analysis.results.setting import Setting

Percentile = Literal["p50", "p90", "p95", "p99"]
Value = float | str | bool | None
Check = Callable[["Candidate", "Requirements", "Setting"], "Outcome | None"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One requirement, or one part of the setting in which systems are valued.

    `help`: of the flag. `name`: of the input. `write`: how its value is written. `clause`: what is asked for, "" where
    another clause says it. `least`, `most`, `below`, `above` (the least value but 0): bounds far beyond what anybody
    needs; within them no figure of a decision overflows. `share`: from 0 to 1. `form`: the label of its field on the
    page, None without one. `label` and `check`: of a limit that a system meets or misses.
    """

    flag: str | None
    metavar: str | None
    help: str
    name: str
    write: Callable[[Any], str]
    clause: Callable[[Requirements], str]
    least: float | None = None
    most: float | None = None
    below: float | None = None
    above: float | None = None
    share: bool = False
    form: str | None = None
    label: str = ""
    check: Check | None = None
    kind: Any = None
    """The field's type, filled in from the annotation."""

    @property
    def choices(self) -> tuple[str, ...]:
        """The values of an input that is one of several words; none of another."""
        return tuple(self.kind) if isinstance(self.kind, type) and issubclass(self.kind, Enum) else ()

    @property
    def whole(self) -> bool:
        return self.kind in (int, int | None)


def requirement(default: Value, flag: str | None, metavar: str | None, help: str, **about: Any) -> Any:
    row = Row(flag=flag, metavar=metavar, help=help, **about)
    return field(default=default, metadata={"row": row})


def _needed(value: bool) -> str:
    return "needed" if value else "not needed"


@dataclass(frozen=True)
class Requirements:
    """Limits, which a system meets or misses, and the setting in which its value is counted.

    `given`: the names of what was set, also where it is set to the default.
    """

    monthly_queries: int | None = requirement(
        None, "--monthly-queries", "N", "your volume: questions answered in a month",
        least=1, most=10**12,  # a hundred for every person alive
        name="the volume", write=lambda n: f"{queries(n)} a month", form="Queries a month",
        clause=lambda needs: f"{queries(needs.monthly_queries)} a month",
    )  # fmt: skip
    horizon_months: int = requirement(
        12, "--horizon-months", "N", "months over which one-off costs are spread (default 12)",
        least=1, most=120, name="the horizon", write=months, form="One-off costs over … months",
        clause=lambda needs: f"a horizon of {months(needs.horizon_months)}",
    )  # fmt: skip
    error_price_usd: float | None = requirement(
        None, "--error-price", "USD", "what one wrong answer costs you",
        least=0, most=1e9, above=1e-9,  # below it, money is divided by next to nothing
        name="the price of a wrong answer", write=lambda usd: f"{dollars(usd)} an error",
        form="Price of a wrong answer, $",
        clause=lambda needs: f"a wrong answer costs {dollars(needs.error_price_usd)}",
    )  # fmt: skip
    min_accuracy: float | None = requirement(
        None, "--min-accuracy", "SHARE", "the least share of right answers, 0 to 1",
        least=0, most=1, share=True, name="the least accuracy", write=percent,
        form="Required accuracy, 0 to 1", label="accuracy", check=rules.accuracy,
        clause=lambda needs: f"accuracy at least {percent(needs.min_accuracy)}",
    )  # fmt: skip
    max_latency_s: float | None = requirement(
        None, "--max-latency", "SECONDS", "the longest time to the last token",
        least=1e-6, most=1e6, name="the latency limit", write=seconds,
        form="Longest latency, seconds", label="latency", check=rules.latency,
        clause=lambda needs: f"latency at most {seconds(needs.max_latency_s)} at the {needs.latency_percentile}",
    )  # fmt: skip
    latency_percentile: Percentile = requirement(
        "p50", "--latency-percentile", "PXX", "p50, p90, p95 or p99 of the latency (default p50)",
        name="the percentile of the latency", write=str,
        clause=lambda needs: f"the {needs.latency_percentile} of the latency counts, but has no limit to keep"
        if needs.max_latency_s is None else "",
    )  # fmt: skip
    monthly_budget_usd: float | None = requirement(
        None, "--monthly-budget", "USD", "the most it may cost a month",
        least=0, most=1e12, name="the budget", write=lambda usd: f"{dollars(usd)} a month",
        form="Budget a month, $", label="budget", check=rules.budget,
        clause=lambda needs: f"at most {dollars(needs.monthly_budget_usd)} a month",
    )  # fmt: skip
    max_memory_gb: float | None = requirement(
        None, "--max-memory-gb", "GB", "the memory that model and index may take",
        least=1e-6, most=1e6, name="the memory limit", write=gigabytes, label="memory", check=rules.memory,
        clause=lambda needs: f"memory at most {gigabytes(needs.max_memory_gb)}",
    )  # fmt: skip
    citations: bool = requirement(
        False, "--citations", None, "answers have to name their source",
        name="citations", write=_needed, label="citations", check=rules.citations,
        clause=lambda _: "answers can name their source",
    )  # fmt: skip
    min_citations: float | None = requirement(
        None, "--min-citations", "SHARE", "the least share of answers that name a right passage, 0 to 1",
        least=0, most=1, share=True, name="the least share of right citations", write=percent,
        label="right citations", check=rules.right_citations,
        clause=lambda needs: f"at least {percent(needs.min_citations)} of the answers name a right passage",
    )  # fmt: skip
    in_house: bool = requirement(
        False, "--in-house", None, "data may not leave your own machines: no hosted model",
        name="data in house", write=_needed, label="data", check=rules.in_house,
        clause=lambda _: "data stay on machines of your own",
    )  # fmt: skip
    refresh_days: float | None = requirement(
        None, "--refresh-days", "DAYS", "every how many days the knowledge changes; left out: it does not",
        least=0.001, most=36_525, name="the refresh interval", write=lambda n: f"every {days(n)}",
        form="Knowledge changes every … days", label="refresh interval", check=rules.update,
        clause=lambda needs: f"knowledge changes every {days(needs.refresh_days)}",
    )  # fmt: skip
    tariff: Tariff = requirement(
        Tariff.KEPT_UP, "--tariff", "TARIFF",
        "how machines are paid for, whoever answers: kept-up (the default: every hour, at least one machine), "
        "scale-to-zero (busy seconds and cold starts) or shared (seconds over the utilisation)",
        name="the tariff", write=str,
        clause=lambda _: "",  # it is no requirement, and said wherever a cost is
    )  # fmt: skip
    accuracy_margin: float = requirement(
        0.05, None, None, "a difference in accuracy smaller than this does not matter",
        least=0.001, below=1, name="the margin of accuracy", write=share,
        clause=lambda needs: f"a margin of {share(needs.accuracy_margin)} of accuracy",
    )  # fmt: skip
    value_margin: float = requirement(
        0.05, None, None, "a difference in value smaller than this share of the better one's cost does not matter",
        least=0.001, below=1, name="the margin of value", write=percent,
        clause=lambda needs: f"a margin of {percent(needs.value_margin)} of value",
    )  # fmt: skip
    given: frozenset[str] = field(default=frozenset(), compare=False)

    def with_value(self, field: str, value: Value) -> Requirements:
        changed: dict[str, Any] = {field: value}
        return replace(self, **changed)

    @property
    def asked(self) -> dict[str, Value]:
        """What was set, by name."""
        defaults = {column.name: column.default for column in fields(self)}
        values = {name: getattr(self, name) for name in rows(type(self))}
        return {
            name: value for name, value in values.items() if name in self.given or value != defaults[name]
        }

    @property
    def in_words(self) -> str:
        """What is required, in one sentence."""
        asked = [name for name, value in self.asked.items() if value is not None and value is not False]
        clauses = [clause for name in asked if (clause := rows(type(self))[name].clause(self))]
        if not clauses:
            return "Nothing was required; each task says what was assumed."
        return f"Required: {listed(clauses)}."


def required(values: Mapping[str, Any]) -> Requirements:
    """The requirements with these values, as results hold them."""
    known = dict(values)
    if "tariff" in known:
        known["tariff"] = Tariff(known["tariff"])
    return Requirements(**known)


def rows(kind: Any = None) -> dict[str, Row]:
    """Field → its row, in the order of the sentences; of the class `kind`."""
    return _rows(kind or Requirements)


@cache
def _rows(kind: Any) -> dict[str, Row]:
    hints = get_type_hints(kind)
    own = [column for column in fields(kind) if "row" in column.metadata]
    return {column.name: replace(column.metadata["row"], kind=hints[column.name]) for column in own}


def outcomes(candidate: Candidate, needs: Requirements, setting: Setting) -> tuple[Outcome, ...]:
    """Every limit that was set, held against a candidate at a setting."""
    checks = [row.check for row in rows(type(needs)).values() if row.check]
    return tuple(outcome for check in checks if (outcome := check(candidate, needs, setting)))
