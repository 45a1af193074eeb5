"""The one place that imports lm-eval: quiet, without a network, its templates in a sandbox, its caches left alone."""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from harness.engines.quiet import import_transformers
from harness.files import cache_root, write_json

CONTEXT = "context"
"""The name under which templates find the passages; an empty text where there are none."""


@cache
def import_lm_eval() -> Any:
    """Import lm-eval's tasks; returns the package.

    Its templates are rendered in our sandbox, as jinja alone lets a template reach any Python code and run for
    ever. `{{context}}` is known to every template.
    """
    import_transformers()
    logging.getLogger("lm_eval").setLevel(logging.ERROR)
    import datasets
    import lm_eval.api.metrics
    import lm_eval.filters
    import lm_eval.tasks
    import lm_eval.utils
    from jinja2 import BaseLoader, StrictUndefined

    from harness.templates import sandbox

    datasets.utils.logging.set_verbosity_error()
    environment = sandbox(loader=BaseLoader(), undefined=StrictUndefined, keep_trailing_newline=True)
    environment.globals[CONTEXT] = ""
    lm_eval.utils.env = environment
    return lm_eval


@contextlib.contextmanager
def offline() -> Iterator[None]:
    """Around whatever reads a data set: what is not on this machine fails at once, and nothing draws bars."""
    import datasets
    from huggingface_hub import constants

    places = ((datasets.config, "HF_HUB_OFFLINE"), (constants, "HF_HUB_OFFLINE"))
    before = [getattr(place, name) for place, name in places]
    bars = datasets.are_progress_bars_disabled()
    datasets.disable_progress_bars()
    for place, name in places:
        setattr(place, name, True)
    try:
        yield
    finally:
        for (place, name), value in zip(places, before, strict=True):
            setattr(place, name, value)
        if not bars:
            datasets.enable_progress_bars()


def manager(*folders: Path) -> Any:
    """A TaskManager that knows the task files in these folders, and no others."""
    return import_lm_eval().tasks.TaskManager(include_path=[*folders], include_defaults=False)


def built_in_folder() -> Path:
    return Path(import_lm_eval().tasks.__file__).parent


def built_in() -> dict[str, list[str]]:
    """Name of every task, group and tag that lm-eval brings → the folders of task files that it needs looked at.

    Reading all its files takes half a minute; the outcome is kept on disk for this version of lm-eval.
    """
    kept = cache_root() / "lm-eval" / f"{version('lm_eval')}.json"
    with contextlib.suppress(OSError, ValueError):
        known: dict[str, list[str]] = json.loads(kept.read_text(encoding="utf-8"))
        return known
    listing = _list_built_in()
    write_json(kept, listing)
    return listing


def _list_built_in() -> dict[str, list[str]]:
    root = built_in_folder()
    index = manager(root).task_index

    def folder(entry: Any) -> set[str]:
        return {entry.yaml_path.relative_to(root).parts[0]} if entry.yaml_path else set()

    def needed(name: str, seen: set[str]) -> set[str]:
        """The folders of an entry and of whatever it names, groups within groups too."""
        if name in seen or name not in index:
            return set()
        seen.add(name)
        entry = index[name]
        members = entry.tags if entry.yaml_path is None else set(member_names(entry.cfg or {}))
        return folder(entry).union(*(needed(member, seen) for member in members))

    return {name: sorted(needed(name, set())) for name in sorted(index)}


def member_names(config: dict[str, Any]) -> list[str]:
    """The names in a group's `task:` list, those of groups written out inside it too."""
    members = config.get("task") if "group" in config else None
    names: list[str] = []
    for member in members if isinstance(members, list | tuple) else [members] if members else []:
        if isinstance(member, str):
            names.append(member)
        elif isinstance(member, dict):
            own = member.get("group", member.get("task"))
            written_out = "group" in member and "task" in member
            names += member_names(member) if written_out else [own] if isinstance(own, str) else []
    return names
