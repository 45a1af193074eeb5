"""A described run → the run folder that a real run of it would have left, at $3.60 an hour of the machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from harness.spec.prices import load_prices
from tests.analysis.expert.answered import answers, failures, sha
from tests.analysis.expert.asked import REFUSAL, Row, passages, questions, training
from tests.analysis.expert.described import Described, Race
from tests.analysis.runs import MACHINE, timing, write_run

SECONDS = 1.0
FIT = 0.95
SHIFT = 0.5


def write_described(folder: Path, run: Described) -> Path:
    tables: dict[str, list[Row]] = {
        name: [row for race in run.races for row in rows(race, run)]
        for name, rows in (
            ("questions", questions),
            ("training", training),
            ("passages", passages),
            ("answers", answers),
            ("failures", failures),
            ("batches", batches),
            ("timings", timings),
        )
    }
    return write_run(folder, manifest=manifest(run), **tables)


def timings(race: Race, _: Described) -> Iterator[Row]:
    for system in race.right:
        if "@" in system:
            continue
        seconds = race.seconds.get(system, SECONDS)
        for block in range(race.timed):
            took = seconds * (1 + 0.1 * (block * 37 % 101 / 101 - 0.5))
            if block == race.timed // 2:
                took = race.slow.get(system, took)
            more: Row = {"retrieve_s": 0.05 * seconds} if "rag" in system else {}
            row = timing(system, block, took, took / 2, 5, **more)
            yield {**row, "task": race.name, "question_id": f"{race.name}-{block % race.n}"}


def batches(race: Race, _: Described) -> Iterator[Row]:
    """Batches of one: a machine answers as many questions in an hour whether they come one by one or together."""
    for system, seeds in race.right.items():
        wall = race.seconds.get(system, SECONDS) * race.n
        for seed in range(len(seeds)):
            yield {
                "task": race.name,
                "strategy": system,
                "batch": 0,
                "questions": race.n,
                "completion_tokens": 5 * race.n,
                "wall_s": wall,
                "seed": seed,
            }


def manifest(run: Described) -> Row:
    plan = [
        {"task": race.name, "strategy": system, "seed": seed, "adapter": sha(race.name, system, seed)}
        for race in run.races
        for system, seeds in race.right.items()
        for seed in range(len(seeds))
    ]
    trained = [entry for entry in plan if entry["adapter"] and "@" not in entry["strategy"]]
    return {
        "run_id": "made-up",
        "command": "harness compare",
        "status": run.status,
        "quick": run.quick,
        "model": {"name": "tiny", "dtype": "float32", "parameters": 1_000_000},
        "embedder": {"name": "words", "max_tokens": 256},
        "tasks": {
            race.name: {"spec": _spec(race), "questions": race.n, "train_questions": run.labelled}
            for race in run.races
        },
        "plan": plan,
        "adapters": [_adapter(run, entry) for entry in trained],
        "indexes": {
            race.name: {
                "documents": race.documents or race.n,
                "passages": race.n,
                "embed_tokens": 20 * race.n,
                "seconds": 10.0,
                "bytes": 1_000_000,
            }
            for race in run.races
        },
        "price_sheet": None if run.prices == "none" else _prices(),
        "load_s": 2.0,
        "first_query_s": 1.0,
    }


def _adapter(run: Described, entry: Row) -> Row:
    race = next(one for one in run.races if one.name == entry["task"])
    system = entry["strategy"]
    shift = race.shift.get(system, SHIFT)
    return {
        "task": race.name,
        "strategy": system,
        "seed": entry["seed"],
        "key": entry["adapter"],
        "sha256": entry["adapter"],
        "examples": run.labelled,
        "epochs": 3.0,
        "steps": 75,
        "train_tokens": 20 * run.labelled,
        "seconds": run.trained_s,
        "train_fit": race.fit.get(system, FIT),
        "logit_shift": shift,
        "bytes": 2_000_000,
    }


def _spec(race: Race) -> Row:
    if race.probes == "general":
        answered = {"type": "choice", "max_tokens": 80}
        return {"name": race.name, "probes": "general", "answer": answered, "metrics": ["choice"]}
    kind = "label" if race.labels else "text"
    about: Row = {"type": kind, "max_tokens": 80}
    if race.labels:
        about["labels"] = [*race.labels]
    else:
        about["refusal"] = REFUSAL.rstrip(".")
    metrics = [*(race.metrics or ("label" if race.labels else "contains",))]
    return {"name": race.name, "probes": race.probes, "answer": about, "metrics": metrics}


def _prices() -> Row:
    """The list that ships, with one machine at $3.60 an hour ($0.001 a second) in place of its own."""
    sheet = load_prices().as_used("cpu").model_dump(mode="json")
    sheet |= {"machine": MACHINE, "utilisation": 0.5, "default": {"cpu": "box", "cuda": "gpu"}}
    return {**sheet, "machines": [MACHINE, {**MACHINE, "name": "gpu", "kind": "cuda"}]}
