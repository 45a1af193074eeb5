"""`harness compare` over built-in tasks of lm-eval's beside plain lm-eval in the same environment, by document."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isclose
from pathlib import Path
from typing import Any

from harness.analysis.reading import read_run
from harness.cli import main
from harness.files import sha256_file
from harness.records import AnswerRow
from tests.lmeval import builtin, plain
from tests.tiny import TEMPLATE

SHOTS = 3
STRATEGIES = ("base", "few-shot", "lora")
DOCUMENTS, TRAINING = 6, 5
_REFUSES = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
)
_SWITCH = (
    "{% if enable_thinking is not defined or enable_thinking %}<think>{% else %}<think></think>{% endif %}"
)
THINKING = _REFUSES + TEMPLATE.replace("<|assistant|>{% endif %}", f"<|assistant|>{_SWITCH}{{% endif %}}")
"""The tiny model's template with a thinking switch, which is on by default, and without system messages."""


@dataclass(frozen=True)
class Setting:
    task: str
    strategy: str
    chat: bool


@dataclass(frozen=True)
class Row:
    """One task under one setting: the documents that were compared, and what differs, a line a document."""

    setting: Setting
    documents: int
    differing: tuple[str, ...]


def parity(
    model: Path,
    names: Sequence[str],
    folder: Path,
    *,
    chats: Sequence[bool] = (False, True),
    documents: int = DOCUMENTS,
    says: dict[str, dict[str, Any]] | None = None,
    more: str = "",
    model_args: dict[str, Any] | None = None,
) -> list[Row]:
    """Run both sides over the tasks.

    `says`: task → further keys of lm-eval's file. `more`: lines of our task files; `model_args`: the same for HFLM.
    """

    def files(chat: bool) -> dict[str, Path]:
        where = folder / f"chat-{chat}"
        return {
            name: builtin.write(where, name, documents, TRAINING, **(says or {}).get(name, {}))
            for name in names
        }

    runs = {chat: _ours(model, files(chat), folder / f"chat-{chat}", chat, more) for chat in chats}
    asked = [(chat, task, system) for chat, run in runs.items() for task, system in run]
    jobs = [
        {
            "file": str(folder / f"chat-{chat}" / f"{task}.yaml"),
            "model": str(model),
            "peft": _adapter(folder, runs[chat][task, system]),
            "shots": SHOTS if system == "few-shot" else 0,
            "chat": chat,
            "model_args": model_args or {},
        }
        for chat, task, system in asked
    ]
    theirs, end = _theirs(jobs, folder), (model_args or {}).get("think_end_token")
    return [
        _row(Setting(task, system, chat), runs[chat][task, system], found["samples"], end)
        for (chat, task, system), found in zip(asked, theirs, strict=True)
    ]


def _ours(
    model: Path, files: dict[str, Path], folder: Path, chat: bool, more: str
) -> dict[tuple[str, str], Sequence[AnswerRow]]:
    """Task and system → the answers of a run of ours, through the command."""
    tasks = []
    for name, file in files.items():
        task = folder / "ours" / f"{name}.yaml"
        task.parent.mkdir(parents=True, exist_ok=True)
        lines = (
            f"name: {name}\nprobes: knowledge\nlm_eval: {file}\nchat_template: {json.dumps(chat)}\n"
            f"examples: {{k: {SHOTS}}}\nfinetune: {{max_epochs: 1, rank: 2, learning_rate: 0.01}}\n"
        )
        task.write_text(f"{lines}{builtin.BUILT_IN[name].ours}{more}", encoding="utf-8")
        tasks.append(str(task))
    flags = [
        "--strategies",
        ",".join(STRATEGIES),
        "--latency-queries",
        "0",
        "--guard",
        "none",
        "--allow-task-code",
    ]
    code = main(["compare", *tasks, "--model", str(model), *flags, "--output", str(folder / "run")])
    assert code == 0, f"harness compare ended with {code}"
    results = json.loads((folder / "run" / "results.json").read_text(encoding="utf-8"))
    for name, task in results["tasks"].items():
        (check,) = (row for row in task["validity"] if row["check"] == "chat_template")
        assert check["status"] in ("pass", "not_applicable"), f"{name}: {check['detail']}"
    return dict(read_run(folder / "run").answers)


def _adapter(folder: Path, rows: Sequence[AnswerRow]) -> str | None:
    """Where the adapter lies that gave these answers."""
    if rows[0].adapter is None:
        return None
    cache = Path(os.environ["HARNESS_CACHE"])
    files = cache.rglob("adapter_model.safetensors")
    return next(str(file.parent) for file in files if sha256_file(file) == rows[0].adapter)


def _theirs(jobs: Sequence[dict[str, Any]], folder: Path) -> list[dict[str, Any]]:
    asked, answered = folder / "jobs.json", folder / "answers.json"
    asked.write_text(json.dumps(jobs), encoding="utf-8")
    # Without this repository on its path: nothing of this program takes part.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    quiet = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    command = [sys.executable, str(plain.__file__), str(asked), str(answered)]
    done = subprocess.run(
        command, env=environment | quiet, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: list[dict[str, Any]] = json.loads(answered.read_text(encoding="utf-8"))
    return found


def _row(setting: Setting, rows: Sequence[AnswerRow], samples: dict[str, Any], end: str | None) -> Row:
    documents = {key.partition(",")[0] for key in samples}
    differing = [f"{name}: not answered" for name in documents - {row.question_id for row in rows}]
    for row in rows:
        differing += [f"{row.question_id}: {what}" for what in _differences(row, samples, end)][:1]
    return Row(setting, len(documents), tuple(differing))


def _differences(row: AnswerRow, samples: dict[str, Any], end: str | None) -> Iterator[str]:
    """`end`: what ends the model's thinking, which lm-eval drops of its own replies."""
    for key, sample in samples.items():
        document, _, filter_ = key.partition(",")
        if document != row.question_id:
            continue
        for metric in sample.keys() - {"resps"}:
            name = metric if filter_ == "none" else f"{metric},{filter_}"
            ours = (row.metrics or {}).get(name)
            if not _same(ours, sample[metric], 1e-4):
                yield f"{name} is {ours}, and {sample[metric]} in lm-eval"
        responses = [response[0] for response in sample["resps"]]
        if isinstance(responses[0], str):
            reply = row.prediction.split(end)[-1].lstrip() if end else row.prediction
            if reply != responses[0]:
                yield f"{reply!r} is written, and {responses[0]!r} in lm-eval"
            continue
        logprobs = [one if isinstance(one, float) else one[0] for one in responses]
        ours = row.choice_logprobs or ()
        ours = ours if len(responses) > 1 else (sum(ours),)
        if not _same([*ours], logprobs[: len(ours)], 1e-3):
            yield f"log-likelihoods {ours}, and {logprobs} in lm-eval"


def _same(ours: Any, theirs: Any, tolerance: float) -> bool:
    if isinstance(ours, list) and isinstance(theirs, list):
        pairs = zip(ours, theirs, strict=False)
        return len(ours) == len(theirs) and all(_same(one, other, tolerance) for one, other in pairs)
    if isinstance(ours, int | float) and isinstance(theirs, int | float):
        return isclose(ours, theirs, abs_tol=tolerance, rel_tol=1e-5)
    return bool(ours == theirs)
