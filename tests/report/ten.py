"""Ten small runs that end in ten different verdicts, for whoever reads what a report says of each."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.analysis.decision.requirements.table import Requirements
from harness.analysis.derive import derive
from harness.analysis.reading import read_run
from harness.analysis.results.run import RunResult
from tests.analysis.decided import MODELS, Right, elected
from tests.analysis.runs import manifest, write_lines


@dataclass(frozen=True)
class Ending:
    """How often each strategy is right, of how many questions; what is required; what else the run's manifest says."""

    right: Right
    n: int = 120
    needs: dict[str, Any] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)
    cut: tuple[str, ...] = ()
    """Strategies whose wrong answers were cut by the token limit."""


CLEAR = {"base": 0.05, "few-shot": 0.1, "rag": 0.85, "lora": 0.3, "oracle": 0.95}
TEN = {
    "a clear winner": Ending(CLEAR),
    "two tied": Ending({"base": 0.05, "rag": 0.62, "lora": 0.6, "oracle": 0.9}, n=200),
    "too few questions": Ending({"base": 0.2, "rag": 0.55, "lora": 0.4, "oracle": 0.9}, n=40),
    "only one left": Ending({"base": 0.1, "rag": 0.5, "lora": 0.3, "oracle": 0.7}, cut=("base", "lora")),
    "no better than a constant reply": Ending({"base": 0.02, "rag": 0.03}),
    "requirements that nobody meets": Ending(CLEAR, needs={"min_accuracy": 0.95, "max_latency_s": 0.5}),
    "a generator that is too weak": Ending({"base": 0.05, "rag": 0.35, "lora": 0.1, "oracle": 0.45}),
    "a straw man": Ending({"base": 0.1, "rag": 0.7, "lora": 0.3, "oracle": 0.9}, cut=("lora",)),
    "cost decides": Ending(
        {"base": 0.5, "rag": 0.75, "oracle": 0.9}, n=400, needs={"monthly_queries": 5_000_000}
    ),
    "a model against another": Ending(
        {"base@small": 0.1, "rag@small": 0.55, "base@large": 0.4, "rag@large": 0.85, "oracle@small": 0.7},
        about=MODELS,
    ),
}


def ended(folder: Path, ending: Ending) -> RunResult:
    """The results of such a run."""
    return derive(read_run(written(folder, ending)), needs=required(ending))


def required(ending: Ending) -> Requirements:
    return Requirements(**{"tariff": "shared", **ending.needs})


def written(folder: Path, ending: Ending) -> Path:
    """Its run folder."""
    about = {"model": {**manifest()["model"], "parameters": 134_515_008}, **ending.about}
    path = elected(folder, {"handbook": ("knowledge", ending.right)}, ending.n, **about)
    _cut(path, ending.cut)
    return path


def _cut(folder: Path, strategies: tuple[str, ...]) -> None:
    """The token limit cuts the wrong answers of these strategies."""
    systems = json.loads((folder / "run.json").read_text(encoding="utf-8"))["systems"]
    rows = [json.loads(line) for line in (folder / "answers.jsonl").read_text(encoding="utf-8").splitlines()]
    for row in rows:
        if row["prediction"].startswith("nobody") and systems[row["system"]]["name"] in strategies:
            row["finish_reason"] = "length"
    write_lines(folder / "answers.jsonl", rows)
