"""A small run folder, made up so that every figure of its report can be worked out by hand.

The machine costs $3.60 an hour, which is $0.001 a second, is shared and half used: a query costs $0.002 a second. A
tuning cycle takes an engineer 2 hours at $10, an evaluation half an hour, and nothing else takes time.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from harness.analysis.derive import derive
from harness.analysis.evidence import Evidence
from harness.files import to_json
from tests.analysis.written import Written

MACHINE = {
    "name": "box",
    "provider": "us",
    "kind": "cpu",
    "vcpus": 2,
    "memory_gb": 8,
    "usd_per_hour": 3.6,
    "date": "2026-01-01",
    "source": "made up",
}
SEEN = {"date": "2026-01-01", "source": "made up"}
PRICE_SHEET = {
    "schema_version": 1,
    "date": "2026-01-01",
    "currency": "USD",
    "utilisation": 0.5,
    "machine": MACHINE,
    "machines": [MACHINE, {**MACHINE, "name": "gpu", "kind": "cuda"}],
    "default": {"cpu": "box", "cuda": "gpu"},
    "labour": {
        "wage_usd_per_hour": 10.0,
        "engineer_hours_per_cycle": 2.0,
        "engineer_hours_per_refresh": 1.0,
        **SEEN,
    },
    "prompt": {"engineer_hours": 0.0, "examples_engineer_hours": 0.0, **SEEN},
    "retrieval": {"engineer_hours": 0.0, "engineer_hours_per_refresh": 0.0, **SEEN},
    "labels": {"usd_per_label": 0.1, **SEEN},
    "evaluation": {"engineer_hours": 0.5, **SEEN},
    "serving": {"hours_per_month": 720.0, "peak_factor": 2.0, "cold_starts_per_day": 12.0, **SEEN},
    "prompt_cache": {"least_tokens": 1024, "step_tokens": 128, **SEEN},
    "storage": {"usd_per_gb_month": 100.0, **SEEN},
    "embedding": {"usd_per_mtok": None, **SEEN},
    "refresh": {"changed_share": 0.1, **SEEN},
    "api_fine_tuned": [],
    "sections_from_shipped": [],
}
SPEC = {
    "name": "facts",
    "description": "Facts <b>nobody</b> knows | really.",
    "probes": "knowledge",
    "answer": {"type": "text", "refusal": "not in the documents", "max_tokens": 1000},
    "metrics": ["contains", "f1", "refusal"],
    "retrieval": {"k": 3},
}
GENERAL = {"name": "general", "probes": "general", "answer": {"type": "choice"}, "metrics": ["choice"]}
# q1 and q2 name one document but are clusters of their own, so that intervals can be worked out by hand.
QUESTIONS = [
    {"task": "facts", "id": "q1", "question": "Capital? <script>alert(1)</script>", "answers": ["Paris"],
     "gold_docs": ["geo"], "cluster": "q1", "fact_seen": True},
    {"task": "facts", "id": "q2", "question": "How many?", "answers": ["42"], "gold_docs": ["num", "geo"],
     "cluster": "q2", "fact_seen": False},
    {"task": "facts", "id": "q3", "question": "Which animal?", "answers": ["blue whale", "whale of blue"],
     "fact_seen": None},
    {"task": "facts", "id": "q4", "question": "Who won?", "answers": [], "answerable": False},
    {"task": "general", "id": "g1", "question": "Sky?", "answers": ["blue"], "choices": ["red", "blue"]},
    {"task": "general", "id": "g2", "question": "Grass?", "answers": ["green"], "choices": ["green", "grey"]},
]  # fmt: skip
PASSAGES = [
    {
        "task": "facts",
        "chunk_id": "geo#0",
        "doc_id": "geo",
        "title": "Cities",
        "text": "Paris is the capital.",
    },
    {
        "task": "facts",
        "chunk_id": "num#0",
        "doc_id": "num",
        "title": "Numbers",
        "text": "There are 42 of them.",
    },
    {"task": "facts", "chunk_id": "zoo#0", "doc_id": "zoo", "title": "Zoo", "text": "Blue whales are large."},
]
FOUND = {"q1": ["geo", "num", "zoo"], "q2": ["num", "zoo", "geo"], "q3": ["zoo", "num", "geo"], "q4": ["geo"]}
REPLIES = {
    "base": {"q1": "It is Paris.", "q2": "7", "q3": " ", "q4": "I do not know"},
    "lora": {"q1": "Paris <script>alert(2)</script>", "q2": "41", "q3": "a blue whale", "q4": "Lyon"},
    "rag": {"q1": "Paris", "q2": "42", "q3": "the whale", "q4": "Not in the documents."},
}


def answer(task: str, strategy: str, question_id: str, prediction: str, **more: Any) -> dict[str, Any]:
    """A row of answers.jsonl: 100 prompt tokens, 5 completion tokens, batch 0."""
    row = {
        "task": task, "strategy": strategy, "question_id": question_id, "seed": 0, "prediction": prediction,
        "choice_logprobs": None, "prompt_tokens": 100, "completion_tokens": 5, "finish_reason": "stop",
        "retrieved": [], "shown_passages": 0, "dropped_passages": 0, "prompt_sha256": "0" * 64, "batch": 0,
        "cached": False, "adapter": None,
    }  # fmt: skip
    return {**row, **more}


def timing(
    strategy: str, block: int, e2e_s: float, ttft_s: float, tokens: int, **more: Any
) -> dict[str, Any]:
    row = {
        "task": "facts", "strategy": strategy, "question_id": "q1", "block": block, "position": 0,
        "retrieve_s": None, "ttft_s": ttft_s, "e2e_s": e2e_s, "prompt_tokens": 100,
        "completion_tokens": tokens,
    }  # fmt: skip
    return {**row, **more}


def answers() -> list[dict[str, Any]]:
    rows = [answer("facts", "base", q, reply) for q, reply in REPLIES["base"].items()]
    for q, reply in REPLIES["lora"].items():
        reason = "length" if q == "q3" else "stop"
        rows.append(answer("facts", "lora", q, reply, cached=True, adapter="cd" * 32, finish_reason=reason))
    for index, (q, reply) in enumerate(REPLIES["rag"].items()):
        ranked = [{"doc_id": doc, "chunk_id": f"{doc}#0", "score": 0.5} for doc in FOUND[q]]
        shown = {
            "retrieved": ranked,
            "shown_passages": min(2, len(ranked)),
            "dropped_passages": int(len(ranked) > 2),
        }
        rows.append(answer("facts", "rag", q, reply, batch=index // 2, **shown))
    for strategy, picks in (
        ("base", ((-2.0, -1.0), (-1.0, -2.0))),
        ("lora@facts", ((-2.0, -1.0), (-2.0, -1.0))),
    ):
        for question, logprobs in zip(QUESTIONS[4:], picks, strict=True):
            chosen = question["choices"][logprobs.index(max(logprobs))]
            more = {"choice_logprobs": list(logprobs), "completion_tokens": 0, "finish_reason": "choice"}
            rows.append(answer("general", strategy, question["id"], chosen, **more))
    return rows


def batches() -> list[dict[str, Any]]:
    keys = ("task", "strategy", "batch", "questions", "completion_tokens", "wall_s")
    values = [
        ("facts", "base", 0, 4, 20, 2.0),
        ("facts", "lora", 0, 4, 20, 0.001),  # all from the cache
        ("facts", "rag", 0, 2, 10, 4.0),
        ("facts", "rag", 1, 2, 10, 6.0),
    ]
    return [dict(zip(keys, row, strict=True)) for row in values]


def timings() -> list[dict[str, Any]]:
    base = [timing("base", i, i / 10, 0.05, 2) for i in range(1, 11)]
    rag = [timing("rag", 1, 2.0, 2.0, 1, retrieve_s=0.5), timing("rag", 2, 4.0, 2.0, 5, retrieve_s=0.5)]
    lora = [timing("lora", 1, 1.0, 0.5, 3), timing("lora", 1, 1.5, 0.5, 3, merged=False)]
    return base + rag + lora


def manifest() -> dict[str, Any]:
    plan = [
        ("facts", "base"),
        ("facts", "lora"),
        ("facts", "rag"),
        ("general", "base"),
        ("general", "lora@facts"),
    ]
    return {
        "schema_version": 1,
        "run_id": "run-1",
        "created": "2026-01-02T03:04:05Z",
        "status": "complete",
        "quick": False,
        "command": ["harness", "compare", "facts"],
        "model": {"name": "tiny", "sha256": "ab" * 32, "dtype": "float32", "parameters": 1_000_000},
        "tasks": {"facts": {"spec": SPEC, "train_questions": 9}, "general": {"spec": GENERAL}},
        "plan": [{"task": t, "strategy": s, "adapter": "cd" * 32 if "lora" in s else None} for t, s in plan],
        "not_applicable": {"general": {"rag": "the task has no corpus"}},
        "adapters": [
            {
                "key": "key1", "sha256": "cd" * 32, "task": "facts", "strategy": "lora", "examples": 9,
                "epochs": 2.0, "steps": 4, "train_tokens": 5000, "seconds": 100.0, "train_loss": 0.5,
                "dev_loss": 0.75, "train_fit": 0.9, "stopped": "no better dev loss", "reused": False,
                "bytes": 2_000_000,
                "loss_curve": [
                    {"step": 1, "epoch": 0.5, "train_loss": 2.0, "dev_loss": None},
                    {"step": 4, "epoch": 2.0, "train_loss": 0.5, "dev_loss": 0.75},
                ],
            }
        ],
        "indexes": {"facts": {"documents": 3, "passages": 3, "seconds": 10.0, "reused": False,
                              "bytes": 1_000_000}},
        "price_sheet": PRICE_SHEET,
        "settings": {"requirements": {"tariff": "shared"}},
        "machine": {"platform": "Linux", "cpu": "two cores", "cores": 2, "memory_gb": 8.0},
        "libraries": {"torch": "2.9.0"},
        "load_s": 2.5,
        "first_query_s": 1.25,
    }  # fmt: skip


def derived(run: Evidence, **given: Any) -> dict[str, Any]:
    """What results.json holds of a run; `given` as `derive` takes it."""
    document: dict[str, Any] = json.loads(to_json(derive(run, **given)))
    return document


def strategy(results: dict[str, Any], name: str, task: str = "facts") -> dict[str, Any]:
    """A system's figures in derived results."""
    block: dict[str, Any] = results["tasks"][task]["strategies"][name]
    return block


def write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def write_run(folder: Path, **replaced: Any) -> Path:
    """Write the run into `folder`; name a file (`answers`, `timings`, …, `manifest`) to replace its rows."""
    content = {
        "questions": QUESTIONS,
        "answers": answers(),
        "batches": batches(),
        "timings": timings(),
        "passages": PASSAGES,
    } | replaced
    folder.mkdir(parents=True, exist_ok=True)
    about = content.pop("manifest", manifest())
    written = Written(about, content)
    (folder / "run.json").write_text(json.dumps(written.manifest()), encoding="utf-8")
    for name in content:
        write_lines(folder / f"{name}.jsonl", written.rows(name))
    return folder
