"""The file `run.json`: written in one step, and read through a strict border."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from harness.engines.catalogue import DEFAULT_BASE
from harness.errors import InputError, InputErrors, nearest, shown
from harness.files import LFS_POINTER, is_lfs_pointer, read_regular, write_text
from harness.run.contradictions import Damage, contradictions, key_of
from harness.run.manifest import SCHEMA_VERSION, Manifest
from harness.run.rows import reason
from harness.strictjson import line_of, place_in, read_strict

MANIFEST = "run.json"
SHOWN = 5
"""Damaged keys that an error names."""


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace `run.json` in one step."""
    text = _adapter().dump_json(manifest, indent=2).decode("utf-8")
    write_text(folder / MANIFEST, f"{text}\n")


_REPORTS = Path("reports")
"""Where runs lie that nobody named a place for."""


def _elsewhere(folder: Path) -> str:
    """A sentence with the run that may be meant: of those beside the folder, else of those in `reports/`."""
    for home in (folder.parent, _REPORTS):
        if runs := sorted(one.parent.name for one in home.glob(f"*/{MANIFEST}")):
            if near := nearest(folder.name, runs):
                return f" Did you mean {home / near[0]}?"
            dated = [name for name in runs if name[:1].isdigit()]
            return f" The last one in {home} is {home / (dated or runs)[-1]}."
    return ""


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a run folder.

    Raises InputError where there is none, where it is of another version, and InputErrors, each with its line and key,
    where it is damaged: a value out of its range, or parts of it that contradict one another.
    """
    file = folder / MANIFEST
    try:
        content = read_regular(file)
    except FileNotFoundError:
        raise InputError(
            f"there is no run in {folder}: it holds no {MANIFEST}.{_elsewhere(folder)}"
        ) from None
    except NotADirectoryError:
        raise InputError(
            f"this is a file; name the folder of a run, which holds {MANIFEST}.", path=folder
        ) from None
    except (OSError, ValueError) as error:
        raise InputError(f"the manifest cannot be read: {error}", path=file) from error
    if is_lfs_pointer(content):
        raise InputError(f"this is {LFS_POINTER}.", path=file)
    try:
        data = read_strict(content)
    except ValueError as error:
        raise InputError(f"the manifest cannot be read: {error}.", path=file) from None
    version = data.get("schema_version") if isinstance(data, dict) else None
    if type(version) is not int:  # nor true, which Python counts among the integers
        raise InputError("is not the manifest of a run: it has no schema_version.", path=file)
    if version != SCHEMA_VERSION:
        newer = version > SCHEMA_VERSION
        again = "Make the run again: its command stands in the file under `command`."
        raise InputError(
            f"was written by {'a newer' if newer else 'an older'} version (schema {shown(version)}; this version "
            f"reads {SCHEMA_VERSION}). {'Update the program.' if newer else again}",
            path=file,
        )
    text = content.decode("utf-8")
    try:
        manifest = _adapter().validate_json(_with_models(content, data), strict=True)
    except ValidationError as error:
        misfits = (_misfit(item, data) for item in error.errors(include_url=False))
        damage = list({sentence.partition(":")[0]: (place, sentence) for place, sentence in misfits}.values())
    else:
        damage = list(contradictions(manifest, data))
    errors = [
        InputError(f"is damaged: {sentence}.", path=file, line=line_of(text, place))
        for place, sentence in damage[:SHOWN]
    ]
    if errors:
        raise InputErrors(errors)
    return manifest


def _with_models(content: bytes, data: Any) -> bytes:
    """A manifest whose settings name their models. Runs from before there could be several have `model` and so on."""
    settings = data.get("settings")
    if not isinstance(settings, dict) or "models" in settings or "model" not in settings:
        return content
    said = {
        name: settings[name] for name in ("revision", "device", "dtype") if settings.get(name) is not None
    }
    entry = {"model": DEFAULT_BASE if settings["model"] is None else settings["model"], **said}
    return json.dumps({**data, "settings": {**settings, "models": [entry]}}).encode()


@functools.cache
def _adapter() -> TypeAdapter[Manifest]:
    return TypeAdapter(Manifest)


def _misfit(item: ErrorDetails, data: Any) -> Damage:
    """A value that does not fit its type or its range."""
    place = place_in(data, item["loc"])
    if item["type"] in ("missing", "missing_argument"):
        return place, f"{key_of(*place, item['loc'][-1])} is missing"
    return (
        place,
        f"{key_of(*place)} is {shown(item['input'])}, which is not what a run writes there: {reason(item)}",
    )
