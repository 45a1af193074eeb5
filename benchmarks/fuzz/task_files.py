"""Task files that were changed, damaged, nested, blown up or are no files: `tasks validate` and `tasks list`."""

from __future__ import annotations

import copy
import json
import os
import random
from pathlib import Path
from typing import Any

from benchmarks.fuzz import _hostile as hostile

QUESTION = {"id": "a", "question": "Which port?", "answers": ["Ostby"], "gold_docs": ["a"]}
TASK: dict[str, Any] = {
    "name": "t", "description": "Made up.", "probes": "knowledge", "corpus": "docs",
    "questions": {"test": "test.jsonl", "train": "train.jsonl", "dev": "dev.jsonl"},
    "prompt": {"system": "Answer shortly.", "question": "{question}"},
    "answer": {"type": "text", "max_tokens": 8, "stop": ["\n"], "refusal": "none"},
    "metrics": ["contains", "f1", "refusal"],
    "retrieval": {"k": 3}, "examples": {"k": 2}, "finetune": {"max_epochs": 2},
}  # fmt: skip


def make(rng: random.Random, folder: Path) -> list[str]:
    tasks = folder / "tasks"
    (tasks / "docs").mkdir(parents=True)
    (tasks / "docs" / "a.md").write_text("# Ports\n\nThe ferry leaves from Ostby.\n")
    for role in ("test", "train", "dev"):
        row = {**QUESTION, "id": role, "question": f"Which port on {role}?"}
        (tasks / f"{role}.jsonl").write_text(json.dumps(row) + "\n")
    path = tasks / "t.yaml"
    path.write_bytes(_file(rng))
    other = rng.random()
    if other < 0.06:
        hostile.no_file(rng, path)
    elif other < 0.12:
        hostile.no_file(rng, tasks / rng.choice(("test.jsonl", "train.jsonl", "dev.jsonl", "docs/b.md")))
    elif other < 0.16:
        _odd_name(rng, tasks)
    if rng.random() < 0.2:
        return rng.choice((["tasks", "list"], ["tasks", "list", "--json"], ["tasks", "validate"]))
    return ["tasks", "validate", rng.choice(("t", "tasks/t.yaml", "tasks/t.yaml", "tasks/../tasks/t.yaml"))]


def _file(rng: random.Random) -> bytes:
    kind = rng.random()
    if kind < 0.02:
        return hostile.encoded(rng, _bomb(rng))
    tree: Any = copy.deepcopy(TASK)
    for _ in range(rng.choice((0, 1, 1, 2, 4))):
        tree = hostile.change(rng, tree)
    written = hostile.spelled(tree) if kind < 0.5 else _plain(tree)
    data = hostile.encoded(rng, written)
    return hostile.damaged(rng, data) if rng.random() < 0.4 else data


def _plain(tree: Any, indent: int = 0) -> str:
    """A tree as a person writes YAML; texts are left bare, so that some of them mean something else."""
    pad = "  " * indent
    if isinstance(tree, dict) and tree:
        return "".join(f"\n{pad}{_bare(key)}: {_plain(entry, indent + 1)}" for key, entry in tree.items())
    if isinstance(tree, list) and tree:
        return "".join(f"\n{pad}- {_plain(entry, indent + 1)}" for entry in tree)
    return _bare(tree)


def _bare(entry: Any) -> str:
    plain = isinstance(entry, str) and entry not in ("\n", "") and "{" not in entry
    return entry if plain else hostile.spelled(entry)


def _bomb(rng: random.Random) -> str:
    n = rng.choice((1_000, 30_000, 400_000))
    return rng.choice(
        (
            "".join(f"key{i}: {i}\n" for i in range(n)),
            "a0: &a0 [x]\n"
            + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 30)),
            "a: &a\n  b: *a\n",
            "name: " + "[" * n,
            "name: " + "{a: " * n,
            "".join(f"{' ' * i}a:\n" for i in range(min(n, 3000))),
            "- " * n,
            "name: " + "9" * n,
            "name: 0x" + "f" * n,
            "name: '" + "x" * n * 10,
            "answer:\n  type: label\n  labels: [" + ", ".join(f"l{i}" for i in range(n)) + "]\n",
            "prompt:\n  system: '" + "{labels}" * n + "'\n",
            "? " * n + "a",
            "!!binary " + "A" * n,
            "&" + "a" * n + " b: c",
            "name: t\n" * n,
            "\n" * n + "\t" * n,
            "--- a\n" * n,
            "a: |" + "\n " + "word " * n,
        )
    )


def _odd_name(rng: random.Random, tasks: Path) -> None:
    name = rng.choice(
        (b"caf\xe9.yaml", b"a\nb.yaml", b"\x1b[2J.yaml", b"x" * 250 + b".yaml", b"-t.yaml", b" .yaml")
    )
    (tasks / "t.yaml").replace(os.fsdecode(os.fsencode(tasks) + b"/" + name))
