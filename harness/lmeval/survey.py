"""What is wrong in lm-eval's task files, with file and line, and where code stands, before lm-eval reads them.

lm-eval leaves out a file that it cannot read without a word, looks for an unknown metric on a hub, and runs the
code that a file names as soon as it opens it. Nothing is run here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from harness.errors import InputError, did_you_mean, shown
from harness.lmeval.greedy import not_greedy
from harness.lmeval.library import import_lm_eval
from harness.lmeval.taskfiles import TaskFile
from harness.spec.mistakes import Loc

OUTPUT_TYPES = ("generate_until", "loglikelihood", "loglikelihood_rolling", "multiple_choice")
_STRUCTURE = ("task", "group", "tag", "task_list", "class", "include", "group_alias", "aggregate_metric_list")
_NOT_HERE = {
    "unsafe_code": "means that what the model writes is run as a program; not done here.",
    "doc_to_image": "is for models that see or hear; the models here read text.",
    "doc_to_audio": "is for models that see or hear; the models here read text.",
}


def mistakes(file: TaskFile) -> list[InputError]:
    """What is wrong with a task file in itself."""
    errors = [part.error(loc, text, place) for part in file.files for loc, place, text in part.mistakes]
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
    for key, sentence in _NOT_HERE.items():
        if config.get(key):
            yield file.error((key,), sentence)
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
        part.error(
            loc,
            f"is code ({part.value_at(loc)}). It would run here with your rights; read it, and where you trust it "
            "add --allow-task-code.",
        )
        for part in file.files
        for loc in part.tagged
    ]
