"""Runs and settings under which the page and `decide` are held against each other."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.analysis.again import Terms
from harness.analysis.decision.needs import stored_requirements
from harness.analysis.decision.requirements.table import Requirements
from harness.analysis.derive import derive
from harness.analysis.evidence import Evidence
from harness.analysis.measure import TaskMeasures
from harness.analysis.results.run import RunResult
from harness.cli import parser
from harness.commands.flags import price_settings, requirements_from
from harness.report.page.whatif import Facts
from harness.spec.tariff import Tariff
from tests.analysis.decided import MODELS, adapter, elected
from tests.analysis.runs import PRICE_SHEET, write_lines, write_run
from tests.run.worlds import named

Given = dict[str, Any]
TASKS = {
    "facts": ("knowledge", {"base": 0.05, "lora": 0.62, "rag": 0.6, "lora+rag": 0.7, "oracle": 0.8}),
    "manners": ("behaviour", {"base": 0.1, "few-shot": 0.3, "lora": 0.8}),
    "alone": ("general", {"base": 0.7}),
    "hopeless": ("knowledge", {"base": 0.0, "rag": 0.0}),
}
VOLUMES = (1, 25_000, 10**12)
ERRORS = (None, 0, 1e-9, 0.01, 5, 1e9)
GRID: list[Given] = [
    *({"monthly_queries": n, "error_price_usd": price} for n, price in itertools.product(VOLUMES, ERRORS)),
    {},
    {"refresh_days": 0.001},
    {"refresh_days": 1, "monthly_queries": 10_000},
    {"refresh_days": 30, "error_price_usd": 0.01},
    {"refresh_days": 36_525, "horizon_months": 120},
    {"usd_per_hour": 1e-6},
    {"usd_per_hour": 1e6, "monthly_queries": 10**12},
    {"usd_per_hour": 7.2, "utilisation": 1, "tuning_cycles": 1},
    {"utilisation": 1e-6, "error_price_usd": 0.5},
    {"tuning_cycles": 1000, "horizon_months": 1},
    {"tuning_cycles": 5, "monthly_queries": 300_000, "error_price_usd": 0},
    {"min_accuracy": 0},
    {"min_accuracy": 0.6, "monthly_queries": 2_000},
    {"min_accuracy": 0.65},
    {"min_accuracy": 1},
    {"max_latency_s": 1.5},
    {"max_latency_s": 0.01},
    {"max_latency_s": 1e-6, "min_accuracy": 0.99, "monthly_budget_usd": 1},
    {"max_latency_s": 1.5, "latency_percentile": "p95"},
    {"max_latency_s": 0.5, "latency_percentile": "p99", "error_price_usd": 0.2},
    {"monthly_budget_usd": 0},
    {"monthly_budget_usd": 50, "monthly_queries": 20_000},
    {"monthly_budget_usd": 400, "refresh_days": 7, "error_price_usd": 0.05},
    {"monthly_budget_usd": 400, "max_latency_s": 1.2, "min_accuracy": 0.3},
    {"min_accuracy": 0.61},
    {"max_latency_s": 2.0, "latency_percentile": "p90"},
    {"max_latency_s": 1.55, "min_accuracy": 0.55},
    {"max_latency_s": 1.55, "latency_percentile": "p90", "error_price_usd": 0},
    {"max_latency_s": 1.9, "latency_percentile": "p99"},
    {"error_price_usd": 0, "monthly_queries": 33_095},
    {"refresh_days": 0.02, "min_accuracy": 0.9},
    {"min_accuracy": 0.99, "monthly_budget_usd": 19.9},  # nearest by shares of the limits, not by distances
    {
        "min_accuracy": 0.99,
        "monthly_budget_usd": 1e-12,
    },  # a limit of next to nothing counts for no more than it may
    {"max_latency_s": 0.95},
    *({"tariff": tariff} for tariff in Tariff),
    {"tariff": "kept-up", "monthly_queries": 2_000_000},
    {"tariff": "kept-up", "monthly_queries": 1_315_440, "error_price_usd": 0.02, "refresh_days": 90},
    {"tariff": "kept-up", "monthly_queries": 10**12, "usd_per_hour": 1e-6},
    {"tariff": "scale-to-zero", "monthly_queries": 300, "usd_per_hour": 90},
    {"tariff": "scale-to-zero", "monthly_queries": 2_000_000, "error_price_usd": 0.003, "utilisation": 0.1},
    {"tariff": "shared", "monthly_queries": 2_000_000, "utilisation": 0.9},
]


def edges(facts: Facts) -> list[Given]:
    """Limits that lie exactly on what was measured of a candidate, and on the ends of its percentiles' intervals."""
    standing = [one for task in facts.tasks.values() for one in task.systems if one.candidate]
    shares = {one.accuracy for one in standing}
    seconds = {
        time for one in standing for time in (one.latency_s.p50, *(one.latency_s.ci.get("p50") or ())) if time
    }
    updates = {one.training_s + one.index_s + (one.update_people_s or 0) for one in standing}
    return [
        *({"refresh_days": update / 86400} for update in sorted(updates) if update >= 86.4),
        *({"min_accuracy": share} for share in sorted(share for share in shares if share is not None)),
        *({"max_latency_s": time} for time in sorted(seconds)),
    ]


def decided(run: Evidence, measured: dict[str, TaskMeasures], command: list[str]) -> RunResult:
    """What `decide` reads its answer to the command from; as it does, but measured once for all commands."""
    assert command[:3] == ["python", "-m", "harness"]
    options = parser().parse_args(command[3:])
    needs = requirements_from(options, stored_requirements(run)) or Requirements()
    priced = Terms(needs, run, {}).with_prices(price_settings(options)).run
    return derive(priced, needs=needs, measured=measured)


def settings(**more: Any) -> dict[str, Any]:
    return {"settings": {"requirements": more}}


def quick(folder: Path) -> Path:
    return elected(folder, {"facts": TASKS["facts"]}, quick=True)


def without_prices(folder: Path) -> Path:
    return elected(folder, {"facts": TASKS["facts"]}, price_sheet=None)


def unrecorded(folder: Path) -> Path:
    """A fine-tune's one-off cost is not known, and the questions are too few to tell it from what is."""
    return elected(folder, TASKS, n=20, adapters=[])


def demanding(folder: Path) -> Path:
    """The run itself requires something, and has a hosted price of embedding."""
    needs = settings(
        citations=True, max_memory_gb=0.5, in_house=False, min_accuracy=0.2, error_price_usd=0.02
    )
    sheet = {**PRICE_SHEET, "embedding": {**PRICE_SHEET["embedding"], "usd_per_mtok": 0.1}}
    indexes = {task: {"seconds": 10.0, "bytes": 1000, "embed_tokens": 50_000} for task in TASKS}
    return elected(folder, TASKS, price_sheet=sheet, indexes=indexes, **needs)


def models(folder: Path) -> Path:
    """A fine-tune of a small model, a large one on a server that is paid by the hour, and one paid by the token."""
    right = {
        "base@small": 0.1,
        "lora@small": 0.62,
        "base@large": 0.5,
        "rag@large": 0.66,
        "base@hosted": 0.6,
        "rag@hosted": 0.64,
    }
    row = {"batch": 0, "questions": 120, "completion_tokens": 600, "wall_s": 24.0}
    batches = [{"task": "facts", "strategy": name, **row} for name in right if "large" in name]
    return elected(folder, {"facts": ("knowledge", right)}, batches=batches, **MODELS)


def broken(folder: Path) -> Path:
    """The adapter of the fine-tune does nothing, so that it may not be recommended."""
    return elected(
        folder, {"facts": TASKS["facts"]}, adapters=[{**adapter("facts", "lora"), "logit_shift": 0.0}]
    )


def timed_anew(folder: Path, seconds: Mapping[str, Sequence[float]], task: str | None = None) -> Path:
    """Other times for these strategies (of one task), one question after the other; none for one without any."""
    path = folder / "timings.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    kept = []
    for row in rows:
        times = (
            seconds.get(named(folder, row), [row["e2e_s"]]) if task in (None, row["task"]) else [row["e2e_s"]]
        )
        if times:
            e2e = times[row["block"] % len(times)]
            kept.append({**row, "e2e_s": e2e, "ttft_s": e2e / 2})
    write_lines(path, kept)
    return folder


def alike(folder: Path) -> Path:
    """All but always right, on so many questions that none can be better by the margin; two cost the same."""
    tasks = {
        "facts": ("knowledge", {"base": 0.993, "few-shot": 1.0, "rag": 1.0, "lora": 1.0}),
        "others": ("knowledge", {"few-shot": 1.0, "rag": 1.0, "base": 0.96}),
    }
    free = {task: {"documents": 150, "passages": 150, "seconds": 0.0, "bytes": 0} for task in tasks}
    folder = timed_anew(elected(folder, tasks, n=150, indexes=free), {"few-shot": [2.0]}, "others")
    return timed_anew(folder, {"few-shot": [1.0]}, "facts")


def alike_at_unknown_cost(folder: Path) -> Path:
    """The same, with a fine-tune of which nobody knows what it costs."""
    tasks = {"facts": ("knowledge", {"base": 0.1, "rag": 1.0, "lora": 0.993})}
    return elected(folder, tasks, n=150, adapters=[])


def apart(folder: Path) -> Path:
    """No question was answered by both, so that nothing is known of their difference."""
    elected(folder, {"facts": ("knowledge", {"base": 0.4, "rag": 0.5, "few-shot": 0.45})}, n=40)
    path = folder / "answers.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    thirds = {"base": 0, "rag": 1, "few-shot": 2}
    write_lines(path, [row for row in rows if int(row["question_id"][5:]) % 3 == thirds[named(folder, row)]])
    return folder


def left_out(folder: Path) -> Path:
    """Each could not answer a few questions, and not the same ones."""
    elected(folder, {"facts": ("knowledge", {"base": 0.55, "rag": 0.6, "few-shot": 0.58})}, n=60)
    path = folder / "answers.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    first = {"base": 0, "rag": 10, "few-shot": 12}
    lost = [row for row in rows if 0 <= int(row["question_id"][5:]) - first[named(folder, row)] < 5]
    write_lines(path, [row for row in rows if row not in lost])
    kept = ("task", "system", "question_id", "seed")
    failed = {"reason": "the prompt is too long", "attempts": 1, "final": True}
    write_lines(folder / "failures.jsonl", [{**{name: row[name] for name in kept}, **failed} for row in lost])
    return folder


def few_documents(folder: Path) -> Path:
    """Sixty questions about four documents: neither a difference nor that two are alike is shown."""
    tasks = {"facts": TASKS["facts"], "same": ("knowledge", {"base": 1.0, "rag": 1.0})}
    path = elected(folder, tasks, n=60) / "questions.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    write_lines(path, [{**row, "cluster": f"document {place % 4}"} for place, row in enumerate(rows)])
    return folder


def ties(folder: Path) -> Path:
    """Equally accurate and equally dear: the first named is ahead, in either order of their names."""
    right = {"few-shot": 0.6, "base": 0.6, "rag": 0.6, "few-shot+rag": 0.6}
    tasks = {"facts": ("knowledge", right), "none": ("knowledge", {"few-shot": 0.0, "base": 0.0, "rag": 0.2})}
    one = [1.0, 1.25, 1.5]
    return timed_anew(
        elected(folder, tasks, n=30), {"few-shot": one, "base": one, "rag": [1.5], "few-shot+rag": [1.5]}
    )


def spread(folder: Path) -> Path:
    """Times far enough apart that the intervals of percentiles reach beyond a limit, up and down."""
    times = {"base": [1.0, 1.5, 2.2], "lora": [0.9, 1.6, 1.7, 2.4], "rag": [1.5, 1.5, 1.6, 3.0]}
    return timed_anew(elected(folder, {"facts": TASKS["facts"]}, n=80, timed=70), times)


def rival_of_unknown_cost(folder: Path) -> Path:
    """Level with the best by accuracy, and nobody knows what it costs: untimed, or without a record of its training."""
    tasks = {
        "facts": ("knowledge", {"base": 0.05, "rag": 0.7, "lora": 0.66}),
        "others": ("knowledge", {"few-shot": 0.7, "rag": 0.66, "base": 0.1}),
        "far": ("knowledge", {"few-shot": 0.95, "lora": 0.2, "base": 0.9}),
    }
    return timed_anew(elected(folder, tasks, n=40, adapters=[]), {"few-shot": []})


def at_once(folder: Path) -> Path:
    """A fine-tune that costs nothing before the first query and much at every change; retrieval the other way round."""
    hours = {"engineer_hours_per_cycle": 0.0, "engineer_hours_per_refresh": 2.0}
    sheet = {
        **PRICE_SHEET,
        "labour": {**PRICE_SHEET["labour"], **hours},
        "labels": {**PRICE_SHEET["labels"], "usd_per_label": 0.0},
        "evaluation": {**PRICE_SHEET["evaluation"], "engineer_hours": 0.0},
        "storage": {**PRICE_SHEET["storage"], "usd_per_gb_month": 0.0},
    }
    trained = [
        {**adapter("facts", "lora"), "seconds": 0.0},
        {**adapter("facts", "lora+rag"), "seconds": 36_000.0},
    ]
    tasks = {"facts": ("knowledge", {"base": 0.5, "lora": 0.6, "few-shot": 0.6, "lora+rag": 0.7, "rag": 0.7})}
    return timed_anew(elected(folder, tasks, n=60, price_sheet=sheet, adapters=trained), {"rag": [0.5]})


RUNS = {
    "elected": lambda folder: elected(folder, TASKS, n=60),
    "few": lambda folder: elected(folder, TASKS, n=20, timed=140),
    "alike": alike,
    "small": write_run,
    "demanding": demanding,
    "broken": broken,
    "quick": quick,
    "without prices": without_prices,
    "training not recorded": unrecorded,
    "ties": ties,
    "spread": spread,
    "rival of unknown cost": rival_of_unknown_cost,
    "at once": at_once,
    "alike at unknown cost": alike_at_unknown_cost,
    "apart": apart,
    "left out": left_out,
    "few documents": few_documents,
    "models": models,
}
THOROUGH = frozenset({"elected", "models", "ties", "spread", "rival of unknown cost"})
"""Runs that are tried in every setting; the others in every fifth."""
