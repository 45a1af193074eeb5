"""A draft → a task folder: `task.yaml` and a question file for each split, checked before it appears."""

from __future__ import annotations

import json
import os
from pathlib import Path

from harness.errors import InputError, InputErrors
from harness.files import new_folder
from harness.imports.draft import ROLES, Draft
from harness.quantities import counted
from harness.spec.task import load_task
from harness.spec.taskspec import check_name

FEWEST_TOKENS, MOST_TOKENS = 24, 512
_LONG_WORDS = 8
"""Answers longer than this are seldom given word for word."""


def free(folder: Path) -> str:
    """The name of the task that a new folder will hold. Raises InputError where it is no name, or the folder exists."""
    name = folder.resolve().name
    try:
        check_name(name)
    except ValueError as error:
        raise InputError(f"the task's name {error}") from None
    if folder.exists() or folder.is_symlink():
        raise InputError("exists already and is left as it is.", path=folder)
    return name


def write_task(draft: Draft, folder: Path) -> list[Path]:
    """Write the task folder and return its files, the task file first. The folder's name is the task's.

    Raises InputError as `free`, InputErrors where the task would not be valid.
    """
    name = free(folder)
    files = {
        "task.yaml": _task_file(draft, name, folder),
        **{f"{role}.jsonl": _lines(draft.records[role]) for role in ROLES if draft.records.get(role)},
    }
    with new_folder(folder) as temporary:
        for file, text in files.items():
            (temporary / file).write_text(text, encoding="utf-8", newline="\n")
        try:
            load_task(temporary / "task.yaml")
        except InputError as error:
            mistakes = [str(mistake).replace(str(temporary), str(folder)) for mistake in error.errors]
            raise InputErrors([InputError(mistake) for mistake in mistakes]) from None
    return [folder / file for file in files]


def remarks_on(draft: Draft) -> list[str]:
    """What could not be imported as it stands, and what its author should look at before a run."""
    remarks = list(draft.remarks)
    answers = [answer for record in draft.records["test"] for answer in record["answers"]]
    long = [answer for answer in answers if len(answer.split()) > _LONG_WORDS]
    if len(long) > len(answers) / 4:
        remarks.append(
            f"{len(long):,} of {counted(len(answers), 'answer')} have more than {_LONG_WORDS} words: `contains` wants "
            "an answer word for word, so shorten them to what a right reply must say."
        )
    if "train" not in draft.records:
        remarks.append(
            "there are no questions to train on: strategies that learn from examples do not apply."
        )
    if draft.corpus is None:
        remarks.append("the task names no corpus: strategies that retrieve do not apply (--corpus).")
    elif not any(record.get("gold_docs") for record in draft.records["test"]):
        remarks.append("no question names its gold documents: recall and `oracle` are missing (--gold).")
    return remarks


def _lines(records: list[dict[str, object]]) -> str:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def _task_file(draft: Draft, name: str, folder: Path) -> str:
    longest = max(
        (len(a) for records in draft.records.values() for r in records for a in r["answers"]), default=0
    )
    tokens = min(MOST_TOKENS, max(FEWEST_TOKENS, longest // 2))
    questions = "".join(f"  {role}: {role}.jsonl\n" for role in ROLES if draft.records.get(role))
    corpus = ""
    if draft.corpus is not None:
        path = Path(os.path.relpath(draft.corpus.resolve(), folder.resolve())).as_posix()
        corpus = f"corpus: {_quoted(path)}\n"
    refusal = f"  refusal: {_quoted(draft.refusal)}\n" if draft.refusal else ""
    declines = f" If you cannot know, reply: {draft.refusal}" if draft.refusal else ""
    system = f"Answer with a short phrase and nothing else.{declines}"
    return (
        f"# Imported from {draft.source}. docs/tasks.md says what each key means.\n"
        f"name: {_quoted(name)}\n"
        f"description: {_quoted(f'Questions from {draft.source}.')}\n"
        "probes: knowledge\n"
        f"{corpus}questions:\n{questions}"
        f"prompt:\n  system: {_quoted(system)}\n"
        f'answer:\n  type: text\n  max_tokens: {tokens}\n  stop: ["\\n"]\n{refusal}'
        f"metrics: [contains, f1{', refusal' if draft.refusal else ''}]\n"
    )


def _quoted(text: str) -> str:
    """A YAML text in double quotes, which JSON's are."""
    return json.dumps(text, ensure_ascii=False)
