"""Made-up evidence in short form → the files of a run folder as a run writes them.

Tests name systems by their names and leave out what they do not speak of; ids and settings are filled in here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from harness.records import AnswerRow, RankedDoc
from harness.run.manifest import SCHEMA_VERSION
from harness.spec.settings import Examples, Finetune, Retrieval
from harness.spec.strategy import STRATEGIES, TaskSettings, forgetting_system, system_of
from harness.spec.system import ModelRef, System

Row = dict[str, Any]
PROMPT = {"system": "Answer shortly.", "question": "{question}"}
RECORD = {
    "key": "key", "sha256": "0" * 64, "base_sha256": "f" * 64, "recipe": {}, "examples": 0, "epochs": 1.0, "steps": 1,
    "train_tokens": 0, "seconds": 0.0, "device": "cpu", "train_loss": 0.0, "dev_loss": None, "train_fit": 1.0,
    "stopped": "", "loss_curve": [],
}  # fmt: skip
POINT = {"train_loss": None, "dev_loss": None}


class Written:
    """A manifest and rows in full. `about` is the manifest in short, `rows` maps a file's name to its rows."""

    def __init__(self, about: Mapping[str, Any], rows: Mapping[str, Iterable[Any]]) -> None:
        self._about = dict(about)
        self._rows = {
            name: [dict(row) if isinstance(row, Mapping) else row for row in some]
            for name, some in rows.items()
        }
        self._systems = {pair: self._system(*pair) for pair in self._pairs()}
        self._trained = [self._adapter(dict(record)) for record in self._about.get("adapters", ())]

    def rows(self, name: str) -> list[Any]:
        return [self._named(row) if isinstance(row, dict) else row for row in self._rows[name]]

    def _named(self, row: Row) -> Row:
        if "strategy" not in row:
            return row
        name = row.pop("strategy")
        system = self._systems.get((row.get("task", ""), name))
        return {**row, "system": system.id if system else name}

    def _pairs(self) -> list[tuple[str, str]]:
        planned = [(entry["task"], entry["strategy"]) for entry in self._about.get("plan", ())]
        seen = [
            (row["task"], row["strategy"])
            for some in self._rows.values()
            for row in some
            if isinstance(row, dict) and "strategy" in row and "task" in row
        ]
        return list(dict.fromkeys([*planned, *seen]))

    def _system(self, task: str, name: str) -> System:
        strategy, at, trained_for = name.partition("@")
        model = self._model()
        ref = ModelRef(model["name"], model.get("sha256"), model.get("dtype"), model.get("revision"))
        if strategy not in STRATEGIES:
            return System(name, name, ref)
        system = system_of(STRATEGIES[strategy], ref, self._settings(trained_for or task))
        return forgetting_system(system, task) if at else system

    def _settings(self, task: str) -> TaskSettings:
        spec = (self._about.get("tasks") or {}).get(task, {}).get("spec", {})
        embedder = (self._about.get("embedder") or {}).get("name", "words")
        return TaskSettings(
            task,
            Retrieval(**spec.get("retrieval", {})),
            Examples(**spec.get("examples", {})),
            Finetune(**spec.get("finetune", {})),
            embedder,
        )

    def _model(self) -> Row:
        return {"name": "tiny", **(self._about.get("model") or {})}

    def manifest(self) -> Row:
        about = self._about
        planned = [dict(entry) for entry in about.get("plan", ())]
        known = {(entry["task"], entry["strategy"]) for entry in planned}
        planned += [
            {"task": task, "strategy": name} for task, name in self._systems if (task, name) not in known
        ]
        return {
            "run_id": "run",
            "created": "2026-01-02T03:04:05+00:00",
            "status": "complete",
            "quick": False,
            "harness_version": "0",
            "git_commit": None,
            "libraries": {},
            "machine": {},
            "not_applicable": {},
            "forgetting": [],
            **about,
            "embedder": {"sha256": "e" * 64, **about["embedder"]} if about.get("embedder") else None,
            "schema_version": max(SCHEMA_VERSION, about.get("schema_version", 0)),
            "command": _text(about.get("command", "")),
            "model": self._model(),
            "settings": {"tasks": [], **(about.get("settings") or {})},
            "seeds": about.get("seeds") or {"sampling": 0, "training": [0], "order": 0},
            "tasks": self._tasks(),
            "systems": {one.id: dataclasses.asdict(one) for one in self._every_system()},
            "plan": [self._named(entry) for entry in planned],
            "adapters": [row for row, _ in self._trained],
            "aggregates": [self._named({"seed": 0, **row}) for row in about.get("aggregates", ())],
            "indexes": {name: index for name, index in (about.get("indexes") or {}).items() if index},
            "price_sheet": _sheet(about.get("price_sheet")),
        }

    def _tasks(self) -> Row:
        named = {task: {} for task, _ in self._systems} | dict(self._about.get("tasks") or {})
        return {name: {**task, "spec": _spec(name, task.get("spec", {}))} for name, task in named.items()}

    def _every_system(self) -> list[System]:
        return [*(system for _, system in self._trained), *reversed(self._systems.values())]

    def _adapter(self, record: Row) -> tuple[Row, System]:
        system = self._systems.get((record["task"], record["strategy"])) or self._system(
            record["task"], record["strategy"]
        )
        own = {
            "seed": record.pop("seed", 0),
            "reused": record.pop("reused", False),
            "bytes": record.pop("bytes", 0),
        }
        curve = [{**POINT, **point} for point in record.get("loss_curve", ())]
        row = {"system": system.id, "record": {**RECORD, **record, "loss_curve": curve}, **own}
        return row, system


def _text(command: Any) -> str:
    return " ".join(command) if isinstance(command, list) else str(command or "")


def _spec(name: str, spec: Mapping[str, Any]) -> Row:
    """A task file's content in full."""
    if "lm_eval" in spec:
        return {"probes": "general", **spec}
    return {
        "name": name,
        "probes": "knowledge",
        "questions": {"test": "test.jsonl"},
        "prompt": PROMPT,
        "metrics": ["contains"],
        **spec,
        "answer": {"type": "text", "max_tokens": 8, **spec.get("answer", {})},
    }


def _sheet(sheet: Mapping[str, Any] | None) -> Row | None:
    """A price list with the sections that every one has; None where the run has none."""
    from harness.spec.prices import ADDED_LATER
    from tests.analysis.runs import MACHINE, PRICE_SHEET

    if not sheet or not sheet.get("machine"):
        return None
    machine = {**MACHINE, **sheet["machine"]}
    shown = [machine, *(one for one in PRICE_SHEET["machines"] if one["name"] != machine["name"])]
    needed = {name: section for name, section in PRICE_SHEET.items() if name not in ADDED_LATER}
    return {**needed, "machines": shown, **sheet, "machine": machine}


def answer_row(row: Mapping[str, Any]) -> AnswerRow:
    """A row of answers.jsonl in short form as a record; its system is called by its name."""
    facts = {**row, "system": row.get("strategy", row.get("system"))}
    facts.pop("strategy", None)
    facts["retrieved"] = tuple(RankedDoc(**passage) for passage in row["retrieved"])
    logprobs = row["choice_logprobs"]
    facts["choice_logprobs"] = None if logprobs is None else tuple(logprobs)
    return AnswerRow(**facts)
