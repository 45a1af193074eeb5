"""From what a person calls a model to an engine that answers."""

from __future__ import annotations

from pathlib import Path

from harness.engines.catalogue import DEFAULT_BASE
from harness.engines.engine import Engine
from harness.engines.scripted import SCHEME, open_script
from harness.engines.store import resolve
from harness.errors import InputError
from harness.progress import Progress


def open_engine(
    reference: str | None,
    *,
    cache: Path,
    progress: Progress,
    revision: str | None = None,
    device: str | None = None,
    dtype: str | None = None,
) -> Engine:
    """The engine of a catalogue name, a local folder, a GGUF file, a hub name or a script (None: the default model).

    A local model is fetched and verified; its weights are read at the first answer. Raises InputError for an unknown
    model, device or dtype, ModelUnavailable where one cannot be had.
    """
    if reference and reference.startswith(SCHEME):
        return _scripted(reference, revision, device, dtype)
    from harness.engines.local import LocalModel, choose_device, choose_dtype
    from harness.engines.transformers_engine import TransformersEngine

    folder = resolve(
        reference or DEFAULT_BASE, kind="base", cache=cache, progress=progress, revision=revision
    )
    chosen = choose_device(device)
    return TransformersEngine(LocalModel(folder, device=chosen, dtype=choose_dtype(dtype, chosen)))


def _scripted(reference: str, revision: str | None, device: str | None, dtype: str | None) -> Engine:
    given = {"--revision": revision, "--device": device, "--dtype": dtype}
    if unused := [flag for flag, value in given.items() if value]:
        raise InputError(f"a script has no use for {', '.join(unused)}; leave it out.")
    return open_script(Path(reference.removeprefix(SCHEME)).expanduser())
