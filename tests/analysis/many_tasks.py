"""A made-up run of many lm-eval tasks: a group of twenty members, a task with two filters, one without accuracy."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from tests.analysis.runs import answer, manifest, timing, write_run

STRATEGIES = ("base", "few-shot", "lora")
SUBJECTS = (
    "abstract_algebra", "anatomy", "astronomy", "business_ethics", "clinical_knowledge", "college_biology",
    "college_chemistry", "college_computer_science", "college_mathematics", "college_medicine", "college_physics",
    "computer_security", "conceptual_physics", "econometrics", "electrical_engineering", "elementary_mathematics",
    "formal_logic", "global_facts", "high_school_biology", "high_school_european_history",
)  # fmt: skip
FILTERED, WHOLE = "gsm8k", "wikitext"
SHARE = {"base": 0.3, "few-shot": 0.45, "lora": 0.6}


def members(count: int = len(SUBJECTS)) -> tuple[str, ...]:
    return tuple(f"mmlu.mmlu_{subject}" for subject in SUBJECTS[:count])


def size(task: str) -> int:
    """Questions of a task: members differ, so that weighting by size shows."""
    return 24 + 4 * (members().index(task) % 5) if task in members() else 30


def write(folder: Path, count: int = len(SUBJECTS), **about: Any) -> Path:
    """Write the run with so many members of the group; `about` replaces keys of its manifest."""
    tasks = (*members(count), FILTERED, WHOLE)
    questions = [
        {"task": task, "id": str(n), "question": f"{task} {n}?", "answers": [f"{n}"]}
        for task in tasks
        for n in range(size(task))
    ]
    rng = random.Random(0)
    answers = [
        answer(task, strategy, str(n), f"{strategy} {n}", metrics=_metrics(task, strategy, rng))
        for task in tasks
        for strategy in STRATEGIES
        if task != WHOLE or strategy != "few-shot"
        for n in range(size(task))
    ]
    timings = [
        timing(strategy, block, 0.5 + place / 4 + block / 100, 0.1, 4, task=task, question_id=str(block))
        for task in tasks
        for place, strategy in enumerate(STRATEGIES)
        if task != WHOLE or strategy != "few-shot"
        for block in range(12)
    ]
    whole = {"few-shot": "it scores whole texts (loglikelihood_rolling), before which nothing can stand"}
    facts = {
        **manifest(),
        "tasks": {task: {"spec": _spec(task), "train_questions": 9} for task in tasks},
        "plan": [],
        "not_applicable": {WHOLE: whole},
        "adapters": [],
        "indexes": {},
        "aggregates": [
            {"task": WHOLE, "strategy": strategy, "metric": "word_perplexity", "value": value}
            for strategy, value in (("base", 31.25), ("lora", 19.5))
        ],
        "groups": [{"name": "mmlu", "tasks": list(members(count)), "metrics": [{"metric": "acc"}]}],
        **about,
    }
    return write_run(
        folder, questions=questions, answers=answers, timings=timings, batches=[], passages=[], manifest=facts
    )


def _metrics(task: str, strategy: str, rng: random.Random) -> dict[str, Any]:
    right = float(rng.random() < SHARE[strategy])
    if task == WHOLE:
        return {"word_perplexity": [-3.0, 1]}
    if task == FILTERED:
        return {"exact_match,strict-match": 0.0, "exact_match,flexible-extract": right}
    return {"acc": right}


def _spec(task: str) -> dict[str, Any]:
    metrics = {FILTERED: ["exact_match,strict-match", "exact_match,flexible-extract"], WHOLE: []}
    return {"name": task, "lm_eval": task.partition(".")[0], "metrics": metrics.get(task, ["acc"])}
