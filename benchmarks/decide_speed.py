"""How long `decide` and `report` take for a run of 10,000 answers, start of the interpreter included.

The run is made up (three tasks, fifteen columns, answers right by chance), since only its size matters here. Targets:
2 seconds for `decide`, 5 for `report`. Seconds of the processor, which a busy machine changes less, stand beside
those of the clock.

    python -m benchmarks.decide_speed
    python -m benchmarks.decide_speed --questions 6670    # 100,050 answers
"""

from __future__ import annotations

import argparse
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from harness.spec.prices import load_prices
from tests.analysis.runs import write_run

Row = dict[str, Any]

TASKS = {
    "knowledge": {"base": 0.02, "few-shot": 0.05, "lora": 0.15, "rag": 0.42, "lora+rag": 0.5, "oracle": 0.6},
    "behaviour": {"base": 0.05, "few-shot": 0.3, "lora": 0.7, "rag": 0.05},
    "general": {"base": 0.6, "few-shot": 0.61, "rag": 0.6, "lora@knowledge": 0.5, "lora@behaviour": 0.55},
}
COMMANDS = {
    "decide": ("decide", "RUN", "--json", "--monthly-queries", "1000000", "--error-price", "0.01"),
    "report": ("report", "RUN", "--json"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=667, help="a task (667: 10,005 answers)")
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        answers = write_made_up(Path(folder), options.questions)
        print(f"{answers:,} answers, best and median of {options.repeat}:")
        for name, words in COMMANDS.items():
            runs = list(timed([folder if word == "RUN" else word for word in words], options.repeat))
            for unit, seconds in zip(
                ("wall", "processor"), map(sorted, zip(*runs, strict=True)), strict=True
            ):
                print(f"{name:<8} {seconds[0]:.2f} s  {seconds[len(seconds) // 2]:.2f} s  {unit}")


def timed(words: list[str], repeat: int) -> Iterable[tuple[float, float]]:
    """Seconds of the clock and of the processor."""
    for _ in range(repeat):
        start, used = time.perf_counter(), processor_s()
        subprocess.run([sys.executable, "-m", "harness", *words], check=True, stdout=subprocess.DEVNULL)
        yield time.perf_counter() - start, processor_s() - used


def processor_s() -> float:
    """Of the processes that ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def write_made_up(folder: Path, n: int) -> int:
    """Write a run of n questions a task; returns how many answers it has."""
    chance = random.Random(0)
    plan = [(task, strategy, share) for task, columns in TASKS.items() for strategy, share in columns.items()]
    answers = [
        answer(task, strategy, i, chance.random() < share, n)
        for task, strategy, share in plan
        for i in range(n)
    ]
    write_run(
        folder,
        manifest=manifest([(task, strategy) for task, strategy, _ in plan]),
        questions=questions(n),
        training=[{**question(task, n + i), "split": "train"} for task in TASKS for i in range(320)],
        passages=passages(n),
        answers=answers,
        timings=[timing(t, s, k) for t, s, _ in plan if "@" not in s for k in range(20)],
        batches=[],
    )
    return len(answers)


def questions(n: int) -> list[Row]:
    return [question(task, i) for task in TASKS for i in range(n)]


def passages(n: int) -> list[Row]:
    return [
        {"task": task, "chunk_id": f"d{d}#0", "doc_id": f"d{d}", "title": "", "text": " ".join(words(d))}
        for task in TASKS
        for d in range(n // 4 + 1)
    ]


def words(document: int) -> list[str]:
    return [f"value{4 * document + k} stands in line {k} of this page;" for k in range(4)] * 4


def question(task: str, i: int) -> Row:
    text = f"Which value has entry {i} of the {task} ledger, {random.Random(i).randbytes(12).hex()}?"
    return {"task": task, "id": f"{task}{i}", "question": text, "answers": [f"value{i}"],
            "gold_docs": [f"d{i // 4}"], "fact_seen": i % 2 == 0}  # fmt: skip


def answer(task: str, strategy: str, i: int, right: bool, n: int) -> Row:
    retrieves = "rag" in strategy or strategy == "oracle"
    near = [(i // 4 + step) % (n // 4 + 1) for step in range(3)] if retrieves else []
    ranked = [{"doc_id": f"d{d}", "chunk_id": f"d{d}#0", "score": 0.5} for d in near]
    return {
        "task": task, "strategy": strategy, "question_id": f"{task}{i}", "seed": 0,
        "prediction": f"value{i}" if right else f"something {i}", "choice_logprobs": None, "prompt_tokens": 100,
        "completion_tokens": 5, "finish_reason": "stop", "retrieved": ranked, "shown_passages": len(ranked),
        "dropped_passages": 0, "prompt_sha256": f"{i:064d}", "batch": i // 32,
        "cached": False, "adapter": task if "lora" in strategy else None, "metrics": None,
    }  # fmt: skip


def timing(task: str, strategy: str, k: int, factor: float = 1.0) -> Row:
    retrieve_s = 0.1 if "rag" in strategy else None
    seconds = (2.0 if retrieve_s else 1.0) * (0.8 + 0.02 * k) * factor
    return {
        "task": task, "strategy": strategy, "question_id": f"{task}{k}", "block": k, "position": 0,
        "retrieve_s": retrieve_s, "ttft_s": seconds / 2, "e2e_s": seconds, "prompt_tokens": 100,
        "completion_tokens": 5, "merged": True,
    }  # fmt: skip


def manifest(plan: list[tuple[str, str]]) -> Row:
    spec = {"answer": {"type": "text"}, "metrics": ["contains", "exact_match", "f1"], "retrieval": {"k": 3}}
    adapter = {"strategy": "lora", "seconds": 900.0, "examples": 320, "train_fit": 0.9, "logit_shift": 0.5}
    return {
        "run_id": "made-up", "created": "2026-11-25T00:00:00+00:00", "status": "complete",
        "model": {"name": "made-up", "dtype": "float32", "device": "cpu", "parameters": 134_515_008},
        "tasks": {task: {"spec": {**spec, "name": task, "probes": task}} for task in TASKS},
        "plan": [{"task": task, "strategy": strategy, "adapter": None} for task, strategy in plan],
        "adapters": [{**adapter, "task": task, "key": task, "sha256": task} for task in ("knowledge", "behaviour")],
        "indexes": {task: {"documents": 100, "passages": 100, "seconds": 60.0, "bytes": 10**6} for task in TASKS},
        "price_sheet": load_prices().as_used("cpu").model_dump(mode="json"),
    }  # fmt: skip


if __name__ == "__main__":
    main()
