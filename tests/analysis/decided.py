"""A run folder in which the right choice is known: as many questions as wanted, answers right as often as said."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.spec.strategy import STRATEGIES
from tests.analysis.runs import SPEC, answer, manifest, timing, write_run

SECONDS = {
    "base": 1.0,
    "few-shot": 1.3,
    "few-shot-nearest": 1.4,
    "rag": 2.0,
    "few-shot+rag": 2.3,
    "few-shot-nearest+rag": 2.4,
    "full-context": 3.0,
    "lora": 1.0,
    "lora+rag": 2.0,
    "oracle": 2.0,
    "rag-on-train": 2.0,
}
ADAPTERS = {"lora": "cd" * 32, "lora+rag": "ef" * 32}
MODELS = {
    "model": {"name": "tiny", "sha256": "ab" * 32, "dtype": "float32", "parameters": 1_000_000, "label": "small"},
    "other_models": [
        {"name": "big", "label": "large", "server": "http://10.0.0.7:8000/v1", "device": "server", "usd_per_hour": 7.2},
        {
            "name": "giant", "label": "hosted", "server": "https://api.example.com/v1", "device": "server",
            "billed_by": "token", "usd_per_mtok": {"input": 2.0, "output": 8.0, "cached": 0.5},
        },
    ],
}  # fmt: skip
"""A local model, one behind a server that is paid by the hour, and one whose tokens are paid for."""
LABELS = ("small", "large", "hosted")
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
    shown = {"retrieved": ranked, "shown_passages": 1} if "rag" in strategy or "oracle" in strategy else {}
    # What only the weights tell apart reads the same prompt.
    context = strategy.split("@")[0].removeprefix("lora").lstrip("+") or "base"
    prompt = f"{index:03d}{context}".ljust(64, "0")
    row = answer(task, strategy, f"{task}{index}", text, **shown)
    return {**row, "prompt_sha256": prompt, "adapter": ADAPTERS.get(strategy.split("@")[0])}


def times(task: str, strategy: str, count: int, questions: int) -> list[dict[str, Any]]:
    """None for another task's adapter (`lora@task`), which is not timed."""
    plain, _, behind = strategy.partition("@")
    if behind and behind not in LABELS:
        return []
    seconds = SECONDS[plain]
    searches = {"retrieved", "learnt", "nearest"} & {
        *(STRATEGIES[plain].context if plain in STRATEGIES else ())
    }
    found = {"retrieve_s": 0.1} if searches else {}
    rows = [timing(strategy, block, seconds, seconds / 2, 5, **found) for block in range(count)]
    return [{**row, "task": task, "question_id": f"{task}{row['block'] % questions}"} for row in rows]


def _trained(strategy: str) -> bool:
    """Whether an adapter was trained for it here."""
    plain, _, behind = strategy.partition("@")
    return plain in ADAPTERS and (not behind or behind in LABELS)


def adapter(task: str, strategy: str) -> dict[str, Any]:
    record: dict[str, Any] = manifest()["adapters"][0]
    about = {
        "sha256": ADAPTERS[strategy.split("@")[0]],
        "key": strategy,
        "task": task,
        "strategy": strategy,
        "bytes": 1000,
    }
    return {**record, **about, "logit_shift": 0.5}


def elected(
    folder: Path,
    tasks: Mapping[str, tuple[str, Right]],
    n: int = 120,
    timed: int = 12,
    batches: list[dict[str, Any]] | None = None,
    **about: Any,
) -> Path:
    """Write a run of `tasks`: name → (what it probes, how often each strategy is right).

    With `**MODELS` the names of strategies end in the label of a model (`rag@large`).
    """
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
        "adapters": [adapter(t, s) for t, s in plan if _trained(s)],
        "indexes": {t: {"documents": n, "passages": n, "seconds": 10.0, "bytes": 1000} for t in tasks},
        "settings": {"requirements": {"tariff": "shared"}},
    }
    return write_run(
        folder,
        manifest={**made, **about},
        questions=[question(task, index) for task in tasks for index in range(n)],
        answers=rows,
        batches=batches or [],
        timings=[row for task, strategy in plan for row in times(task, strategy, timed, n)],
        passages=texts,
    )
