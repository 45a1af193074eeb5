"""Price lists, requirements, gate rules and models files that were changed or damaged, read by the commands that take
them."""

from __future__ import annotations

import copy
import functools
import random
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from benchmarks.fuzz import _hostile as hostile
from benchmarks.fuzz.run_folders import PRELOAD as RUN_FOLDERS
from benchmarks.fuzz.run_folders import bases
from harness.spec.prices import SHIPPED

DRAWS = True
PRELOAD = RUN_FOLDERS
NEEDS: dict[str, Any] = {
    "monthly_queries": 10_000, "horizon_months": 12, "error_price_usd": 0.1, "refresh_days": 30, "min_accuracy": 0.5,
    "max_latency_s": 2.0, "latency_percentile": "p50", "monthly_budget_usd": 500, "max_memory_gb": 4, "citations": True,
    "in_house": True, "tariff": "kept-up",
}  # fmt: skip
RULES: dict[str, Any] = {
    "margin": 0.02, "latency_margin": 1.3, "expect": "change",
    "tasks": {"facts": {"margin": 0.05, "strategies": {"rag": {"expect": "same", "latency_margin": 1.5}}}},
}  # fmt: skip
MODELS: dict[str, Any] = {
    "models": [
        {"name": "small", "model": "SmolLM2-135M-Instruct", "device": "cpu", "dtype": "float32"},
        {"name": "served", "model": "http://127.0.0.1:9/v1#m", "key_env": "A_KEY", "concurrency": 4, "timeout_s": 5,
         "usd_per_hour": 2.5, "adapters": {"t": {"model": "t-lora", "upfront_usd": 20}}, "structured": True},
        {"name": "tokens", "model": "http://127.0.0.1:9/v1#n",
         "usd_per_mtok": {"input": 0.15, "output": 0.6, "cached": 0.07}, "same_as": "small"},
    ]
}  # fmt: skip
NO_TASK = "no-such-task"
"""A run that never begins: its models file is read before its tasks are looked for."""


def make(rng: random.Random, folder: Path) -> list[str]:
    run = str(bases()["made up"] / "run")
    path = folder / "file.yaml"
    tree, command = rng.choice(
        (
            (_prices(), ["decide", run, "--prices"]),
            (NEEDS, ["decide", run, "--requirements"]),
            (RULES, ["check", run, "--baseline", run, "--rules"]),
            (MODELS, ["compare", NO_TASK, "--models"]),
        )
    )
    path.write_bytes(_file(rng, copy.deepcopy(tree)))
    if rng.random() < 0.05:
        hostile.no_file(rng, path)
    return [*command, str(path)]


def _file(rng: random.Random, tree: Any) -> bytes:
    if rng.random() < 0.02:
        n = rng.choice((1_000, 100_000))
        return rng.choice(("[" * n, "a: &a\n  b: *a\n", "models:\n" + "- {}\n" * n, "x: 1\n" * n)).encode()
    for _ in range(rng.choice((0, 1, 1, 2, 4))):
        tree = hostile.change(rng, tree)
    data = hostile.encoded(rng, hostile.spelled(tree))
    return hostile.damaged(rng, data) if rng.random() < 0.3 else data


@functools.cache
def _prices() -> Any:
    return YAML(typ="safe").load(SHIPPED)
