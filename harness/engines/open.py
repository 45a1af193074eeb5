"""From what a person calls a model to an engine that answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.engines.catalogue import DEFAULT_BASE
from harness.engines.engine import Engine
from harness.engines.scripted import open_script
from harness.engines.store import resolve
from harness.errors import InputError
from harness.progress import Progress


@dataclass(frozen=True, slots=True)
class Options:
    """What a person may say of a model besides its name; None: not said."""

    revision: str | None = None
    device: str | None = None
    dtype: str | None = None

    def refuse(self, kind: str) -> None:
        """Raises InputError where something was said that this kind of engine has no use for."""
        flags = {"--revision": self.revision, "--device": self.device, "--dtype": self.dtype}
        if unused := [flag for flag, value in flags.items() if value]:
            raise InputError(f"{kind} has no use for {', '.join(unused)}; leave it out.")


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
    for scheme, opener in SCHEMES.items():
        if reference and reference.startswith(scheme):
            return opener(reference.removeprefix(scheme), Options(revision, device, dtype))
    from harness.engines.local import LocalModel, choose_device, choose_dtype
    from harness.engines.transformers_engine import TransformersEngine

    folder = resolve(
        reference or DEFAULT_BASE, kind="base", cache=cache, progress=progress, revision=revision
    )
    chosen = choose_device(device)
    return TransformersEngine(LocalModel(folder, device=chosen, dtype=choose_dtype(dtype, chosen)))


def _scripted(file: str, options: Options) -> Engine:
    options.refuse("a script")
    return open_script(Path(file).expanduser())


SCHEMES: dict[str, Callable[[str, Options], Engine]] = {"scripted:": _scripted}
"""How a model's name begins → what opens the rest of it; a name without one is weights to be read here."""
