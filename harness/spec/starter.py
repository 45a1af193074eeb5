"""A first task to start from, and which of its examples somebody left as they came."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from harness.errors import InputError, InputErrors
from harness.files import write_json, write_text
from harness.quantities import counted
from harness.spec.questions import QuestionFile
from harness.spec.taskspec import check_name

_FILES = Path(__file__).with_name("new_task")
_QUESTIONS = ("test.jsonl", "train.jsonl")
_NO_CORPUS = "# corpus: ../documents\n"


def scaffold(folder: Path, name: str, corpus: Path | None = None, document: str | None = None) -> list[Path]:
    """Write a task to start from into `folder`: NAME.yaml, its question files, the schema where it is absent.

    `corpus`: a folder, file or glob of documents that it shall name; `document`: the id of one of them, which the first
    example names as an author would. Returns what was written, the task file first. Raises InputError for a bad name,
    and InputErrors rather than overwrite anything, in which case nothing is written.
    """
    from harness.spec.schema import SCHEMA_FILE, task_json_schema

    try:
        check_name(name)
    except ValueError as error:
        raise InputError(f"the task's name {error}") from None
    task = _template("NAME.yaml").replace("NAME", name)
    if corpus is not None:
        task = task.replace(
            _NO_CORPUS, f"corpus: {json.dumps(_seen_from(folder, corpus), ensure_ascii=False)}\n"
        )
    test, train = map(_template, _QUESTIONS)
    if document is not None:
        first, rest = test.split("\n", 1)
        example = {**json.loads(first), "gold_docs": [document]}
        test = f"{json.dumps(example, ensure_ascii=False)}\n{rest}"
    files = {
        folder / f"{name}.yaml": task,
        folder / name / "test.jsonl": test,
        folder / name / "train.jsonl": train,
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


def _seen_from(folder: Path, corpus: Path) -> str:
    """The path of the documents as a task file in `folder` names it."""
    try:
        return Path(os.path.relpath(corpus.resolve(), folder.resolve())).as_posix()
    except ValueError:  # on another drive
        return corpus.resolve().as_posix()


def left_as_they_came(files: Iterable[QuestionFile]) -> Iterator[str]:
    """A sentence where questions of a task are still the examples that `scaffold` wrote."""
    left = [(file, [q for q in file.questions if q.question in _examples()]) for file in files]
    counts = [(file, questions) for file, questions in left if questions]
    if counts:
        first, questions = counts[0]
        how_many = " and ".join(
            f"{len(found):,} of {counted(len(file.questions), 'question')} in {file.path.name}"
            for file, found in counts
        )
        yield (
            f"{first.place(questions[0])}: still asks what `tasks new` wrote as an example. So do {how_many}: put "
            "questions of your own in their place."
        )


@cache
def _examples() -> frozenset[str]:
    lines = (line for file in _QUESTIONS for line in _template(file).splitlines())
    return frozenset(json.loads(line)["question"] for line in lines)


def _template(file: str) -> str:
    return (_FILES / file).read_text(encoding="utf-8")
