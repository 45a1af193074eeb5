"""A small task, and runs of it that are compared by their evidence."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main
from harness.engines.store import ModelFolder
from tests.conftest import MODELS_CACHE

TASK = """name: workshop
probes: knowledge
corpus: docs
questions: {test: test.jsonl, train: train.jsonl, dev: dev.jsonl}
prompt: {system: Answer shortly.}
answer: {type: text, max_tokens: 6}
metrics: [contains]
retrieval: {chunk_tokens: 32, k: 2}
finetune: {max_epochs: 2, rank: 2}
"""
TOOLS = ("anvil", "bellows", "chisel", "drill", "engraver", "file", "gouge", "hammer")
FLAGS = (
    "--strategies",
    "base,few-shot-nearest,rag,lora",
    "--latency-queries",
    "1",
    "--no-cache",
    "--guard",
    "none",
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "docs").mkdir()
    for number, tool in enumerate(TOOLS):
        text = f"# The {tool}\n\nThe {tool} stands in room {number}."
        (tmp_path / "docs" / f"{tool}.md").write_text(text, encoding="utf-8")
    ways = {
        "test": "Where is the {}?",
        "train": "In which room does the {} stand?",
        "dev": "Which room has the {}?",
    }
    for name, way in ways.items():
        asked = [
            {"id": f"{name}-{tool}", "question": way.format(tool), "answers": [str(number)], "fact_id": tool}
            | ({"gold_docs": [tool]} if name == "test" else {})
            for number, tool in enumerate(TOOLS)
        ]
        (tmp_path / f"{name}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in asked), "utf-8")
    (tmp_path / "workshop.yaml").write_text(TASK, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Runs:
    """Runs of the project's task, each with a cache of its own, so that none finds what another computed."""

    def __init__(self, project: Path, model: ModelFolder, monkeypatch: pytest.MonkeyPatch) -> None:
        self.project, self.model, self._patch = project, model, monkeypatch

    def arguments(self, name: str, *flags: str) -> list[str]:
        cache = self.project / f"cache-{name}"
        cache.mkdir(exist_ok=True)
        with contextlib.suppress(FileExistsError):
            (cache / "models").symlink_to(MODELS_CACHE / "models", target_is_directory=True)
        self._patch.setenv("HARNESS_CACHE", str(cache))
        start = ["compare", "workshop.yaml", "--model", str(self.model.path), *FLAGS]
        return [*start, "--output", name, *flags]

    def make(self, name: str, *flags: str) -> Path:
        assert main(self.arguments(name, *flags)) == 0
        return self.project / name


@pytest.fixture
def runs(project: Path, tiny_model: ModelFolder, monkeypatch: pytest.MonkeyPatch) -> Runs:
    return Runs(project, tiny_model, monkeypatch)


def evidence(run: Path) -> dict[str, Any]:
    """What a run found, without its times, in an order that does not hang on who answered first."""
    manifest = json.loads((run / "run.json").read_text())
    trained = {row["system"]: row["record"]["sha256"] for row in manifest["adapters"]}
    passages = sorted((run / "passages.jsonl").read_text().splitlines())
    return {
        "answers": sorted((run / "answers.jsonl").read_text().splitlines()),
        "passages": passages,
        "adapters": trained,
        "questions": (run / "questions.jsonl").read_text(),
        "status": manifest["status"],
    }
