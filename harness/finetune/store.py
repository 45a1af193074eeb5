"""The store of trained adapters: one folder per adapter, named by everything that shaped it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter

from harness.engines.engine import AdapterRef
from harness.errors import HarnessError, TrainingFailed
from harness.files import locked, new_folder, sha256_file, write_json
from harness.finetune.trainer import Trainer, Training, recipe_facts
from harness.progress import Progress
from harness.records import AdapterRecord
from harness.temporary import discard

RECORD = "training.json"


@dataclass(frozen=True, slots=True)
class Adapter:
    """A trained adapter on disk. `bytes`: of its weights."""

    folder: Path
    record: AdapterRecord
    bytes: int
    reused: bool

    @property
    def ref(self) -> AdapterRef:
        return AdapterRef(self.folder, self.record.sha256)


def adapter_folder(cache: Path, key: str) -> Path:
    return cache / "adapters" / key[:24]


def load_or_train(trainer: Trainer, training: Training, cache: Path, progress: Progress) -> Adapter:
    """The adapter of a fine-tune, from the store or newly trained. Two processes do not train it twice.

    A training that was killed goes on from its last whole epoch.

    Raises TrainingFailed where training diverges.
    """
    key = trainer.key(training)
    folder = adapter_folder(cache, key)
    with locked(folder):
        record = _stored(folder, key, trainer, progress)
        reused = record is not None
        if record is None:
            record = _train(folder, trainer, training, key, progress, cache / "trainings" / folder.name)
    return Adapter(folder, record, (folder / trainer.weights).stat().st_size, reused)


def stored(folder: Path) -> AdapterRef | None:
    """The adapter in a folder; None where there is none, or it is not as it was made."""
    try:
        return AdapterRef(folder, read_record(folder).sha256)
    except HarnessError:
        return None


def read_record(folder: Path) -> AdapterRecord:
    """The record of a whole adapter. Raises HarnessError where it is not as it was made."""
    try:
        record = TypeAdapter(AdapterRecord).validate_json((folder / RECORD).read_bytes(), strict=True)
        wrong = _damage(folder, record.files, only=True)
    except OSError as error:
        wrong = error.strerror or str(error)
    except ValueError:
        wrong = f"{RECORD} is no record of a training"
    if wrong:
        raise HarnessError(f"the adapter in {folder} is not as it was made ({wrong}); train it again.")
    return record


def _stored(folder: Path, key: str, trainer: Trainer, progress: Progress) -> AdapterRecord | None:
    """The record of an adapter that is there and whole; a damaged one is named and treated as absent."""
    if not folder.exists():
        return None
    try:
        record = TypeAdapter(AdapterRecord).validate_json((folder / RECORD).read_bytes(), strict=True)
        wrong = _fault(folder, record, key, trainer)
    except OSError as error:
        wrong = error.strerror or str(error)
    except ValueError:
        wrong = f"{RECORD} is no record of a training"
    if wrong is None:
        return record
    progress.note(f"The cached adapter {folder.name} is damaged or foreign ({wrong}) and is trained again.")
    return None


def _fault(folder: Path, record: AdapterRecord, key: str, trainer: Trainer) -> str | None:
    """What is wrong with a stored adapter, in words; None where it is as it was made."""
    if (record.key, record.base_sha256) != (key, trainer.identity.sha256):
        return "it was trained for another base, recipe or training set"
    files = record.files or {trainer.weights: record.sha256}
    damage = _damage(folder, files, only=bool(record.files))
    return damage or (None if files.get(trainer.weights) == record.sha256 else f"{RECORD} was altered")


def _damage(folder: Path, files: Mapping[str, str], *, only: bool) -> str | None:
    """Which of the files (name → SHA-256) is not as it was made, in words. `only`: no other may lie there."""
    present = _files(folder)
    if only and (foreign := sorted(present.keys() - files.keys())):
        return f"{foreign[0]} does not belong there"
    for name, sha256 in files.items():
        if name not in present:
            return f"{name} is missing"
        if sha256_file(present[name]) != sha256:
            return f"{name} was altered"
    return None


def _files(folder: Path) -> dict[str, Path]:
    """The files of an adapter besides its record, by name."""
    return {path.name: path for path in folder.iterdir() if path.is_file() and path.name != RECORD}


def _train(
    folder: Path, trainer: Trainer, training: Training, key: str, progress: Progress, unfinished: Path
) -> AdapterRecord:
    """Train into the store. What an unfinished training goes on from stays where it is killed, not where it fails."""
    try:
        with new_folder(folder) as target:
            record = _train_into(target, trainer, training, key, progress, unfinished)
    except TrainingFailed:
        discard(unfinished)
        raise
    discard(unfinished)
    return record


def _train_into(
    target: Path, trainer: Trainer, training: Training, key: str, progress: Progress, unfinished: Path
) -> AdapterRecord:
    outcome = trainer.train(training, target, progress, unfinished)
    record = AdapterRecord(
        key=key,
        sha256=sha256_file(target / trainer.weights),
        task=training.recipe.task,
        strategy=training.strategy,
        base_sha256=trainer.identity.sha256,
        recipe=recipe_facts(training.recipe),
        examples=len(training.examples),
        epochs=outcome.epochs,
        steps=outcome.steps,
        train_tokens=outcome.train_tokens,
        seconds=round(outcome.seconds, 3),
        device=trainer.identity.device,
        train_loss=round(outcome.train_loss, 6),
        dev_loss=None if outcome.dev_loss is None else round(outcome.dev_loss, 6),
        train_fit=round(outcome.train_fit, 4),
        stopped=outcome.stopped,
        loss_curve=tuple(outcome.loss_curve),
        logit_shift=round(outcome.logit_shift, 6),
        dev_score=outcome.dev_score,
        dev_metric=training.metric.name if training.metric and outcome.dev_score is not None else None,
        kept_epoch=outcome.kept_epoch,
        watched=outcome.watched,
        held_back=outcome.held_back,
        precision=outcome.precision,
        files={name: sha256_file(path) for name, path in _files(target).items()},
    )
    write_json(target / RECORD, asdict(record))
    return record
