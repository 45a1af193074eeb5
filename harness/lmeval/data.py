"""The data of an lm-eval task, looked at before lm-eval opens it: is it on this machine, has it the splits it needs?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from harness.errors import InputError, did_you_mean, shown
from harness.lmeval.library import import_lm_eval, offline
from harness.lmeval.taskfiles import TaskFile
from harness.quantities import listed
from harness.spec.yamlfile import YamlFile

SPLITS = ("training_split", "validation_split", "test_split", "fewshot_split")
BUILDERS = ("json", "csv", "parquet", "text", "arrow", "xml")
"""Readers of local files that the datasets library brings."""


class Elsewhere(InputError):
    """A data set that is not on this machine; one message names it for all the tasks that need it."""

    def __init__(self, path: str, name: str | None) -> None:
        super().__init__(elsewhere(path, [name] if name else []))
        self.data_set, self.name = path, name


def data_errors(files: Sequence[TaskFile]) -> list[InputError]:
    """What keeps tasks from their data."""
    errors: list[InputError] = []
    missing: dict[str, tuple[TaskFile, list[str]]] = {}
    for file in files:
        try:
            errors += _errors(file)
        except Elsewhere as error:
            _, names = missing.setdefault(error.data_set, (file, []))
            names += [error.name] if error.name else []
    for path, (file, names) in missing.items():
        errors.append(file.error(("dataset_path",), elsewhere(path, names)))
    return errors


def _errors(file: TaskFile) -> list[InputError]:
    config = file.config
    if config.get("custom_dataset") is not None or "class" in config:
        return []  # code of its own says what its data are
    if not isinstance(config.get("dataset_path"), str):
        return [file.error(("dataset_path",), "is missing: the task names no data.")]
    errors = list(_remote(file, config))
    if errors:
        return errors
    try:
        data = load(config)
    except Elsewhere:
        raise
    except InputError as error:
        return [file.error(("dataset_path",), str(error))]
    return list(_splits(file, config, data))


def load(config: dict[str, Any]) -> Any:
    """The data of a task's configuration, split by split. Raises InputError with a sentence where it is not here."""
    import_lm_eval()
    import datasets

    path, name = config["dataset_path"], config.get("dataset_name")
    options = json.loads(json.dumps(config.get("dataset_kwargs") or {}))  # tuples of our reader become lists
    options.pop("trust_remote_code", None)
    with offline():
        try:
            return datasets.load_dataset(path=path, name=name, **options)
        except (OSError, ValueError, KeyError, RuntimeError, datasets.exceptions.DatasetsError) as error:
            if path in BUILDERS or Path(path).exists():
                first = (str(error).splitlines() or [""])[0]
                raise InputError(f"its data cannot be read ({shown(path)}): {first}") from error
            raise Elsewhere(path, name) from error


def elsewhere(path: str, names: Sequence[str]) -> str:
    """The sentence for a data set that lies on a hub, in the configurations that are needed."""
    arguments = ", ".join(json.dumps(part) for part in (path, *names[:1]))
    several = f"; likewise the other {len(names) - 1}" if len(names) > 1 else ""
    which = f" ({listed(names, 3)})" if names else ""
    return (
        f"its data are the data set {path!r}{which} of the Hugging Face hub, which is not on this machine; nothing is "
        "fetched during a run. Fetch it once where there is a network, with "
        f"python -c 'import datasets; datasets.load_dataset({arguments})'{several}, or write a task file that points "
        "to a copy here: dataset_path: json, dataset_kwargs: {data_files: {test: FILE.jsonl}}."
    )


def _remote(file: TaskFile, config: dict[str, Any]) -> Iterator[InputError]:
    """Files that are named by an address, and data that bring code."""
    path = config["dataset_path"]
    if path == "pandas" or path.endswith((".py", ".pkl")):
        yield file.error(
            ("dataset_path",), f"is {shown(path)}, which runs code when it is read; write JSON lines."
        )
    options = config.get("dataset_kwargs")
    files = options.get("data_files") if isinstance(options, dict) else None
    for name in _leaves(files):
        if "://" in name:
            text = f"names {shown(name)}, and nothing is fetched during a run; name a file on this machine."
            yield file.error(("dataset_kwargs", "data_files"), text)
        elif not any(sign in name for sign in "*?[") and not Path(name).exists():
            text = f"names {shown(name)}; there is no such file, seen from {Path.cwd()}, where lm-eval looks."
            yield file.error(("dataset_kwargs", "data_files"), text)
    if isinstance(options, dict) and options.get("trust_remote_code"):
        yield file.error(
            ("dataset_kwargs", "trust_remote_code"), "asks to run code of a data set; leave it out."
        )


def _splits(file: TaskFile, config: dict[str, Any], data: Any) -> Iterator[InputError]:
    known = list(data)
    for key in SPLITS:
        split = config.get(key)
        if isinstance(split, str) and split not in known:
            hint = did_you_mean(split.split("[")[0], known)
            yield file.error((key,), f"is {shown(split)}, but the data have {', '.join(known)}{hint}.")
    tested = config.get("test_split") or config.get("validation_split")
    if tested is None:
        yield file.error(("test_split",), "is missing, and validation_split too: nothing would be asked.")
    elif tested in known and not len(data[tested]):
        yield file.error(("test_split",), f"is {tested!r}, in which there is no document.")


def _leaves(files: Any) -> Iterator[str]:
    if isinstance(files, str):
        yield files
    elif isinstance(files, dict | list | tuple):
        for part in files.values() if isinstance(files, dict) else files:
            yield from _leaves(part)


def cannot_open(
    leaves: Sequence[TaskFile], error: Exception, file: YamlFile, *, allow_code: bool
) -> InputError:
    """lm-eval's error on opening a task as one for the author of `file`; of code that fails on a document, which."""
    if allow_code:
        with offline():
            on_document = next((error for leaf in leaves for error in _document_errors(leaf)), None)
        if on_document:
            return on_document
    what = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
    text = f"lm-eval cannot open it ({what})."
    return leaves[0].error(("task",), text) if len(leaves) == 1 else file.error(("lm_eval",), text)


def _document_errors(leaf: TaskFile) -> Iterator[InputError]:
    """The first document that a task's `process_docs` cannot take, asked of each alone."""
    if not leaf.tagged(("process_docs",)) or leaf.config.get("custom_dataset") is not None:
        return
    from lm_eval.tasks._yaml_loader import load_yaml

    process = load_yaml(leaf.path)["process_docs"]
    data = load(leaf.config)
    for key in SPLITS:
        split = leaf.config.get(key)
        if split not in data:
            continue
        for place in range(len(data[split])):
            try:
                process(data[split].select([place]))
            except Exception as error:  # noqa: BLE001 - the author's code may raise anything
                text = f"fails on document {place} of {split!r}: {type(error).__name__}: {error}."
                yield leaf.error(("process_docs",), text)
                return
