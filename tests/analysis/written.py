"""Made-up evidence in short form → the files of a run folder as a run writes them.

Tests name systems by their names and leave out what they do not speak of; ids and settings are filled in here.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterable, Mapping
from typing import Any

from harness.files import sha256_text
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


HASHES = ("sha256", "adapter", "prompt_sha256")


def _hashed(row: Row) -> Row:
    """The row with real hashes in the place of names that stand for them."""
    named = {key: row[key] for key in HASHES if isinstance(row.get(key), str)}
    return {**row, **{key: hash_of(name) for key, name in named.items()}}


def hash_of(name: str) -> str:
    """The hash that a name stands for; a hash stands for itself."""
    return name if re.fullmatch("[0-9a-f]{64}", name) else sha256_text(name)


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
        rows = [self._named(row) if isinstance(row, dict) else row for row in self._rows[name]]
        return [*rows, *self._passages(rows)] if name == "passages" else rows

    def _named(self, row: Row) -> Row:
        row = _hashed(row)
        if "strategy" not in row:
            return row
        name = row.pop("strategy")
        system = self._systems.get((row.get("task", ""), name))
        if system is None:
            return {**row, "system": name}
        if "prediction" in row:
            row = self._answer(row, system)
        if "retrieve_s" in row and system.searches and row["retrieve_s"] is None:
            row["retrieve_s"] = 0.0
        return {**row, "system": system.id}

    def _answer(self, row: Row, system: System) -> Row:
        """An answer with the adapter of its system, and nothing written where options were scored."""
        if system.adapter and not row.get("adapter"):
            trained = (
                record["sha256"]
                for record in self._about.get("adapters", ())
                if (record["task"], record["strategy"]) == (system.adapter.task, system.strategy)
                and "sha256" in record
            )
            row["adapter"] = hash_of(next(trained, f"{system.strategy} of {system.adapter.task}"))
        choices = self._choices.get((row["task"], row["question_id"]), ())
        if choices and row.get("choice_logprobs") is None:
            row["choice_logprobs"] = [0.0 if text == row["prediction"] else -1.0 for text in choices]
        if (logprobs := row.get("choice_logprobs")) is not None:
            row |= {"completion_tokens": 0, "finish_reason": "choice"}
            if len(logprobs) == len(choices):
                row["prediction"] = choices[logprobs.index(max(logprobs))]
        return row

    @functools.cached_property
    def _choices(self) -> dict[tuple[str, str], list[str]]:
        """(Task, question id) → its options."""
        asked = [row for row in self._rows.get("questions", ()) if isinstance(row, dict)]
        return {
            (row["task"], row["id"]): row.get("choices", []) for row in asked if {"task", "id"} <= row.keys()
        }

    def _passages(self, given: Iterable[Row]) -> list[Row]:
        """The passages that answers name and nobody gave, without text."""
        known = {
            (row["task"], row["chunk_id"]) for row in given if isinstance(row, dict) and "chunk_id" in row
        }
        found = {
            (row["task"], passage["chunk_id"]): passage["doc_id"]
            for row in self._rows.get("answers", ())
            if isinstance(row, dict)
            for passage in row.get("retrieved") or ()
        }
        return [
            {"task": task, "chunk_id": chunk, "doc_id": doc, "title": "", "text": ""}
            for (task, chunk), doc in found.items()
            if (task, chunk) not in known
        ]

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
        strategy, at, behind = name.partition("@")
        models = {model.get("label"): model for model in (self._model(), *self._other_models())}
        label, _, trained_for = (
            behind.partition("@") if behind.partition("@")[0] in models else (None, "", behind)
        )
        model = models.get(label, self._model())
        named = ("name", "sha256", "dtype", "revision", "server")
        ref = ModelRef(**{key: model.get(key) for key in named})
        if strategy not in STRATEGIES:
            return System(name, name, ref)
        system = system_of(STRATEGIES[strategy], ref, self._settings(trained_for or task, label))
        return forgetting_system(system, task) if at and trained_for else system

    def _other_models(self) -> list[Row]:
        return [_hashed(model) for model in self._about.get("other_models", ())]

    def _settings(self, task: str, label: str | None = None) -> TaskSettings:
        spec = (self._about.get("tasks") or {}).get(task, {}).get("spec", {})
        embedder = (self._about.get("embedder") or {}).get("name", "words")
        return TaskSettings(
            task,
            Retrieval(**spec.get("retrieval", {})),
            Examples(**spec.get("examples", {})),
            Finetune(**spec.get("finetune", {})),
            embedder,
            model_label=label,
        )

    def _model(self) -> Row:
        return _hashed({"name": "tiny", **(self._about.get("model") or {})})

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
            "embedder": _hashed({"sha256": "e" * 64, **about["embedder"]}) if about.get("embedder") else None,
            "schema_version": max(SCHEMA_VERSION, about.get("schema_version", 0)),
            "command": _text(about.get("command", "")),
            "model": self._model(),
            "other_models": self._other_models(),
            "settings": {"tasks": [], **(about.get("settings") or {})},
            "seeds": about.get("seeds") or {"sampling": 0, "training": [0], "order": 0},
            "tasks": self._tasks(),
            "systems": {one.id: dataclasses.asdict(one) for one in self._every_system()},
            "plan": [self._named(entry) for entry in self._with_seeds(planned)],
            "adapters": [row for row, _ in self._trained],
            "aggregates": [self._named({"seed": 0, **row}) for row in about.get("aggregates", ())],
            "indexes": {
                name: _hashed(index) for name, index in (about.get("indexes") or {}).items() if index
            },
            "example_indexes": self._example_indexes(),
            "price_sheet": _sheet(about.get("price_sheet")),
        }

    def _example_indexes(self) -> dict[str, list[Row]]:
        """An index of ten training questions for each way in which systems look for examples."""
        made: dict[str, dict[str, Row]] = {}
        for (task, _), system in self._systems.items():
            if system.nearest:
                ten = {"documents": 10, "passages": 10, "seconds": 1.0, "bytes": 100, "embed_tokens": 90}
                made.setdefault(task, {})[system.nearest.index] = {"search": system.nearest.index, **ten}
        return {task: [*rows.values()] for task, rows in made.items()}

    def _with_seeds(self, planned: Iterable[Row]) -> list[Row]:
        """The plan with an entry for each seed that answered, where it does not say any itself."""
        seen: dict[tuple[str, str], list[int]] = {}
        for row in self._rows.get("answers", ()):
            if isinstance(row, dict) and {"task", "strategy", "seed"} <= row.keys():
                seeds = seen.setdefault((row["task"], row["strategy"]), [])
                seeds += [row["seed"]] if row["seed"] not in seeds else []
        entries: list[Row] = []
        for entry in planned:
            seeds = seen.get((entry["task"], entry["strategy"]), []) if "seed" not in entry else []
            entries += [{**entry, "seed": seed} for seed in sorted(seeds, key=str)] or [entry]
        return entries

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
        row = {"system": system.id, "record": {**RECORD, **_hashed(record), "loss_curve": curve}, **own}
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
        "answer": {"type": "text", "max_tokens": 1000, **spec.get("answer", {})},
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
