"""A draft → a task folder: `task.yaml` and a question file for each split, checked before it appears."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from harness.errors import InputError, InputErrors
from harness.files import new_folder
from harness.imports.draft import ROLES, Draft
from harness.quantities import counted, listed
from harness.scoring.kinds import quantity, yes_or_no
from harness.spec.kinds import KEYS
from harness.spec.kinds import METRIC as KIND_METRIC
from harness.spec.task import FOLDER_FILE, load_task
from harness.spec.taskspec import check_name

FEWEST_TOKENS, MOST_TOKENS = 32, 512
_SENTENCE_TOKENS = 96
"""Room for a sentence or two: chat models seldom answer with a phrase alone."""
_LONG_WORDS = 8
"""Answers longer than this are seldom given word for word."""
_MOST_KEYS = 20
_LONGEST_YES = 8
"""Characters of a yes or no, with what may stand around it."""
_CORPUS = "corpus.jsonl"
_PLACEHOLDER = re.compile(r"\{\s*[A-Za-z_]")
"""What a task file would take for a place to fill."""


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
        FOLDER_FILE: _task_file(draft, name, folder),
        **({_CORPUS: _lines(draft.documents)} if draft.documents else {}),
        **{f"{role}.jsonl": _lines(draft.records[role]) for role in ROLES if draft.records.get(role)},
    }
    with new_folder(folder) as temporary:
        for file, text in files.items():
            (temporary / file).write_text(text, encoding="utf-8", newline="\n")
        try:
            load_task(temporary / FOLDER_FILE)
        except InputError as error:
            mistakes = [str(mistake).replace(str(temporary), str(folder)) for mistake in error.errors]
            raise InputErrors([InputError(mistake) for mistake in mistakes]) from None
    return [folder / file for file in files]


def remarks_on(draft: Draft) -> list[str]:
    """What could not be imported as it stands, and what its author should look at before a run."""
    remarks = list(draft.remarks)
    if draft.kind == "text":
        remarks += [*_long_answers(draft), *_tolerated(draft)]
    if draft.system and not _system_of(draft).startswith(draft.system):
        remarks.append(
            "the system message of the conversations holds placeholders in braces, which nothing would fill: write it "
            "into the task file yourself."
        )
    if "train" not in draft.records:
        remarks.append(
            "there are no questions to train on, so strategies that learn from examples do not apply; --split "
            "test=30,train=70 splits these."
        )
    if draft.kind != "text":
        return remarks
    if draft.corpus is None and not draft.documents:
        remarks.append("the task names no corpus: strategies that retrieve do not apply (--corpus).")
    elif not any(record.get("gold_docs") for record in draft.records["test"]):
        remarks.append("no question names its gold documents: recall and `oracle` are missing (--gold).")
    return remarks


def _long_answers(draft: Draft) -> list[str]:
    answers = [answer for record in draft.records["test"] for answer in record["answers"]]
    long = [answer for answer in answers if len(answer.split()) > _LONG_WORDS]
    if len(long) <= len(answers) / 4:
        return []
    return [
        f"{len(long):,} of {counted(len(answers), 'answer')} have more than {_LONG_WORDS} words: `contains` wants "
        "an answer word for word, so shorten them to what a right reply must say."
    ]


def _tolerated(draft: Draft) -> list[str]:
    """A tolerance that some answers are no numbers for."""
    if draft.tolerance is None:
        return []
    asked = [record for record in draft.records["test"] if record["answers"]]
    numbers = sum(all(map(quantity, record["answers"])) for record in asked)
    if numbers == len(asked):
        return []
    return [
        f"the tolerance of {draft.tolerance} holds for {numbers:,} of {counted(len(asked), 'test question')}: the "
        "answers of the others are no numbers."
    ]


def _lines(records: Sequence[Mapping[str, object]]) -> str:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def _task_file(draft: Draft, name: str, folder: Path) -> str:
    questions = "".join(f"  {role}: {role}.jsonl\n" for role in ROLES if draft.records.get(role))
    corpus = _CORPUS if draft.documents else None
    if draft.corpus is not None:
        corpus = Path(os.path.relpath(draft.corpus.resolve(), folder.resolve())).as_posix()
    return (
        f"# Imported from {draft.source}. docs/tasks.md says what each key means.\n"
        f"name: {_quoted(name)}\n"
        f"description: {_quoted(f'Questions from {draft.source}.')}\n"
        f"probes: {'knowledge' if draft.kind in ('text', 'choice') else 'behaviour'}\n"
        f"{f'corpus: {_quoted(corpus)}{chr(10)}' if corpus else ''}"
        f"questions:\n{questions}"
        f"prompt:\n  system: {_quoted(_system_of(draft))}\n"
        f"answer:\n{_answer_of(draft)}"
    )


def _system_of(draft: Draft) -> str:
    """The system message: the source's own, else one that asks for answers of this kind."""
    own = draft.system if draft.system and not _PLACEHOLDER.search(draft.system) else ""
    if draft.kind == "label":
        text = own or "Reply with the label that fits, and with nothing else."
        return f"{text} The labels are: {{labels}}."
    if draft.kind == "json":
        keys = [
            key
            for key in dict.fromkeys(_keys(draft))
            if not _PLACEHOLDER.search(f"{{{key}}}") or "{" not in key
        ]
        unsaid = "write null for" if _nulls(draft) else "leave out"
        of = (
            f" Its keys are {listed(keys)}; {unsaid} what the text does not say."
            if len(keys) <= _MOST_KEYS
            else ""
        )
        return own or f"Reply with one JSON object and with nothing else.{of}"
    text = own or "Answer with a short phrase and nothing else."
    return f"{text} If you cannot know, reply: {draft.refusal}" if draft.refusal else text


def _keys(draft: Draft) -> Iterator[str]:
    for records in draft.records.values():
        yield from (key for record in records for answer in record["answers"] for key in answer)


def _nulls(draft: Draft) -> bool:
    """Whether an answer has a key whose value is null, which is another answer than one without the key."""
    return any(
        value is None
        for records in draft.records.values()
        for record in records
        for answer in record["answers"]
        for value in answer.values()
    )


def _answer_of(draft: Draft) -> str:
    """The answer section of a task file, and the metrics that follow it."""
    answers = (a for records in draft.records.values() for record in records for a in record["answers"])
    longest = max((len(a if isinstance(a, str) else json.dumps(a)) for a in answers), default=0)
    fewest = _SENTENCE_TOKENS if draft.kind == "text" else FEWEST_TOKENS
    tokens = 1 if draft.kind == "choice" else min(MOST_TOKENS, max(fewest, longest // 2))
    lines = f"  type: {draft.kind}\n  max_tokens: {tokens}\n"
    if draft.kind == "label":
        labels = "".join(f"    - {_quoted(label)}\n" for label in draft.labels)
        return f"{lines}  labels:\n{labels}metrics: [label]\n"
    if draft.kind == "json":
        return f"{lines}metrics: [exact_json, json_fields, json_valid]\n"
    if draft.kind == "choice":
        return f"{lines}metrics: [choice, choice_per_char]\n"
    refusal = f"  refusal: {_quoted(draft.refusal)}\n" if draft.refusal else ""
    tolerance = f"  tolerance: {_quoted(draft.tolerance)}\n" if draft.tolerance else ""
    metrics = [
        *([KIND_METRIC] if _of_a_kind(draft) else []),
        "contains",
        "f1",
        *(["refusal"] if refusal else []),
    ]
    return f"{lines}{refusal}{tolerance}metrics: [{', '.join(metrics)}]\n"


def _of_a_kind(draft: Draft) -> bool:
    """Whether a question says what its answer is made of, or is answered by yes or no."""
    records = [record for records in draft.records.values() for record in records]
    return draft.tolerance is not None or any(
        not record.keys().isdisjoint(KEYS) or (not record.get("choices") and _yes_or_no(record["answers"]))
        for record in records
    )


def _yes_or_no(answers: Sequence[str]) -> bool:
    """Normalising takes long in a large table, so only what is as short as these words is looked at."""
    return all(len(answer) <= _LONGEST_YES for answer in answers) and yes_or_no(answers)


def _quoted(text: str) -> str:
    """A YAML text in double quotes, which JSON's are."""
    return json.dumps(text, ensure_ascii=False)
