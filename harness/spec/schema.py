"""For task authors: the JSON schema that editors check task files by, and a first task to start from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

from harness.errors import InputError, InputErrors
from harness.files import write_json, write_text
from harness.spec.lmevalspec import LmEvalSpec
from harness.spec.taskspec import TaskSpec, check_name

SCHEMA_FILE = "task.schema.json"

_YAML = """\
# yaml-language-server: $schema=task.schema.json
# Paths are relative to this file. `harness tasks validate NAME` checks it, `harness compare NAME` runs it.
name: "NAME"
description: What this task asks, in one sentence.
probes: knowledge              # knowledge | behaviour | general

# Your documents (Markdown, text, HTML or JSONL), for the strategies that retrieve: a folder, file or glob.
# corpus: ../corpora/NAME

questions:
  test: NAME/test.jsonl        # what every strategy is measured on: 100 questions or more
  train: NAME/train.jsonl      # for fine-tuning and examples; never a question of test
  # dev: NAME/dev.jsonl        # for early stopping and tuning; else a part of train is held back

prompt:
  system: Answer with a short phrase. If you cannot know, answer "I do not know".
  question: "{question}"

answer:
  type: text                   # text | label | json | choice
  max_tokens: 24
  stop: ["\\n"]
  # labels: [first, second]    # for type label: what to choose from, {labels} in the prompt
  refusal: I do not know       # the right reply to a question with answerable: false

metrics: [contains, exact_match, f1, refusal]   # the first is "accuracy" in reports

# How strategies are set up; these are the defaults.
# retrieval: {k: 3, chunk_tokens: 64, overlap_tokens: 16, max_prompt_tokens: 2048}
# examples: {k: 4}
# finetune: {rank: 16, learning_rate: 5e-4, batch_size: 8, max_epochs: 8, patience: 2, min_epochs: 1}
"""

_TEST: tuple[dict[str, Any], ...] = (
    {
        "id": "test-1",
        "question": "How long may a loaned drill be kept?",
        "answers": ["14 days", "two weeks"],
        "fact_id": "drill-loan",
    },
    {"id": "test-2", "question": "Who signs off a repair above 200 euros?", "answers": ["the workshop lead"]},
    {
        "id": "test-3",
        "question": "On which day is the tool library closed?",
        "answers": ["Monday", "Mondays"],
        "tags": ["opening hours"],
    },
    {
        "id": "test-4",
        "question": "What did the tool library earn in 1994?",
        "answers": [],
        "answerable": False,
    },
)
_TRAIN: tuple[dict[str, Any], ...] = (
    {
        "id": "train-1",
        "question": "When must a borrowed drill come back?",
        "answers": ["after 14 days"],
        "fact_id": "drill-loan",
    },
    {"id": "train-2", "question": "What does a lost key card cost?", "answers": ["15 euros"]},
    {"id": "train-3", "question": "Where are broken tools returned?", "answers": ["the red shelf"]},
    {"id": "train-4", "question": "What will the fee be in ten years?", "answers": [], "answerable": False},
)


def task_json_schema() -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of a task file, with a description for every key.

    A file with the key `lm_eval` is held against the one model, any other against the other.
    """
    _, models = models_json_schema([(TaskSpec, "validation"), (LmEvalSpec, "validation")])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "if": {"required": ["lm_eval"]},
        "then": {"$ref": "#/$defs/LmEvalSpec"},
        "else": {"$ref": "#/$defs/TaskSpec"},
        "$defs": models["$defs"],
    }


def scaffold(folder: Path, name: str) -> list[Path]:
    """Write a task to start from into `folder`: NAME.yaml, its question files, the schema where it is absent.

    Returns what was written, the task file first. Raises InputError for a bad name, and InputErrors
    rather than overwrite anything, in which case nothing is written.
    """
    try:
        check_name(name)
    except ValueError as error:
        raise InputError(f"the task's name {error}") from None
    files = {
        folder / f"{name}.yaml": _YAML.replace("NAME", name),
        folder / name / "test.jsonl": _lines(_TEST),
        folder / name / "train.jsonl": _lines(_TRAIN),
    }
    in_the_way = [folder / name] if (folder / name).is_file() else [path for path in files if path.exists()]
    if in_the_way:
        raise InputErrors(
            [InputError("exists already and is left as it is.", path=path) for path in in_the_way]
        )
    for path in reversed(files):  # the task file last, as the others do nothing without it
        write_text(path, files[path])
    schema = folder / SCHEMA_FILE
    if schema.exists():
        return list(files)
    write_json(schema, task_json_schema())
    return [*files, schema]


def _lines(rows: tuple[dict[str, Any], ...]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
