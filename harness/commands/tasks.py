"""`tasks`: for task authors."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from harness.commands import TASKS
from harness.commands.flags import add_code_flag, add_json_flag, name, place
from harness.commands.importing import add_import
from harness.errors import InputError, collecting, raise_all
from harness.quantities import listed

if TYPE_CHECKING:
    from harness.corpus.inventory import Corpora
    from harness.spec.task import Task


def add_tasks(commands: Any) -> None:
    tasks = commands.add_parser("tasks", help="list, validate, start or import task files")
    verbs = tasks.add_subparsers(required=True, metavar="VERB")
    listing = verbs.add_parser("list", help="the tasks in tasks/")
    add_json_flag(listing)
    listing.set_defaults(run=_list)
    validate = verbs.add_parser(
        "validate", help="check task files, and say what a run of them will do and what would spoil it"
    )
    validate.add_argument("tasks", nargs="*", type=name, metavar="TASK")
    add_json_flag(validate)
    add_code_flag(validate)
    validate.set_defaults(run=_validate)
    schema = verbs.add_parser("schema", help="print the JSON schema of a task file")
    schema.set_defaults(run=_schema)
    new = verbs.add_parser("new", help="write a small task to start from")
    new.add_argument("name", type=name, metavar="NAME")
    new.add_argument("--corpus", metavar="PATH", type=place, help="your documents: a folder, file or glob")
    new.set_defaults(run=_new)
    add_import(verbs)
    docs = verbs.add_parser(
        "docs", help="list a task's documents as they were read, and what was passed over"
    )
    docs.add_argument("task", type=name, metavar="NAME", help="name in tasks/ or path of a YAML file")
    add_json_flag(docs)
    docs.set_defaults(run=_docs)
    export = verbs.add_parser("export", help="write a task in the form of another program")
    export.add_argument("task", type=name, metavar="NAME", help="name in tasks/ or path of a YAML file")
    export.add_argument("--to", required=True, choices=["lm-eval"], help="whose form")
    export.add_argument("folder", metavar="DIR", type=place, help="its files go into DIR/NAME")
    export.add_argument(
        "--with-context", action="store_true",
        help="put retrieved passages before each question, as rag does; the task is called NAME_rag",
    )  # fmt: skip
    export.add_argument(
        "--model", type=name, metavar="NAME", help="whose tokens the passages' budget is counted in"
    )
    export.add_argument("--embedder", type=name, metavar="NAME", help="what finds the passages")
    export.set_defaults(run=_export)


def _list(options: argparse.Namespace) -> None:
    """Every task that can be read, then the mistakes of the others."""
    from harness.files import to_json
    from harness.spec.task import find_tasks, load_task, taken_names

    tasks: list[Task] = []
    errors: list[InputError] = []
    for path in find_tasks((), TASKS):
        with collecting(errors):
            tasks.append(load_task(path))
    errors += taken_names(tasks)
    rows = [_task_row(task) for task in tasks]
    if options.json:
        raise_all(errors)
        print(to_json({"tasks": rows}))
        return
    for row in rows:
        counts = f"{row['test']} test, {row['train']} train" if row["answer"] != "lm-eval" else row["lm_eval"]
        print(f"{row['name']:<16} {row['probes']:<10} {row['answer']:<7} {counts:<22} {row['description']}")
    raise_all(errors)


def _task_row(task: Task) -> dict[str, Any]:
    """What `tasks list` says of a task. One of lm-eval's is not opened for that: its counts are null."""
    lm_eval = getattr(task.spec, "lm_eval", None)
    questions = {"test": task.test, "train": task.train, "dev": task.dev}
    return {
        "name": task.spec.name,
        "description": task.spec.description,
        "probes": task.spec.probes,
        "answer": "lm-eval" if lm_eval else task.own.answer.type,
        **{role: None if lm_eval else len(asked) for role, asked in questions.items()},
        "corpus": task.spec.corpus,
        "path": str(task.path),
        "lm_eval": lm_eval,
    }


def _validate(options: argparse.Namespace) -> None:
    from harness.files import cache_root, to_json
    from harness.lmeval.load import open_tasks
    from harness.preview.case import Case, Tokenizers
    from harness.preview.preview import preview
    from harness.preview.words import lines
    from harness.spec.task import load_tasks

    tasks = open_tasks(load_tasks(options.tasks, TASKS), allow_code=options.allow_task_code)
    tasks, corpora = check_corpora(tasks)
    tokenizers = Tokenizers.fetched(cache_root())
    previews = [
        preview(Case(task, _called(task), corpora.read(task.corpus) if task.corpus else None, tokenizers))
        for task in tasks
    ]
    if options.json:
        print(to_json({"tasks": previews}, indent=2))
        return
    print("\n\n".join("\n".join(lines(each)) for each in previews))


def _docs(options: argparse.Namespace) -> None:
    from harness.corpus.documents import read_corpus
    from harness.files import cache_root, to_json
    from harness.preview.case import Tokenizers
    from harness.preview.listing import lines, listing
    from harness.spec.task import load_tasks

    (task,) = load_tasks([options.task], TASKS)
    if task.corpus is None:
        raise InputError("names no corpus, so the task has no documents.", path=task.path)
    embedder = Tokenizers.fetched(cache_root()).embedder
    shown = listing(task.name, read_corpus(task.corpus), task.corpus, task.spec.retrieval, embedder)
    print(to_json(shown, indent=2) if options.json else "\n".join(lines(shown)))


def _called(task: Task) -> str:
    """How a command names a task: by its name in `tasks/`, elsewhere by its path, as those of lm-eval's, which may be
    members of a group.
    """
    from harness.spec.task import FOLDER_FILE

    place = task.path.parent if task.path.name == FOLDER_FILE else task.path
    named = TASKS in (task.path.parent, place.parent) and not hasattr(task.spec, "lm_eval")
    return task.name if named else str(place)


def _schema(_options: argparse.Namespace) -> None:
    from harness.files import to_json
    from harness.spec.schema import task_json_schema

    print(to_json(task_json_schema(), indent=2))


def check_corpora(tasks: Sequence[Task]) -> tuple[list[Task], Corpora]:
    """Read every corpus, so that its mistakes show before any model loads; the tasks come back with the ids of their
    gold documents.

    Raises InputErrors with the mistakes of all tasks, the first 20 spelled out.
    """
    from harness.corpus.cutting import searched
    from harness.corpus.gold import with_gold_ids
    from harness.corpus.inventory import Corpora

    corpora = Corpora()
    errors: list[InputError] = []
    checked = list(tasks)
    for index, task in enumerate(tasks):
        with collecting(errors):
            if task.corpus is not None:
                corpus = corpora.read(task.corpus)
                try:
                    searched(corpus, task.spec.retrieval.within)
                except InputError as error:
                    errors.append(InputError(str(error), path=task.path))
                checked[index], unknown = with_gold_ids(task, corpus)
                errors += unknown
    raise_all(errors)
    return checked, corpora


def _new(options: argparse.Namespace) -> None:
    from harness.corpus.documents import read_corpus
    from harness.corpus.inventory import tell
    from harness.progress import Terminal
    from harness.spec.starter import scaffold

    document = None
    if options.corpus is not None:
        corpus = read_corpus(options.corpus)
        tell(options.name, corpus.inventory, Terminal())
        document = corpus.documents[0].doc_id
    for path in scaffold(TASKS, options.name, options.corpus, document):
        print(path)
    Terminal().note(
        f"Put your questions in the place of the examples; `harness tasks validate {options.name}` then says what a "
        "run of it will do."
    )


def _export(options: argparse.Namespace) -> None:
    from harness.export.lm_eval import export
    from harness.export.passages import passages_of
    from harness.spec.task import load_tasks

    unused = [f"--{name}" for name in ("model", "embedder") if getattr(options, name) is not None]
    if unused and not options.with_context:
        raise InputError(f"{listed(unused)} serve --with-context only; add it, or leave them out.")
    (task,), _ = check_corpora(load_tasks([options.task], TASKS))
    turns = partial(passages_of, task, options.model, options.embedder) if options.with_context else None
    for path in export(task, options.folder, turns):
        print(path)
