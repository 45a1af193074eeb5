"""A run in which every check passes, to be spoilt in one way at a time.

Task `facts`, 24 questions: base gets 2 right, rag 14, oracle 20, lora 12. Task `general`, 24 questions: base gets
18 right, and 17 under the adapter.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.analysis.reading import read_run
from tests.analysis.prose import check_results
from tests.analysis.runs import answer, derived, timing, write_run

N = 24
RIGHT = {"base": 2, "rag": 14, "oracle": 20, "lora": 12}
THINGS = (
    "anchor", "boiler", "cabin", "davit", "engine", "funnel", "galley", "hatch", "jib", "keel", "ladder", "mast",
    "net", "oar", "pump", "quay", "rudder", "sail", "tiller", "valve", "winch", "yard", "buoy", "crane",
)  # fmt: skip
SKELETON = "<|im_start|>system\n%%0%%<|im_end|>\n<|im_start|>user\n%%1%%<|im_end|>\n<|im_start|>assistant\n"
Run = dict[str, Any]


def render(system: str, user: str) -> str:
    return SKELETON.replace("%%0%%", system).replace("%%1%%", user)


def healthy() -> Run:
    """The rows of each evidence file and the manifest, for `write_run`."""
    facts = [
        {"task": "facts", "id": f"q{n}", "question": f"Who is the keeper of the {thing} since last winter?",
         "answers": [f"keeper{n}"], "gold_docs": [f"d{n}"], "fact_id": f"f{n}"}
        for n, thing in enumerate(THINGS)
    ]  # fmt: skip
    general = [
        {"task": "general", "id": f"g{n}", "question": f"Is it {n}?", "answers": ["yes"],
         "choices": ["yes", "no"]}
        for n in range(N)
    ]  # fmt: skip
    training = [
        {"task": "facts", "split": "train", "id": f"t{n}", "question": f"Name whoever keeps our {thing}.",
         "answers": [f"keeper{n}"], "fact_id": f"f{n}"}
        for n, thing in enumerate(THINGS)
    ]  # fmt: skip
    for question in facts:
        question |= {"query_tokens": 12, "answer_in_gold": True}
    passages = [
        {"task": "facts", "chunk_id": f"d{n}#0", "doc_id": f"d{n}", "title": thing, "text": f"It is keeper{n}."}
        for n, thing in enumerate(THINGS)
    ]  # fmt: skip
    return {
        "questions": facts + general,
        "training": training,
        "passages": passages,
        "prompts": [_prompt("facts", name, "q0") for name in RIGHT]
        + [_prompt("general", name, "g0") for name in ("base", "lora@facts")],
        "answers": [row for name in RIGHT for row in _answers(name)]
        + _choices("base", 18)
        + _choices("lora@facts", 17),
        "batches": [],
        "timings": [
            {**timing(name, n, 1 + n / 10, 0.5, 5), "question_id": f"q{n}"}
            for name in RIGHT
            for n in range(10)
        ],
        "manifest": _manifest(),
    }


def _prompt(task: str, strategy: str, question_id: str) -> dict[str, Any]:
    return {
        "task": task, "strategy": strategy, "question_id": question_id, "messages": 2,
        "text": render("Answer shortly.", "Who?"), "skeleton": SKELETON, "first_tokens": [1, 9, 7],
        "added_tokens": [],
    }  # fmt: skip


def _answers(strategy: str) -> list[dict[str, Any]]:
    """rag finds the gold document first for all but the last four questions; oracle is given it always."""
    rows = []
    for n in range(N):
        reply = f"keeper{n}" if n < RIGHT[strategy] else f"somebody, says {strategy}"
        more: dict[str, Any] = {"prompt_sha256": f"bare{n}"}
        if strategy in ("rag", "oracle"):
            doc = n if strategy == "oracle" or n < N - 4 else (n + 1) % N
            found = [{"doc_id": f"d{doc}", "chunk_id": f"d{doc}#0", "score": 0.5}]
            more = {"prompt_sha256": f"{strategy}{n}", "retrieved": found, "shown_passages": 1}
        rows.append(answer("facts", strategy, f"q{n}", reply, **more))
    return rows


def _choices(strategy: str, right: int) -> list[dict[str, Any]]:
    rows = []
    for n in range(N):
        logprobs = [-1.0, -2.0] if n < right else [-2.0, -1.0]
        more = {"choice_logprobs": [v - ("@" in strategy) for v in logprobs], "finish_reason": "choice"}
        rows.append(answer("general", strategy, f"g{n}", "yes" if n < right else "no", **more))
    return rows


def _manifest() -> dict[str, Any]:
    facts = {
        "name": "facts", "probes": "knowledge", "metrics": ["contains"], "retrieval": {"k": 1},
        "answer": {"type": "text", "refusal": "not in the documents", "max_tokens": 8},
    }  # fmt: skip
    general = {"name": "general", "probes": "general", "metrics": ["choice"], "answer": {"type": "choice"}}
    plan = [("facts", name) for name in RIGHT] + [("general", "base"), ("general", "lora@facts")]
    adapter = {"task": "facts", "strategy": "lora", "sha256": "cd", "train_fit": 0.9, "logit_shift": 0.5}
    return {
        "schema_version": 1,
        "status": "complete",
        "tasks": {"facts": {"spec": facts}, "general": {"spec": general}},
        "plan": [{"task": task, "strategy": name, "adapter": None} for task, name in plan],
        "adapters": [adapter],
        "embedder": {"name": "words", "max_tokens": 64},
    }


def results(folder: Path, run: Run) -> dict[str, Any]:
    return derived(read_run(write_run(folder, **run)))


def checks(folder: Path, run: Run, task: str = "facts") -> dict[str, dict[str, Any]]:
    """Name → the task's check of that name, as results.json has it, with all prose held against its figures."""
    derived = results(folder, run)
    check_results(derived)
    found = derived["tasks"][task]["validity"]
    assert len({check["check"] for check in found}) == len(found)
    return {check["check"]: check for check in found}


def rows_of(run: Run, strategy: str, task: str = "facts") -> list[dict[str, Any]]:
    return [row for row in run["answers"] if (row["task"], row["strategy"]) == (task, strategy)]
