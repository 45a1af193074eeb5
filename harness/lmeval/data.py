"""The data of an lm-eval task, looked at before lm-eval opens it: is it on this machine, has it the splits it needs?"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.errors import InputError, did_you_mean, raise_all, shown
from harness.lmeval.configs import Config, is_file
from harness.lmeval.library import import_lm_eval, is_built_in, offline
from harness.lmeval.taskfiles import Leaf
from harness.quantities import listed

SPLITS = ("training_split", "validation_split", "test_split", "fewshot_split")
BUILDERS = ("json", "csv", "parquet", "text", "arrow", "xml")
"""Readers of local files that the datasets library brings."""
RUNNING = ("pandas", "generator", "spark", "sql", "cache", "webdataset")
"""Readers of the datasets library that unpickle, run functions or ask servers."""
REFUSED = {
    "cache_dir": "writes to a folder that the file names",
    "storage_options": "is for data that are fetched",
    "token": "is for data that are fetched",
    "num_proc": "starts processes",
    "streaming": "reads no splits as a whole",
    "split": "leaves no splits to name",
}
"""Options of `datasets.load_dataset` that do more than name data here."""


class DataNotHere(InputError):
    """A data set that is not on this machine; one message names it for all the tasks that need it."""

    def __init__(self, path: str, name: str | None) -> None:
        super().__init__(elsewhere(path, [name] if name else []))
        self.data_set, self.name = path, name


def load_data(leaves: Sequence[Leaf]) -> dict[str, Any]:
    """The data of each task by its name, split by split; None where code of its own says what they are.

    Raises InputErrors with what keeps tasks from their data.
    """
    errors: list[InputError] = []
    data: dict[str, Any] = {}
    missing: dict[str, tuple[Leaf, list[str]]] = {}
    for leaf in leaves:
        try:
            data[leaf.name] = _load(leaf.config)
        except DataNotHere as error:
            _, names = missing.setdefault(error.data_set, (leaf, []))
            names += [error.name] if error.name else []
        except InputError as error:
            errors += error.errors
    for path, (leaf, names) in missing.items():
        errors.append(leaf.config.error(("dataset_path",), elsewhere(path, names)))
    raise_all(distinct(errors))
    return data


def _load(config: Config) -> Any:
    values = config.values
    if values.get("custom_dataset") is not None or "class" in values:
        return None
    raise_all(list(_unfit(config)))
    try:
        data = read_data(values)
    except DataNotHere:
        raise
    except InputError as error:
        raise config.error(("dataset_path",), str(error)) from error
    if not isinstance(data, dict):
        raise config.error(("dataset_kwargs",), "asks for one split alone, or for a stream.")
    raise_all(list(_splits(config, data)))
    return data


def read_data(values: Mapping[str, Any]) -> Any:
    """The data of a task, split by split. Raises InputError with a sentence where they are not here."""
    import_lm_eval()
    import datasets

    path, name = values["dataset_path"], values.get("dataset_name")
    options = deepcopy(values.get("dataset_kwargs") or {})
    options.pop("trust_remote_code", None)  # as lm-eval does: no data set runs code any more
    with offline():
        try:
            return _as_they_lie(datasets.load_dataset(path=path, name=name, **options))
        except Exception as error:  # the library raises anything over files that it cannot read
            if path in BUILDERS or os.path.exists(path):  # noqa: PTH110 - false for a name that no file can have
                first = (str(error).splitlines() or [""])[0]
                raise InputError(f"its data cannot be read ({shown(path)}): {first}") from error
            raise DataNotHere(path, name) from error


def _as_they_lie(data: Any) -> Any:
    """The data with pictures and sounds as they are stored: to decode one, a file or an address would be opened."""
    for split in list(data) if isinstance(data, dict) else ():
        for column, feature in data[split].features.items():
            if (plain := _undecoded(feature)) != feature:
                data[split] = data[split].cast_column(column, plain)
    return data


def _undecoded(feature: Any) -> Any:
    if isinstance(feature, dict):
        return {key: _undecoded(part) for key, part in feature.items()}
    if isinstance(feature, list):
        return [_undecoded(part) for part in feature]
    if hasattr(feature, "decode_example"):
        return replace(feature, decode=False)
    return replace(feature, feature=_undecoded(feature.feature)) if hasattr(feature, "feature") else feature


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


def _unfit(config: Config) -> Iterator[InputError]:
    """What of the keys that name data is no name of data on this machine, or is more than that."""
    path, options = config.values.get("dataset_path"), config.values.get("dataset_kwargs")
    if not isinstance(path, str) or not path:
        yield config.error(("dataset_path",), "is missing: the task names no data.")
        return
    if path in RUNNING or path.endswith((".py", ".pkl", ".pickle")):
        yield config.error(
            ("dataset_path",), f"is {shown(path)}, which runs code when it is read; write JSON lines."
        )
    elif "://" in path or "::" in path:
        yield config.error(("dataset_path",), f"is {shown(path)}, and nothing is fetched during a run.")
    if not isinstance(config.values.get("dataset_name"), str | None):
        yield config.error(("dataset_name",), "must be text; put it in quotes.")
    if options is None:
        return
    if not isinstance(options, dict):
        yield config.error(
            ("dataset_kwargs",), "must be a mapping, such as {data_files: {test: FILE.jsonl}}."
        )
        return
    for key, value in options.items():
        if (
            key == "trust_remote_code"
            and value
            and not is_built_in(config.origins["dataset_kwargs"][0].source.path)
        ):
            yield config.error(("dataset_kwargs", key), "asks to run code of a data set; leave it out.")
        elif key in REFUSED:
            yield config.error(("dataset_kwargs", key), f"is not taken here: it {REFUSED[key]}.")
    yield from _missing_files(config, options.get("data_files"), str(options.get("data_dir") or ""))


def _missing_files(config: Config, files: Any, folder: str) -> Iterator[InputError]:
    for name in _leaves(files):
        if not isinstance(name, str):
            text = f"names {shown(name)}, which is no file."
        elif "://" in name or "::" in name:
            text = f"names {shown(name)}, and nothing is fetched during a run; name a file on this machine."
        elif name.endswith((".pkl", ".pickle")):
            text = f"names {shown(name)}, which runs code when it is read; write JSON lines."
        elif not any(sign in name for sign in "*?[") and not folder and not is_file(Path(name)):
            text = f"names {shown(name)}; there is no such file, seen from {Path.cwd()}, where lm-eval looks."
        else:
            continue
        yield config.error(("dataset_kwargs", "data_files"), text)


def _splits(config: Config, data: Mapping[str, Any]) -> Iterator[InputError]:
    known = list(map(str, data))
    values = config.values
    for key in SPLITS:
        split = values.get(key)
        if split is not None and split not in known:
            hint = did_you_mean(str(split).split("[")[0], known)
            yield config.error((key,), f"is {shown(split)}, but the data have {', '.join(known)}{hint}.")
    tested = values.get("test_split") or values.get("validation_split")
    if tested is None:
        yield config.error(("test_split",), "is missing, and validation_split too: nothing would be asked.")
    elif tested in known and not len(data[tested]):
        yield config.error(("test_split",), f"is {tested!r}, in which there is no document.")


def _leaves(files: Any) -> Iterator[Any]:
    if isinstance(files, dict | list):
        for part in files.values() if isinstance(files, dict) else files:
            yield from _leaves(part)
    elif files is not None:
        yield files


def distinct(errors: Iterable[InputError]) -> list[InputError]:
    return list({str(error): error for error in errors}.values())


def cannot_open(leaf: Leaf, process: Any, data: Any, error: Exception) -> InputError:
    """lm-eval's error on opening a task as one for its author; of code that fails on a document, which."""
    if process is not None and data is not None:
        on_document = _document_error(leaf, process, data)
        if on_document:
            return on_document
    what = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
    return leaf.config.error(("task",), f"lm-eval cannot open it ({what}).")


def _document_error(leaf: Leaf, process: Any, data: Any) -> InputError | None:
    """The first document that a task's `process_docs` cannot take, asked of each alone."""
    for key in SPLITS:
        split = leaf.config.values.get(key)
        for place in range(len(data[split]) if split in data else 0):
            try:
                process(data[split].select([place]))
            except Exception as error:  # noqa: BLE001 - the author's code may raise anything
                text = f"fails on document {place} of {split!r}: {type(error).__name__}: {error}."
                return leaf.config.error(("process_docs",), text)
    return None
