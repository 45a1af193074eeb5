"""From what a person calls a model to an engine that answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from harness.engines.engine import Engine
from harness.engines.scripted import open_script
from harness.engines.store import is_hub_name, resolve
from harness.errors import InputError
from harness.progress import Progress
from harness.spec.models import SERVED, ModelEntry
from harness.spec.pinned import PINNED_DATE

Opener = Callable[[ModelEntry, Path, Progress], Engine]
"""An entry, the cache and where to report to → its engine."""


def open_entry(entry: ModelEntry, *, cache: Path, progress: Progress, date: str = PINNED_DATE) -> Engine:
    """The engine of a catalogue name, a local folder, a GGUF file, a hub name, a served model or a script.

    A local model is fetched and verified; its weights are read at the first answer. A server is asked what it has.
    `date`: what a chat template that asks for it is told the day is; servers tell theirs. Raises InputError for an
    unknown model, device or dtype, ModelUnavailable where one cannot be had.
    """
    for scheme, opener in SCHEMES.items():
        if entry.model.startswith(scheme):
            return opener(entry, cache, progress)
    return _local(entry, cache, progress, date)


def _local(entry: ModelEntry, cache: Path, progress: Progress, date: str) -> Engine:
    from harness.engines.local import LocalModel, choose_device, choose_dtype
    from harness.engines.transformers_engine import TransformersEngine

    if entry.adapters:
        raise InputError(
            f"{entry.label} is read here, and `adapters` are those that a server holds; leave them out, or name the "
            "server."
        )
    folder = resolve(entry.model, kind="base", cache=cache, progress=progress, revision=entry.revision)
    chosen = choose_device(entry.device)
    dtype = choose_dtype(entry.dtype, chosen)
    return TransformersEngine(
        LocalModel(folder, device=chosen, dtype=dtype, date=date, cache=cache, progress=progress)
    )


def _scripted(entry: ModelEntry, _cache: Path, _progress: Progress) -> Engine:
    entry.refuse_local("a script")
    return open_script(Path(entry.model.partition(":")[2]).expanduser())


def _served(entry: ModelEntry, cache: Path, progress: Progress) -> Engine:
    from harness.engines.endpoint.open import open_endpoint

    return open_endpoint(entry, cache=cache, progress=progress)


def has_use_for(flag: str, reference: str) -> bool:
    """Whether `revision`, `device` or `dtype` means anything for the model that `reference` names."""
    if reference.startswith(tuple(SCHEMES)):
        return False
    return flag != "revision" or is_hub_name(reference)


SCHEMES: dict[str, Opener] = {"scripted:": _scripted, **dict.fromkeys(SERVED, _served)}
"""How a model's name begins → what opens it; a name without one is weights to be read here."""
