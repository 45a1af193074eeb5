"""Runs that are made up, for what depends on their size alone: answers are right by chance, each system's in its share.

Three tasks with fifteen columns, or one task that many systems answered, five strategies on each of so many models.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.files import to_json
from harness.spec.prices import load_prices
from tests.analysis.runs import write_run
from tests.analysis.written import hash_of

Row = dict[str, Any]

TASKS = {
    "knowledge": {"base": 0.02, "few-shot": 0.05, "lora": 0.15, "rag": 0.42, "lora+rag": 0.5, "oracle": 0.6},
    "behaviour": {"base": 0.05, "few-shot": 0.3, "lora": 0.7, "rag": 0.05},
    "general": {"base": 0.6, "few-shot": 0.61, "rag": 0.6, "lora@knowledge": 0.5, "lora@behaviour": 0.55},
}
STRATEGIES = {"base": 0.1, "few-shot": 0.2, "lora": 0.3, "rag": 0.45, "lora+rag": 0.5}
MODEL = {"name": "made-up", "dtype": "float32", "device": "cpu", "parameters": 134_515_008}


@dataclass(frozen=True, slots=True)
class Column:
    """A system on a task. `right`: the share of its answers that are; `number`: of its model."""

    task: str
    name: str
    right: float
    number: int = 0

    @property
    def adapted(self) -> bool:
        return self.name.startswith("lora")

    @property
    def guest(self) -> bool:
        """An adapter of another task."""
        return self.name.partition("@")[2] in TASKS


def write_made_up(folder: Path, n: int, models: int = 0) -> int:
    """Write a run of n questions a task; returns how many answers it has. `models`: of one task (0: three tasks)."""
    if models:
        plan = [
            Column("knowledge", f"{name}@m{number}", share + 0.2 * number / models, number)
            for number in range(models)
            for name, share in STRATEGIES.items()
        ]
    else:
        plan = [
            Column(task, name, share) for task, columns in TASKS.items() for name, share in columns.items()
        ]
    tasks = list(dict.fromkeys(column.task for column in plan))
    write_run(
        folder,
        manifest=manifest(plan, models),
        questions=[question(task, i) for task in tasks for i in range(n)],
        training=[{**question(task, n + i), "split": "train"} for task in tasks for i in range(320)],
        passages=passages(tasks, n),
        answers=[],
        timings=[
            timing(column.task, column.name, k) for column in plan if not column.guest for k in range(20)
        ],
        batches=[],
    )
    planned = json.loads((folder / "run.json").read_text(encoding="utf-8"))["plan"]
    with (folder / "answers.jsonl").open("w", encoding="utf-8") as stream:
        for column, entry in zip(plan, planned, strict=True):
            stream.writelines(f"{to_json(row)}\n" for row in answers(column, entry["system"], n))
    return n * len(plan)


def passages(tasks: Iterable[str], n: int) -> list[Row]:
    return [
        {"task": task, "chunk_id": f"d{d}#0", "doc_id": f"d{d}", "title": "", "text": " ".join(words(d))}
        for task in tasks
        for d in range(n // 4 + 1)
    ]


def words(document: int) -> list[str]:
    return [f"value{4 * document + k} stands in line {k} of this page;" for k in range(4)] * 4


def question(task: str, i: int) -> Row:
    text = f"Which value has entry {i} of the {task} ledger, {random.Random(i).randbytes(12).hex()}?"
    return {"task": task, "id": f"{task}{i}", "question": text, "answers": [f"value{i}"],
            "gold_docs": [f"d{i // 4}"], "fact_seen": i % 2 == 0}  # fmt: skip


def answers(column: Column, system: str, n: int) -> Iterator[Row]:
    """The lines of a system in full."""
    chance = random.Random(f"{column.task} {column.name}")
    for i in range(n):
        row = answer(column.task, column.name, i, chance.random() < column.right, n, column.number)
        yield {**row, "system": system, "adapter": hash_of(column.task) if column.adapted else None}


def answer(task: str, strategy: str, i: int, right: bool, n: int, model: int = 0) -> Row:
    """Wrong replies of several models differ, as they do."""
    retrieves = "rag" in strategy or strategy == "oracle"
    near = [(i // 4 + step) % (n // 4 + 1) for step in range(3)] if retrieves else []
    ranked = [{"doc_id": f"d{d}", "chunk_id": f"d{d}#0", "score": 0.5} for d in near]
    return {
        "task": task, "question_id": f"{task}{i}", "seed": 0,
        "prediction": f"value{i}" if right else f"something {i} {model}" if model else f"something {i}",
        "choice_logprobs": None, "prompt_tokens": 100, "completion_tokens": 5, "finish_reason": "stop",
        "retrieved": ranked, "shown_passages": len(ranked), "dropped_passages": 0, "prompt_sha256": f"{i:064d}",
        "batch": i // 32, "cached": False, "adapter": task if "lora" in strategy else None, "metrics": None,
    }  # fmt: skip


def timing(task: str, strategy: str, k: int, factor: float = 1.0) -> Row:
    retrieve_s = 0.1 if "rag" in strategy else None
    seconds = (2.0 if retrieve_s else 1.0) * (0.8 + 0.02 * k) * factor
    return {
        "task": task, "strategy": strategy, "question_id": f"{task}{k}", "block": k, "position": 0,
        "retrieve_s": retrieve_s, "ttft_s": seconds / 2, "e2e_s": seconds, "prompt_tokens": 100,
        "completion_tokens": 5, "merged": True,
    }  # fmt: skip


def manifest(plan: list[Column], models: int = 0) -> Row:
    spec = {"answer": {"type": "text"}, "metrics": ["contains", "exact_match", "f1"], "retrieval": {"k": 3}}
    adapter = {"seconds": 900.0, "examples": 320, "train_fit": 0.9, "logit_shift": 0.5}
    tasks = list(dict.fromkeys(column.task for column in plan))
    trained = [column for column in plan if column.name.partition("@")[0] == "lora" and not column.guest]
    labelled = [{**MODEL, "name": f"made-up {k}", "label": f"m{k}"} for k in range(models)] or [MODEL]
    return {
        "run_id": "made-up", "created": "2026-11-25T00:00:00+00:00", "status": "complete",
        "model": labelled[0], "other_models": labelled[1:],
        "tasks": {task: {"spec": {**spec, "name": task, "probes": task}} for task in tasks},
        "plan": [{"task": column.task, "strategy": column.name, "adapter": None} for column in plan],
        "adapters": [
            {**adapter, "task": column.task, "strategy": column.name, "key": column.task, "sha256": column.task}
            for column in trained
        ],
        "indexes": {task: {"documents": 100, "passages": 100, "seconds": 60.0, "bytes": 10**6} for task in tasks},
        "price_sheet": load_prices().as_used("cpu").model_dump(mode="json"),
    }  # fmt: skip
