"""A small world for lm-eval tests: task files and data on disk, the tiny model, runs in a temporary folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

TOOLS = ("drill", "saw", "lathe", "plane", "sander", "router", "anvil", "kiln")
ROOMS = ("red", "blue", "green", "white")
SHORT = "finetune: {max_epochs: 1, rank: 2}\n"
Job = Callable[..., int]
"""The command `lm_eval` as the fixture `job` calls it."""


def rows(count: int = 8, offset: int = 0) -> list[dict[str, Any]]:
    """Documents about tools: a question, options, the place of the right one, and answers in words."""
    found = []
    for at in range(offset, offset + count):
        tool, right = TOOLS[at % len(TOOLS)], at % len(ROOMS)
        found.append(
            {
                "question": f"In which room is the {tool} number {at}?",
                "options": list(ROOMS),
                "right": right,
                "answer": ROOMS[right],
                "answers": [ROOMS[right], f"the {ROOMS[right]} room"],
                "doc": tool,
            }
        )
    return found


def write_jsonl(path: Path, found: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in found), encoding="utf-8")
    return path


def write_data(folder: Path, test: int = 8, train: int = 6) -> dict[str, str]:
    return {
        "test": str(write_jsonl(folder / "data" / "test.jsonl", rows(test))),
        "train": str(write_jsonl(folder / "data" / "train.jsonl", rows(train, offset=40))),
    }


def config(data: dict[str, str], name: str = "rooms", **more: Any) -> dict[str, Any]:
    """An lm-eval task over that data, which writes its answers unless `more` says otherwise."""
    return {
        "task": name,
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": data},
        "test_split": "test",
        "training_split": "train",
        "doc_to_text": "Q: {{question}}\nA:",
        "doc_to_target": "{{answer}}",
        "output_type": "generate_until",
        "generation_kwargs": {"until": ["\n"], "max_gen_toks": 4},
        "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
        **more,
    }


CHOICE: dict[str, Any] = {
    "output_type": "multiple_choice",
    "doc_to_choice": "{{options}}",
    "doc_to_target": "right",
    "generation_kwargs": None,
    "metric_list": [
        {"metric": name, "aggregation": "mean", "higher_is_better": True} for name in ("acc", "acc_norm")
    ],
}


def write_config(path: Path, found: dict[str, Any]) -> Path:
    """JSON is YAML, but for keys that are left out."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({k: v for k, v in found.items() if v is not None}, indent=1), encoding="utf-8")
    return path


def write_corpus(folder: Path) -> Path:
    for tool in TOOLS:
        text = f"# The {tool}\n\nThe {tool} is in the {ROOMS[TOOLS.index(tool) % 4]} room.\n"
        path = folder / "docs" / f"{tool}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "docs"


def write_task(folder: Path, lm_eval: str = "rooms.yaml", *, corpus: bool = False, more: str = "") -> Path:
    """A task file of ours that names `lm_eval`."""
    text = f"name: rooms\nprobes: knowledge\nlm_eval: {lm_eval}\n"
    if corpus:
        write_corpus(folder)
        text += "corpus: docs\nquery: question\ngold: doc\n"
    path = folder / "ours.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + more, encoding="utf-8")
    return path
