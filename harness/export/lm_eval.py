"""A task → files that `lm_eval --include_path DIR --tasks NAME` runs, with the prompts and scores of `base`.

What a model reads is a column of the data, word for word: lm-eval's templates would take braces in a question
for their own. The system message is the task's `description`, which lm-eval hands to the chat template as we do.
lm-eval gives a task one kind of answer, so a task that mixes texts and choices becomes two and a group of both.
"""

from __future__ import annotations

import glob
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import InputError
from harness.export.scorer import FILE as SCORER
from harness.export.scorer import FUNCTION, scorer
from harness.export.yamltext import Function, dump
from harness.files import new_folder, write_text
from harness.quantities import listed
from harness.records import Question
from harness.run.prompts import pick_examples
from harness.run.wording import target_text
from harness.scoring.choice import is_right
from harness.scoring.table import METRICS
from harness.spec.context import Examples
from harness.spec.lmevalspec import LmEvalSpec
from harness.spec.task import Task
from harness.spec.taskspec import TaskSpec

_COLUMNS = ("id", "prompt", "target", "answers", "answerable", "choices", "gold", "retrieved")
_KINDS = ("parts", "tolerance", "pattern")
"""Columns of tasks whose metric asks for them."""
_TEMPLATE_MARKS = re.compile(r"\{\{|\{%|\{#|\r")
_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ].*)?")
_BLANKS_AROUND = r"^\s+|\s+$"


@dataclass(frozen=True, slots=True)
class Turn:
    """The user's turn of a question with passages in it, and the ids of those passages."""

    text: str
    passages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Export:
    """A task, what it is called in lm-eval, and the folder of its files."""

    task: Task
    name: str
    home: Path
    turns: Mapping[str, Turn]
    """By question id; empty where the questions are asked bare."""

    @property
    def spec(self) -> TaskSpec:
        return self.task.own


@dataclass(frozen=True, slots=True)
class _Part:
    """The test questions that are answered in one way: one task of lm-eval's, and its file of data."""

    name: str
    data: str
    questions: tuple[Question, ...]

    @property
    def by_choice(self) -> bool:
        return bool(self.questions[0].choices)


def export(task: Task, folder: Path, turns: Callable[[], Mapping[str, Turn]] | None = None) -> list[Path]:
    """Write the task into the new folder `folder/NAME` and return its files, that of the task first.

    With `turns`, asked for once nothing stands in the way, the questions stand behind their passages, and the
    task is called NAME_rag. Raises InputError where the folder is there already, and where lm-eval's loader
    would misread its name or the data; nothing is written then.
    """
    if isinstance(task.spec, LmEvalSpec):
        raise InputError(f"is lm-eval's already: it names {task.spec.lm_eval!r}.", path=task.path)
    name = f"{task.name}_rag" if turns else task.name
    home = folder.resolve() / name
    if home.exists():
        raise InputError("exists already and is left as it is; remove it, or name another folder.", path=home)
    if glob.has_magic(str(home)):
        raise InputError(f"lm-eval would take {home} for a pattern; choose a folder without *, ? and [.")
    files = _files(_Export(task, name, home, turns() if turns else {}))
    with new_folder(home) as building:
        for file, text in files.items():
            write_text(building / file, text)
    return [home / file for file in files]


def _files(to: _Export) -> dict[str, str]:
    """Name → text of every file, that of the task first."""
    parts = _parts(to)
    configs = {part.name: _config(to, part) for part in parts}
    if len(parts) > 1:
        configs = {to.name: _group(to, parts), **configs}
    files = {f"{name}.yaml": _comment(to) + dump(config) for name, config in configs.items()}
    data = {part.data: [_row(to, question) for question in part.questions] for part in parts}
    if to.task.train:
        data["train.jsonl"] = [_row(to, question) for question in _examples_first(to.task)]
    for name, rows in data.items():
        _check_dates(to, rows)
        files[name] = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    code = scorer(to.spec)
    return {**files, SCORER: code} if code else files


def _parts(to: _Export) -> list[_Part]:
    written = tuple(question for question in to.task.test if not question.choices)
    chosen = tuple(question for question in to.task.test if question.choices)
    if not written or not chosen:
        return [_Part(to.name, "test.jsonl", to.task.test)]
    kinds = {"text": written, "choice": chosen}
    return [_Part(f"{to.name}_{kind}", f"test_{kind}.jsonl", some) for kind, some in kinds.items()]


# The data


def _row(to: _Export, question: Question) -> dict[str, Any]:
    """`target` is what an example shows as the reply, `gold` are the places of the right options."""
    turn = to.turns.get(question.id)
    row = {
        "id": question.id,
        "prompt": turn.text if turn else to.spec.user_message(question.question),
        "target": target_text(to.task, question),
        "answers": list(question.answers),
        "answerable": question.answerable,
    }
    taken = {key for name in to.spec.metrics for key in METRICS[name].takes}
    row |= {key: getattr(question, key) for key in _KINDS if key in taken}
    if question.choices:
        right = [at for at, text in enumerate(question.choices) if is_right(text, question.answers)]
        row |= {"choices": list(question.choices), "gold": right}
    return {**row, "retrieved": list(turn.passages)} if turn else row


def _examples_first(task: Task) -> list[Question]:
    """The training questions, opened by those that `few-shot` shows under seed 0, in its order."""
    shown = pick_examples(task, Examples(task.spec.examples.k))
    return [*shown, *(question for question in task.train if question not in shown)]


def _check_dates(to: _Export, rows: Sequence[Mapping[str, Any]]) -> None:
    for column in ("prompt", "target", "answers", "choices"):
        cells = [row.get(column, []) for row in rows]
        values = [text for cell in cells for text in ([cell] if isinstance(cell, str) else cell)]
        if values and all(_DATE.fullmatch(text) for text in values):
            raise InputError(
                f"{to.task.name} cannot be exported: every text in the column {column!r} would be a date, and "
                "lm-eval's loader turns such a column into times. Word at least one of them differently."
            )


# The task files


def _comment(to: _Export) -> str:
    lines = [
        f"The task {to.task.name} in lm-eval's form, written by `harness tasks export`.",
        f"As `{'rag' if to.turns else 'base'}` answers it:",
        "  lm_eval --model hf --model_args pretrained=MODEL,dtype=float32,enable_thinking=False \\",
        f"    --include_path {to.home.parent} --tasks {to.name} --apply_chat_template",
    ]
    if to.task.train:
        count = min(to.spec.examples.k, len(to.task.train))
        few_shot = "few-shot+rag" if to.turns else "few-shot"
        lines.append(f"As `{few_shot}` (seed 0): add --num_fewshot {count} --fewshot_as_multiturn true")
    renamed = [f"{name} is {theirs}" for name in to.spec.metrics if (theirs := METRICS[name].lm_eval)]
    if renamed:
        lines.append(f"Among its metrics {listed(renamed)}.")
    lines.append("Paths of data are absolute: lm-eval looks for others where it is started.")
    return "".join(f"# {line}\n" for line in lines)


def _group(to: _Export, parts: Sequence[_Part]) -> dict[str, Any]:
    metrics = [
        {"metric": name, "aggregation": "mean", "weight_by_size": True, "filter_list": ["none"]}
        for name in to.spec.metrics
    ]
    return {"group": to.name, "task": [part.name for part in parts], "aggregate_metric_list": metrics}


def _config(to: _Export, part: _Part) -> dict[str, Any]:
    files = {"test": str(to.home / part.data)}
    shots: dict[str, Any] = {}
    if to.task.train:
        # No num_fewshot: a 0 would be an order, and --num_fewshot would go unheard.
        files["train"] = str(to.home / "train.jsonl")
        config = {"sampler": "first_n", "doc_to_target": "target"}
        shots = {"fewshot_split": "train", "fewshot_config": config}
    return {
        "task": part.name,
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": files},
        "test_split": "test",
        **shots,
        "description": _template(to.spec.system_message),
        "doc_to_text": "prompt",
        **_answering(to.spec, part),
        **_scoring(to.spec),
        "metadata": {"version": 1},
    }


def _answering(spec: TaskSpec, part: _Part) -> dict[str, Any]:
    if part.by_choice:
        return {
            "output_type": "multiple_choice",
            "doc_to_choice": "choices",
            "doc_to_target": "gold",
            "target_delimiter": "",
        }
    decoding = {
        "until": list(spec.answer.stop),
        "max_gen_toks": spec.answer.max_tokens,
        "do_sample": False,
    }
    right = "answers" if spec.answer.type == "label" else "target"
    return {"output_type": "generate_until", "doc_to_target": right, "generation_kwargs": decoding}


def _scoring(spec: TaskSpec) -> dict[str, Any]:
    mean = {"aggregation": "mean", "higher_is_better": True}
    if scorer(spec):
        metrics = [{"metric": name, **mean} for name in spec.metrics]
        return {"process_results": Function(FUNCTION), "metric_list": metrics}
    stripped = {"regexes_to_ignore": [_BLANKS_AROUND]} if spec.answer.type == "label" else {}
    return {"metric_list": [{"metric": METRICS[name].lm_eval, **mean, **stripped} for name in spec.metrics]}


def _template(text: str) -> str:
    """A text that lm-eval's templates render as itself, although it may hold their marks or name a column."""
    if text in (*_COLUMNS, *_KINDS) or _TEMPLATE_MARKS.search(text):
        return f"{{{{ {json.dumps(text, ensure_ascii=False)} }}}}"
    return text
