"""Why lm-eval could not open a task, as a sentence; of code that fails on a document, which document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from harness.errors import InputError
from harness.lmeval.data import SPLITS, load
from harness.lmeval.library import offline
from harness.lmeval.survey import TaskFile
from harness.spec.yamlfile import YamlFile


def blamed(leaves: Sequence[TaskFile], error: Exception, file: YamlFile, *, allow_code: bool) -> InputError:
    """An error of lm-eval's as one for the author; `file` names the task that was to be opened."""
    if allow_code:
        with offline():
            found = next((one for leaf in leaves for one in _documents(leaf)), None)
        if found:
            return found
    what = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
    text = f"lm-eval cannot open it ({what})."
    return leaves[0].error(("task",), text) if len(leaves) == 1 else file.error(("lm_eval",), text)


def _documents(leaf: TaskFile) -> Iterator[InputError]:
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
            error = _raised(process, data[split].select([place]))
            if error:
                yield leaf.error(
                    ("process_docs",),
                    f"fails on document {place} of {split!r}: {type(error).__name__}: {error}.",
                )
                return


def _raised(process: Any, docs: Any) -> Exception | None:
    try:
        process(docs)
    except Exception as error:  # noqa: BLE001 - the author's code may raise anything
        return error
    return None
