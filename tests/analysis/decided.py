"""A run folder in which the right choice is known: as many questions as wanted, answers right as often as said."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.analysis.runs import SPEC, answer, manifest, timing, write_run

SECONDS = {
    "base": 1.0,
    "few-shot": 1.3,
    "rag": 2.0,
    "few-shot+rag": 2.3,
    "lora": 1.0,
    "lora+rag": 2.0,
    "oracle": 2.0,
}
ADAPTERS = {"lora": "cd" * 32, "lora+rag": "ef" * 32}
Right = Mapping[str, float]
"""Strategy → the share of its answers that are right."""


def question(task: str, index: int) -> dict[str, Any]:
    """Each question has a document of its own, so that no two hang together."""
    row = {"task": task, "id": f"{task}{index}", "question": f"Who keeps key {index} of {task}?"}
    return {**row, "answers": [f"keeper {index}"], "gold_docs": [f"d{index}"], "fact_seen": index % 2 == 0}


def reply(task: str, strategy: str, index: int, n: int, share: float, place: int) -> dict[str, Any]:
    """Right on `share` of the questions, spread evenly; strategies are right on different ones."""
    position = (index * 7 + place * 3) % n
    text = f"keeper {index}" if position < share * n else f"nobody {index}"
    ranked = [{"doc_id": f"d{index}", "chunk_id": f"d{index}#0", "score": 0.5}]
    shown = {"retrieved": ranked, "shown_passages": 1} if "rag" in strategy or strategy == "oracle" else {}
    # What only the weights tell apart reads the same prompt.
    prompt = f"{index:03d}{strategy.removeprefix('lora').lstrip('+') or 'base'}".ljust(64, "0")
    row = answer(task, strategy, f"{task}{index}", text, **shown)
    return {**row, "prompt_sha256": prompt, "adapter": ADAPTERS.get(strategy.split("@")[0])}


def times(task: str, strategy: str, count: int, questions: int) -> list[dict[str, Any]]:
    """None for another task's adapter (`lora@task`), which is not timed."""
    if "@" in strategy:
        return []
    seconds = SECONDS[strategy]
    found = {"retrieve_s": 0.1} if "rag" in strategy else {}
    rows = [timing(strategy, block, seconds, seconds / 2, 5, **found) for block in range(count)]
    return [{**row, "task": task, "question_id": f"{task}{row['block'] % questions}"} for row in rows]


def adapter(task: str, strategy: str) -> dict[str, Any]:
    record: dict[str, Any] = manifest()["adapters"][0]
    about = {"sha256": ADAPTERS[strategy], "key": strategy, "task": task, "strategy": strategy, "bytes": 1000}
    return {**record, **about, "logit_shift": 0.5}


def elected(
    folder: Path, tasks: Mapping[str, tuple[str, Right]], n: int = 120, timed: int = 12, **about: Any
) -> Path:
    """Write a run of `tasks`: name → (what it probes, how often each strategy is right)."""
    plan = [(task, strategy) for task, (_, right) in tasks.items() for strategy in right]
    rows = [
        reply(task, strategy, index, n, share, place)
        for task, (_, right) in tasks.items()
        for place, (strategy, share) in enumerate(right.items())
        for index in range(n)
    ]
    texts = [
        {
            "task": task,
            "chunk_id": f"d{i}#0",
            "doc_id": f"d{i}",
            "title": "Keys",
            "text": f"It has keeper {i}.",
        }
        for task in tasks
        for i in range(n)
    ]
    made = {
        **manifest(),
        "tasks": {t: {"spec": {**SPEC, "name": t, "probes": probes}} for t, (probes, _) in tasks.items()},
        "plan": [{"task": t, "strategy": s, "adapter": ADAPTERS.get(s.split("@")[0])} for t, s in plan],
        "not_applicable": {},
        "adapters": [adapter(t, s) for t, s in plan if s in ADAPTERS],
        "indexes": {t: {"documents": n, "passages": n, "seconds": 10.0, "bytes": 1000} for t in tasks},
        "settings": {"requirements": {"tariff": "shared"}},
    }
    return write_run(
        folder,
        manifest={**made, **about},
        questions=[question(task, index) for task in tasks for index in range(n)],
        answers=rows,
        batches=[],
        timings=[row for task, strategy in plan for row in times(task, strategy, timed, n)],
        passages=texts,
    )
