"""The one place that imports lm-eval: quiet, without a network, its templates in a sandbox, its caches left alone."""

from __future__ import annotations

import contextlib
import importlib
import json
import logging
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from harness.errors import InputError, shown
from harness.files import cache_root, write_json
from harness.lmeval.configs import TaskFiles
from harness.quiet import import_transformers

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
    import lm_eval.api.task
    import lm_eval.filters
    import lm_eval.tasks
    import lm_eval.utils
    from jinja2 import BaseLoader, StrictUndefined

    from harness.templates import sandbox

    datasets.utils.logging.set_verbosity_error()
    environment = sandbox(loader=BaseLoader(), undefined=StrictUndefined, keep_trailing_newline=True)
    environment.globals[CONTEXT] = ""
    lm_eval.utils.env = environment
    lm_eval.api.task.get_metric = _known_metric
    return lm_eval


def _known_metric(name: str, hf_evaluate_metric: bool = False) -> Any:
    """lm-eval's metric of that name, in place of its own look-up, which runs what a path or a hub holds under it."""
    from lm_eval.api.registry import metric_registry

    if hf_evaluate_metric or name not in metric_registry:
        raise InputError(f"metric {shown(name)} is none that lm-eval brings; it would look on a hub.")
    return metric_registry.get(name)


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
        with _this_machine_alone():
            yield
    finally:
        for (place, name), value in zip(places, before, strict=True):
            setattr(place, name, value)
        if not bars:
            datasets.enable_progress_bars()


_HERE = frozenset(
    ("file", "local", "memory", "data", "dir", "zip", "tar", "bz2", "gzip", "lz4", "xz", "zstd")
)
"""What fsspec calls places on this machine, and archives in them."""


@contextlib.contextmanager
def _this_machine_alone() -> Iterator[None]:
    """Around whatever reads files by fsspec: a data set's README or a cell of it may name an address of anybody's."""
    fsspec, registry = map(importlib.import_module, ("fsspec", "fsspec.registry"))

    class Elsewhere(fsspec.AbstractFileSystem):  # type: ignore[misc, name-defined]
        def __init__(self, *_: Any, **__: Any) -> None:
            raise OSError("it names a file on another machine, and nothing is fetched during a run")

    before = dict(registry._registry)
    names = {*before, *registry.known_implementations} - _HERE
    registry._registry.update(dict.fromkeys(names, Elsewhere))
    try:
        yield
    finally:
        registry._registry.clear()
        registry._registry.update(before)


def built_in_folder() -> Path:
    return Path(import_lm_eval().tasks.__file__).parent


def is_built_in(path: Path) -> bool:
    """Whether a file lies in the installed package, links resolved."""
    return path.resolve().is_relative_to(built_in_folder().resolve())


def built_in() -> dict[str, list[str]]:
    """Name of each task, group and tag that lm-eval brings → its file (a tag: its tasks' files) in `built_in_folder`.

    Reading all its files takes some seconds; the outcome is kept on disk for this version of lm-eval.
    """
    kept = cache_root() / "lm-eval" / f"files-{version('lm_eval')}.json"
    with contextlib.suppress(OSError, ValueError):
        known: dict[str, list[str]] = json.loads(kept.read_text(encoding="utf-8"))
        return known
    root = built_in_folder().resolve()
    index = TaskFiles().index(root)
    listing = {name: [path.relative_to(root).as_posix() for path in index[name]] for name in sorted(index)}
    write_json(kept, listing)
    return listing
