"""An adapter that a run trained, as a folder that peft and vLLM load, or merged into its model as one folder.

docs/models.md says how each is served.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.engines import folders
from harness.engines.engine import AdapterRef
from harness.engines.store import ModelFolder, resolve
from harness.errors import HarnessError, InputError
from harness.files import new_folder, write_json
from harness.finetune.store import RECORD, adapter_folder, read_record
from harness.progress import Progress
from harness.quantities import listed
from harness.records import AdapterRecord
from harness.run.facts import TrainedAdapter
from harness.run.manifest_file import MANIFEST, read_manifest

CONFIG = "adapter_config.json"
LEAST_PREFIX = 8
"""Digits of an adapter's key or SHA-256 that name it."""
SAVED_BESIDE = (
    "config.json",
    "generation_config.json",
    "chat_template",
    "tokenizer",
    "special_tokens",
    "vocab",
    "merges",
)
"""How the names of a model folder's files begin that are written as they are, besides its weights."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which of a run's adapters is meant; None: the only one, or the first seed."""

    task: str | None = None
    system: str | None = None
    seed: int | None = None

    @property
    def flags(self) -> list[str]:
        given = {"--task": self.task, "--system": self.system, "--seed": self.seed}
        return [flag for flag, value in given.items() if value is not None]


@dataclass(frozen=True, slots=True)
class FoundAdapter:
    """A whole adapter on disk, and the name of the model that it was trained for, where that is known."""

    folder: Path
    record: AdapterRecord
    model: str

    @property
    def name(self) -> str:
        return f"{self.record.task}-{self.record.strategy}".replace("/", "_")

    @property
    def config(self) -> dict[str, Any]:
        config: dict[str, Any] = json.loads((self.folder / CONFIG).read_text(encoding="utf-8"))
        return config


def find_adapter(reference: str, chosen: Chosen, cache: Path) -> FoundAdapter:
    """The adapter of a run folder, of an adapter's folder, or of the first digits of its key or SHA-256 in the cache.

    Raises InputError where none or several are meant, HarnessError where it is not as it was made.
    """
    path = Path(reference).expanduser()
    if (path / MANIFEST).exists():
        trained, model = _of_run(path, chosen)
        record = trained.record
        folder, wanted = adapter_folder(cache, record.key), record.sha256
    else:
        if chosen.flags:
            raise InputError(
                f"{', '.join(chosen.flags)}: only a run folder holds several adapters to choose from."
            )
        folder, model, wanted = path if (path / RECORD).exists() else _in_cache(reference, cache), "", None
    record = read_record(folder)
    if wanted not in (None, record.sha256):
        raise HarnessError(
            f"the cache holds another adapter than {path} was made with. Run the comparison again."
        )
    found = FoundAdapter(folder, record, model)
    return (
        found if model else FoundAdapter(folder, record, Path(found.config["base_model_name_or_path"]).name)
    )


def _of_run(path: Path, chosen: Chosen) -> tuple[TrainedAdapter, str]:
    """The adapter of a run, and the name of its model."""
    manifest = read_manifest(path)
    if not manifest.adapters:
        raise InputError("this run trained no adapter.", path=path)
    fitting = [
        trained
        for trained in manifest.adapters
        if chosen.task in (None, trained.record.task)
        and chosen.system in (None, manifest.systems[trained.system].name)
        and chosen.seed in (None, trained.seed)
    ]
    if not fitting or len({(each.record.task, each.system) for each in fitting}) > 1:
        there = listed(
            f"--task {each.record.task} --system {manifest.systems[each.system].name} --seed {each.seed}"
            for each in manifest.adapters
        )
        which = "has no such adapter" if not fitting else "trained several adapters; say which"
        raise InputError(f"this run {which}: {there}.", path=path)
    return fitting[0], manifest.systems[fitting[0].system].model.name


def _in_cache(reference: str, cache: Path) -> Path:
    """The folder of an adapter in the cache."""
    digits = reference.lower()
    named = len(digits) >= LEAST_PREFIX and not set(digits) - set("0123456789abcdef")
    records = list(_records(cache)) if named else []
    meant = [
        folder
        for folder, record in records
        if record.key.startswith(digits) or record.sha256.startswith(digits)
    ]
    if len(meant) != 1:
        why = f"{len(meant)} adapters in the cache begin so" if meant else "there is no such run or adapter"
        raise InputError(
            f"{reference}: {why}. Name a run folder, an adapter's folder, or the first digits ({LEAST_PREFIX} or more) "
            "of an adapter's key or SHA-256."
        )
    return meant[0]


def _records(cache: Path) -> Iterator[tuple[Path, AdapterRecord]]:
    for folder in sorted((cache / "adapters").glob("*")):
        if (folder / RECORD).is_file():
            yield folder, read_record(folder)


def export_adapter(found: FoundAdapter, output: Path) -> None:
    """Write the adapter's weights and configuration, with its training record beside them.

    The configuration names the model, not a folder of this machine.
    """
    _check_free(output)
    with new_folder(output) as target:
        for name in found.record.files:
            if name != CONFIG and name.endswith((".safetensors", ".json")):
                shutil.copyfile(found.folder / name, target / name)
        write_json(target / CONFIG, found.config | {"base_model_name_or_path": found.model})
        shutil.copyfile(found.folder / RECORD, target / RECORD)


def export_merged(
    found: FoundAdapter, output: Path, model: str | None, cache: Path, progress: Progress
) -> None:
    """Write the whole model in float32 with the adapter merged, tokenizer and chat template beside it.

    `model`: what to merge it into; None: the folder that the adapter was trained on. Raises InputError where that is
    not the model that the adapter was trained for.
    """
    from harness.engines.local import LocalModel

    _check_free(output)
    base = _base(found, model, cache, progress)
    local = LocalModel(base, device="cpu", dtype="float32")
    local.use(AdapterRef(found.folder, found.record.sha256))
    with new_folder(output) as target:
        for file in sorted(base.path.iterdir()):
            if file.name.startswith(SAVED_BESIDE) and file.is_file():
                shutil.copyfile(file, target / file.name)
        local.weights.save_pretrained(target, safe_serialization=True)


def _base(found: FoundAdapter, model: str | None, cache: Path, progress: Progress) -> ModelFolder:
    path = Path(found.config["base_model_name_or_path"])
    if model is None and not path.is_dir():
        raise InputError(
            f"the model that this adapter was trained on ({found.model}) is not in the cache; name it: --model."
        )
    base = resolve(model or str(path), kind="base", cache=cache, progress=progress)
    sidecar = folders.read_sidecar(base.path)
    if sidecar and (wrong := folders.damage(base.path, sidecar, hashes=True)):
        raise HarnessError(f"the model in {base.path} is not as it was made ({wrong}); fetch it again.")
    if (sidecar or base).sha256 != found.record.base_sha256:
        raise InputError(
            f"{model or base.path} is not the model that this adapter was trained for ({found.model})."
        )
    return base


def _check_free(output: Path) -> None:
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise InputError("there is something already; name a new folder.", path=output)
    output.parent.mkdir(parents=True, exist_ok=True)
