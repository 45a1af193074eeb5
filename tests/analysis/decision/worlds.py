"""Made-up systems, and the decisions among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from harness.analysis.decision.candidates import Candidate
from harness.analysis.decision.case import Case
from harness.analysis.decision.choice import Rules
from harness.analysis.decision.pairs import Pairs
from harness.analysis.decision.requirements.table import Requirements
from harness.analysis.decision.verdict import verdict
from harness.analysis.results.decision import Decision
from tests.analysis.candidates import (
    Money,
    candidate,
    comparisons,
    failed,
    figures,
    setting,
    share,
    timed,
)
from tests.analysis.prose import check, sentences_of


def case_of(candidates: Sequence[Candidate], **more: Any) -> Case:
    """The keywords of a Case, `clusters`, `rows` (changes to every comparison), or requirements."""
    fields = ("unfit", "sizes", "fits", "checks", "probes", "primary_metric")
    about = {name: more.pop(name) for name in fields if name in more}
    excluded = {name: (failed(name, why),) for name, why in more.pop("excluded", {}).items()}
    about["checks"] = (*about.get("checks", ()), *(check for checks in excluded.values() for check in checks))
    clusters, rows = more.pop("clusters", {}), more.pop("rows", {})
    needs = Requirements(**more)
    systems = {
        one.name: figures(
            one.name, one.accuracy, len(one.scores), adapter="ab" if "lora" in one.name else None
        )
        for one in candidates
    }
    standing = [one for one in candidates if one.name not in excluded and not systems[one.name].control]
    out = [one for one in candidates if one.name in excluded and not systems[one.name].control]
    prices = {"usd_per_hour": 1.0, "utilisation": 0.5, "cycles": 3}
    now = setting(needs, **prices, monthly_queries_assumed=needs.monthly_queries is None)
    pairs = Pairs([replace(row, **rows) for row in comparisons(candidates)])
    defaults: dict[str, Any] = {"probes": "knowledge", "primary_metric": "contains"}
    rules = Rules(needs, pairs, clusters, least_error_usd=1.0)
    about |= {"excluded": excluded, "excluded_at": lambda _: out}
    return Case(systems, lambda _: standing, rules, now, **{**defaults, **about})


def decided(candidates: Sequence[Candidate], **more: Any) -> Decision:
    return verdict(case_of(candidates, **more))


def check_decision(decision: Decision) -> int:
    """Every number of its sentences is one of their figures; returns how many there are."""
    return sum(check(sentence) for sentence in sentences_of(decision))


def told(decision: Decision, *names: str) -> list[dict[str, Any]]:
    """The sentences with these figures, by name."""
    return [one for one in sentences_of(decision) if set(names) <= one["figures"].keys()]


def text_of(decision: Decision) -> str:
    return "\n".join(one["text"] for one in sentences_of(decision))


BASE = candidate("base", share(100, 1000), Money(0.001))


RAG = candidate("rag", share(450, 1000), Money(0.004, 12), cites=True)


LORA = candidate("lora", share(200, 1000, 300), Money(0.001, 6000, 800, people_usd=5400))


MIXED = candidate("lora+rag", share(500, 1000), Money(0.004, 6000, 800), cites=True)


ORACLE = candidate("oracle", share(600, 1000))


FEW = [candidate("base", share(10, 40)), candidate("rag", share(16, 40, 4), Money(0.004))]


WORLDS: dict[str, tuple[list[Candidate], dict[str, Any]]] = {
    "plain": ([BASE, RAG, LORA, MIXED, ORACLE], {}),
    "value": ([BASE, RAG, LORA, ORACLE], {"error_price_usd": 0.5, "monthly_queries": 1000, "refresh_days": 7}),
    "close": (FEW, {"error_price_usd": 0.03}),
    "few": (FEW, {}),
    "none": ([BASE, RAG], {"min_accuracy": 0.9, "max_latency_s": 0.5}),
    "unchecked": ([BASE, RAG], {"max_latency_s": 2, "latency_percentile": "p95", "max_memory_gb": 4}),
    "budget": ([BASE, RAG, LORA], {"monthly_budget_usd": 100, "citations": True}),
    "untimed": (
        [candidate("base", share(20, 60), Money(None, reason="not timed")),
         candidate("rag", share(25, 60, 3), Money(None, reason="not timed"), latency=timed(None, n=0))],
        {"error_price_usd": 1.0},
    ),
    "alone": ([BASE], {}),
    "straw": ([BASE, RAG, LORA], {"excluded": {"lora": "it was never trained"}}),
    "one left": ([BASE, RAG], {"excluded": {"rag": "it found nothing"}}),
    "all out": ([BASE], {"excluded": {"base": "its prompts were cut"}}),
    "useless": (
        [candidate("base", share(0, 1000)), candidate("rag", share(0, 1000), Money(0.004))],
        {"error_price_usd": 0.5},
    ),
    "quick": ([BASE, RAG], {"unfit": "this was a quick run"}),
}  # fmt: skip
