"""lm-eval's task files, read before lm-eval reads them: every mistake with file and line, and where code stands.

lm-eval leaves out a file that it cannot read without a word, looks for an unknown metric on a hub, and runs the
code that a file names as soon as it opens it. Nothing is run here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from harness.errors import InputError, did_you_mean, shown
from harness.lmeval.greedy import not_greedy
from harness.lmeval.library import import_lm_eval, member_names
from harness.spec.mistakes import Loc
from harness.spec.yamlfile import YamlFile, load_yaml

TAG = "!function"
OUTPUT_TYPES = ("generate_until", "loglikelihood", "loglikelihood_rolling", "multiple_choice")
_STRUCTURE = ("task", "group", "tag", "task_list", "class", "include", "group_alias", "aggregate_metric_list")


@dataclass(frozen=True)
class TaskFile:
    """One of lm-eval's task files with the files that it includes; the nearest word counts."""

    files: tuple[YamlFile, ...]

    @property
    def path(self) -> Path:
        return self.files[0].source.path

    @property
    def config(self) -> dict[str, Any]:
        """The keys of all of them together, functions as text."""
        merged: dict[str, Any] = {}
        for file in reversed(self.files):
            merged |= {key: value for key, value in file.values.items() if key != "include"}
        return merged

    def error(self, loc: Loc, sentence: str) -> InputError:
        """A mistake at the place where the key stands that counts."""
        file = next((file for file in self.files if loc and loc[0] in file.values), self.files[0])
        return file.error(loc, sentence)

    def tagged(self, loc: Loc) -> bool:
        return any(loc in file.tagged for file in self.files if loc[0] in file.values)


def read(path: Path) -> TaskFile:
    """Read a task file and what it includes. Raises InputError where one of them cannot be read."""
    files: list[YamlFile] = []

    def follow(path: Path) -> None:
        file = load_yaml(path, tags=(TAG,))
        files.append(file)
        named = file.values.get("include")
        for name in named if isinstance(named, tuple) else [named] if named else []:
            other = Path(path.parent, str(name))
            if not other.is_file():
                raise file.error(("include",), f"there is no file {other}.")
            if any(known.source.path.resolve() == other.resolve() for known in files):
                raise file.error(("include",), f"{other} includes itself.")
            follow(other)

    follow(path)
    return TaskFile(tuple(files))


def mistakes(file: TaskFile) -> list[InputError]:
    """What is wrong with a task file in itself."""
    errors = [one.error(loc, text, place) for one in file.files for loc, place, text in one.mistakes]
    config = file.config
    if "group" in config:
        return errors
    if not isinstance(config.get("task"), str):
        what = "is no name" if "task" in config else "is missing"
        errors.append(
            file.error(("task",), f"{what}: lm-eval leaves out a file without one and says nothing.")
        )
        return errors
    return [
        *errors,
        *_keys(file, config),
        *_kinds(file, config),
        *_metrics(file, config),
        *_filters(file, config),
    ]


def _keys(file: TaskFile, config: dict[str, Any]) -> Iterator[InputError]:
    from lm_eval.config.task import TaskConfig

    known = {field.name for field in fields(TaskConfig)} | {*_STRUCTURE}
    for key in config:
        if key not in known and "class" not in config:
            yield file.error((key,), f"is not a key that lm-eval knows{did_you_mean(key, known)}.")


def _kinds(file: TaskFile, config: dict[str, Any]) -> Iterator[InputError]:
    kind = config.get("output_type", OUTPUT_TYPES[0])
    if kind not in OUTPUT_TYPES:
        hint = did_you_mean(str(kind), OUTPUT_TYPES)
        yield file.error(
            ("output_type",), f"is {shown(kind)}, which is none of {', '.join(OUTPUT_TYPES)}{hint}."
        )
    if config.get("unsafe_code"):
        yield file.error(
            ("unsafe_code",), "means that what the model writes is run as a program; not done here."
        )
    for key in ("doc_to_image", "doc_to_audio"):
        if config.get(key):
            yield file.error((key,), "is for models that see or hear; the models here read text.")
    yield from _decoding(file, config)


def _decoding(file: TaskFile, config: dict[str, Any]) -> Iterator[InputError]:
    named = config.get("generation_kwargs")
    asked = named if isinstance(named, dict) else {}
    for key in not_greedy(asked):
        text = f"is {shown(asked[key])}, but every strategy here decodes greedily; leave it out."
        yield file.error(("generation_kwargs", key), text)


def _metrics(file: TaskFile, config: dict[str, Any]) -> Iterator[InputError]:
    from lm_eval.api.registry import aggregation_registry, metric_registry

    metrics, aggregations = _names(metric_registry), _names(aggregation_registry)
    own = config.get("process_results") is not None or "class" in config
    listed = config.get("metric_list")
    for at, entry in enumerate(listed if isinstance(listed, tuple) else ()):
        name = entry.get("metric") if isinstance(entry, dict) else None
        if not isinstance(name, str):
            yield file.error(("metric_list", at), "needs the key metric.")
            continue
        here: Loc = ("metric_list", at, "metric")
        if entry.get("hf_evaluate"):
            yield file.error(
                here, f"is {name!r} of a hub (hf_evaluate), which is code that is fetched; not done here."
            )
        elif not own and name not in metrics and not file.tagged(here):
            text = f"is {name!r}, which lm-eval does not know{did_you_mean(name, metrics)}; it would look on a hub."
            yield file.error(here, text)
        there: Loc = ("metric_list", at, "aggregation")
        how = entry.get("aggregation")
        if how is not None and how not in aggregations and not file.tagged(there):
            text = f"is {shown(how)}, which lm-eval does not know{did_you_mean(str(how), aggregations)}."
            yield file.error(there, text)


def _filters(file: TaskFile, config: dict[str, Any]) -> Iterator[InputError]:
    from lm_eval.api.registry import filter_registry

    known = _names(filter_registry)
    pipelines = config.get("filter_list")
    for at, pipeline in enumerate(pipelines if isinstance(pipelines, tuple) else ()):
        steps = pipeline.get("filter") if isinstance(pipeline, dict) else None
        if not isinstance(steps, tuple) or not isinstance(pipeline.get("name"), str):
            yield file.error(("filter_list", at), "needs the keys name and filter, a list of functions.")
            continue
        for step, function in enumerate(steps):
            here: Loc = ("filter_list", at, "filter", step, "function")
            name = function.get("function") if isinstance(function, dict) else None
            if name not in known and not file.tagged(here):
                text = f"is {shown(name)}, which is no filter of lm-eval's{did_you_mean(str(name), known)}."
                yield file.error(here, text)
                continue
            pattern = function.get("regex_pattern") if isinstance(function, dict) else None
            if isinstance(pattern, str) and (why := _broken(pattern)):
                yield file.error((*here[:-1], "regex_pattern"), f"is no regular expression: {why}.")


def _broken(pattern: str) -> str | None:
    try:
        re.compile(pattern)
    except re.error as error:
        return str(error)
    return None


def _names(registry: Any) -> list[str]:
    import_lm_eval()
    return sorted(registry)


def code(file: TaskFile) -> list[InputError]:
    """Every place of a task file that names code, each with what to do about it."""
    return [
        one.error(
            loc,
            f"is code ({one.value_at(loc)}). It would run here with your rights; read it, and where you trust it "
            "add --allow-task-code.",
            one.place(loc),
        )
        for one in file.files
        for loc in one.tagged
    ]


def members(file: TaskFile, index: dict[str, list[Path]]) -> tuple[list[TaskFile], list[InputError]]:
    """The files that a group names, those of groups within it too, which may hold code of their own; and mistakes,
    those of unreadable files too."""
    found: list[TaskFile] = []
    errors: list[InputError] = []
    for name in member_names(file.config):
        if name not in index:
            hint = did_you_mean(name, index)
            unread = [str(error) for error in _unreadable(file.path.parent)]
            also = f" These files cannot be read: {' '.join(unread)}" if unread else ""
            errors.append(file.error(("task",), f"no file beside it is the task {name!r}{hint}.{also}"))
            continue
        for member in map(read, index[name]):
            found.append(member)
            if "group" in member.config:
                more, wrong = members(member, index)
                found += more
                errors += wrong
    return found, errors


def _unreadable(folder: Path) -> Iterator[InputError]:
    for path in sorted(folder.rglob("*.yaml")):
        try:
            read(path)
        except InputError as error:
            yield error
