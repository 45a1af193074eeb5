"""Values that were looked at → lm-eval's own objects: this is the one place where a task's code is imported."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from harness.errors import InputError
from harness.lmeval.data import cannot_open
from harness.lmeval.library import import_lm_eval, offline
from harness.lmeval.reader import Code
from harness.lmeval.taskfiles import Branch, Leaf


def open_leaf(leaf: Leaf, data: Any) -> Any:
    """lm-eval's task over `data`; where these are None, code of the task's own says what they are.

    Raises InputError where lm-eval, or code of the task's, cannot do it.
    """
    import_lm_eval()
    config = with_functions(leaf.config.values)
    metadata = config.get("metadata")
    config["metadata"] = (
        metadata if isinstance(metadata, dict) else {"_metadata": metadata} if metadata else {}
    )
    try:
        with offline():
            return _task(leaf.name, config, data)
    except InputError as error:
        raise leaf.config.error(("task",), str(error)) from error
    except Exception as error:
        with offline():
            raise cannot_open(leaf, config.get("process_docs"), data, error) from error


def _task(name: str, config: dict[str, Any], data: Any) -> Any:
    from lm_eval.api.task import ConfigurableTask

    class Given(ConfigurableTask):  # type: ignore[misc]
        """lm-eval's task over data that are read already."""

        def download(self, *_: Any, **__: Any) -> None:
            self.dataset = data

    own = config.get("class")
    if own is None:
        return (ConfigurableTask if data is None else Given)(config=config)
    task = own(config=config) if "config" in inspect.signature(own.__init__).parameters else own()
    if hasattr(getattr(task, "config", None), "task"):
        task.config.task = name
    return task


def open_group(group: Branch, tasks: Mapping[str, Any]) -> Any:
    """lm-eval's group, with its members among `tasks` by name. Raises InputError where its keys are wrong."""
    import_lm_eval()
    from lm_eval.api.group import Group

    keys = ("group_alias", "aggregate_metric_list", "metadata")
    config = {key: with_functions(value) for key, value in group.config.values.items() if key in keys}
    try:
        opened = Group.from_config({**config, "group": group.name, "task": []})
    except (TypeError, ValueError, AttributeError) as error:
        raise group.config.error(("aggregate_metric_list",), f"lm-eval cannot read it ({error}).") from error
    for member in group.members:
        opened.add(open_group(member, tasks) if isinstance(member, Branch) else tasks[member.name])
    return opened


def with_functions(value: Any) -> Any:
    """A copy of a value in which the functions stand that it names. Imports their modules."""
    if isinstance(value, Code):
        return _imported(value)
    if isinstance(value, dict):
        return {with_functions(key): with_functions(part) for key, part in value.items()}
    return [with_functions(part) for part in value] if isinstance(value, list) else value


def _imported(code: Code) -> Any:
    from lm_eval.tasks._yaml_loader import _import_func_in_yml

    try:
        return _import_func_in_yml(code.name, code.file.parent)
    except Exception as error:
        what = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
        raise code.error(f"{code.name} cannot be imported ({what}).") from error
