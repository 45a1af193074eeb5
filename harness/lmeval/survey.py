"""What is wrong with lm-eval's tasks, with file and line, before lm-eval sees them.

lm-eval looks for an unknown metric on a hub, and a prompt in other files and packages; here this is refused.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import fields, replace
from typing import Any

from harness.errors import InputError, did_you_mean, shown
from harness.lmeval.configs import Config
from harness.lmeval.greedy import not_greedy
from harness.lmeval.library import import_lm_eval, is_built_in
from harness.lmeval.reader import Code
from harness.lmeval.taskfiles import Leaf
from harness.patterns import cost
from harness.spec.mistakes import Loc

OUTPUT_TYPES = ("generate_until", "loglikelihood", "loglikelihood_rolling", "multiple_choice")
_STRUCTURE = ("task", "class", "group_alias", "aggregate_metric_list")
MOST_LISTED = 100
"""Metrics, filters and repeats of a task."""
_NOT_HERE = {
    "unsafe_code": "means that what the model writes is run as a program; not done here.",
    "doc_to_image": "is for models that see or hear; the models here read text.",
    "doc_to_audio": "is for models that see or hear; the models here read text.",
}
MISSPELT = "did you mean"
_PROMPTS = "qa-basic:"
"""The prompts of `use_prompt` that lm-eval brings; it would look for others in files and packages."""


def mistakes(leaf: Leaf, wanted: Collection[str] = ()) -> list[InputError]:
    """What is wrong with a task in itself. `wanted`: the metrics that are asked for, METRIC or METRIC,FILTER."""
    config = leaf.config
    return [
        *_keys(config),
        *_kinds(config),
        *_metrics(config, wanted),
        *_filters(config),
    ]


def _keys(config: Config) -> Iterator[InputError]:
    from lm_eval.config.task import TaskConfig

    known = {field.name for field in fields(TaskConfig)} | {*_STRUCTURE}
    for key in config.values:
        if not isinstance(key, str):
            yield config.error((), f"has the key {shown(key)}, which is no text.")
        elif key not in known and "class" not in config.values:
            yield config.error((key,), f"is not a key that lm-eval knows{did_you_mean(key, known)}.")


def _kinds(config: Config) -> Iterator[InputError]:
    kind = config.values.get("output_type", OUTPUT_TYPES[0])
    if kind not in OUTPUT_TYPES:
        hint = did_you_mean(str(kind), OUTPUT_TYPES)
        yield config.error(
            ("output_type",), f"is {shown(kind)}, which is none of {', '.join(OUTPUT_TYPES)}{hint}."
        )
    for key, sentence in _NOT_HERE.items():
        if config.values.get(key):
            yield config.error((key,), sentence)
    repeats = config.values.get("repeats", 1)
    if not isinstance(repeats, int) or not 1 <= repeats <= MOST_LISTED:
        yield config.error(
            ("repeats",), f"must be a number from 1 to {MOST_LISTED}, but is {shown(repeats)}."
        )
    prompt = config.values.get("use_prompt")
    if prompt is not None and not (isinstance(prompt, str) and prompt.startswith(_PROMPTS)):
        yield config.error(
            ("use_prompt",), "names a prompt of another file or package; write it as doc_to_text."
        )
    named = config.values.get("generation_kwargs")
    asked = named if isinstance(named, dict) else {}
    for key in not_greedy(asked):
        text = f"is {shown(asked[key])}, but every strategy here decodes greedily; leave it out."
        yield config.error(("generation_kwargs", key), text)


def _metrics(config: Config, wanted: Collection[str]) -> Iterator[InputError]:
    listed = config.values.get("metric_list")
    if not isinstance(listed, list | None):
        yield config.error(("metric_list",), "must be a list of metrics.")
    unusable, left_out = _unusable(config), _left_out(config, wanted)
    for at, errors in unusable.items():
        if at not in left_out:
            yield from errors


def usable(leaf: Leaf, wanted: Collection[str]) -> tuple[Leaf, list[str]]:
    """The task without the metrics that cannot be had here and are not `wanted`, and a sentence for each of them."""
    config, left_out = leaf.config, _left_out(leaf.config, wanted)
    if not left_out:
        return leaf, []
    kept = [entry for at, entry in enumerate(config.values["metric_list"]) if at not in left_out]
    values = {**config.values, "metric_list": kept}
    sentences = [f"{error} It is left out, as the task has others." for error in left_out.values()]
    return Leaf(replace(config, values=values)), sentences


def _left_out(config: Config, wanted: Collection[str]) -> dict[int, InputError]:
    """The places of metrics that a task can do without, as it has others, each with what is wrong with it.

    Where the task file does not say which metrics it wants, a name that is nearly a known one is a misspelling.
    """
    unusable, listed = _unusable(config), config.values.get("metric_list")
    asked = {name.partition(",")[0] for name in wanted}
    if not isinstance(listed, list) or len(unusable) == len(listed):
        return {}
    return {
        at: errors[0]
        for at, errors in unusable.items()
        if isinstance(name := listed[at].get("metric") if isinstance(listed[at], dict) else None, str)
        and name not in asked
        and (asked or not any(MISSPELT in str(error) for error in errors))
    }


def _unusable(config: Config) -> dict[int, list[InputError]]:
    """The places of metrics that lm-eval does not bring, or of which it does not bring the aggregation, with why."""
    listed = config.values.get("metric_list")
    entries = listed if isinstance(listed, list) else []
    found = {at: [*_metric(config, at, entry)] for at, entry in enumerate(entries)}
    return {at: errors for at, errors in found.items() if errors}


def _metric(config: Config, at: int, entry: Any) -> Iterator[InputError]:
    from lm_eval.api.registry import aggregation_registry, metric_registry

    metrics, aggregations = _names(metric_registry), _names(aggregation_registry)
    own = config.values.get("process_results") is not None  # then lm-eval looks for no function of that name
    name = entry.get("metric") if isinstance(entry, dict) else None
    if isinstance(name, Code):
        return
    if not isinstance(name, str):
        yield config.error(("metric_list", at), "needs the key metric, a name.")
        return
    here: Loc = ("metric_list", at, "metric")
    if entry.get("hf_evaluate"):
        yield config.error(
            here, f"is {name!r} of a hub (hf_evaluate), which is code that is fetched; not done here."
        )
    elif not own and name not in metrics:
        text = (
            f"is {name!r}, which lm-eval does not know{did_you_mean(name, metrics)}; it would look on a hub."
        )
        yield config.error(here, text)
    there: Loc = ("metric_list", at, "aggregation")
    how = entry.get("aggregation")
    if how is not None and how not in aggregations and not isinstance(how, Code):
        text = f"is {shown(how)}, which lm-eval does not know{did_you_mean(str(how), aggregations)}."
        yield config.error(there, text)


def _filters(config: Config) -> Iterator[InputError]:
    from lm_eval.api.registry import filter_registry

    known = _names(filter_registry)
    pipelines = config.values.get("filter_list")
    if not isinstance(pipelines, list | None):
        yield config.error(("filter_list",), "must be a list of filters.")
    elif len(pipelines or ()) > MOST_LISTED:
        yield config.error(("filter_list",), f"has more than {MOST_LISTED} filters.")
        return
    for at, pipeline in enumerate(pipelines if isinstance(pipelines, list) else ()):
        steps = pipeline.get("filter") if isinstance(pipeline, dict) else None
        if not isinstance(steps, list) or not isinstance(pipeline.get("name"), str):
            yield config.error(("filter_list", at), "needs the keys name and filter, a list of functions.")
            continue
        for step, function in enumerate(steps[:MOST_LISTED]):
            here: Loc = ("filter_list", at, "filter", step, "function")
            name = function.get("function") if isinstance(function, dict) else None
            if name not in known and not isinstance(name, Code):
                text = f"is {shown(name)}, which is no filter of lm-eval's{did_you_mean(str(name), known)}."
                yield config.error(here, text)
                continue
            pattern = function.get("regex_pattern") if isinstance(function, dict) else None
            if not isinstance(pattern, str):
                continue
            where = (*here[:-1], "regex_pattern")
            if why := _broken(pattern):
                yield config.error(where, f"is no regular expression: {why}.")
            elif not is_built_in(config.origins["filter_list"][0].source.path) and cost(pattern).nested:
                nested = shown(cost(pattern).nested)
                yield config.error(
                    where, f"may take for ever on some texts: {nested} repeats what repeats itself."
                )


def _broken(pattern: str) -> str | None:
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return str(error)
    return None


def _names(registry: Any) -> list[str]:
    import_lm_eval()
    return sorted(registry)
