"""A worker: holds the run's models, and computes one unit at a time, in a process of its own, on any machine."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness import __version__
from harness.cluster.file_server import List, Read, fetched
from harness.cluster.units import (
    Answer,
    AnyUnit,
    Done,
    Embed,
    HeldModel,
    Hello,
    Load,
    NameTraining,
    Refused,
    Time,
    Train,
    Trained,
)
from harness.corpus.embedder import Embedder, SentenceTransformerEmbedder
from harness.engines.engine import AdapterRef, Engine
from harness.engines.scripted import open_script
from harness.engines.store import ModelFolder
from harness.errors import HarnessError
from harness.files import cache_root
from harness.finetune.open import open_trainer
from harness.finetune.trainer import Trainer
from harness.progress import Progress
from harness.run import environment


@dataclass(frozen=True, slots=True)
class WorkerSetup:
    """What every worker of a run is given. `home`: the driver's machine; `cache`: its cache folder."""

    models: tuple[HeldModel, ...]
    home: str
    cache: Path
    threads: int


def use_threads(count: int) -> None:
    """Let this process use so many threads for arithmetic, and no more."""
    import torch

    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    torch.set_num_threads(count)


class LogProgress:
    """Implements `Progress` on the worker's own log."""

    def note(self, message: str) -> None:
        print(message, file=sys.stderr, flush=True)

    @contextlib.contextmanager
    def track(self, label: str, total: int) -> Iterator[Callable[[int], None]]:
        self.note(f"{label}: {total}")
        yield lambda _advance: None


@dataclass
class UnitRunner:
    """A worker at its place. `node`: its machine; `log`: the file that it writes to; `listed`, `read`: of the driver's
    files, for those that lack here."""

    setup: WorkerSetup
    node: str
    log: str
    listed: List
    read: Read
    progress: Progress = field(default_factory=LogProgress)
    _opened: dict[int, tuple[Engine, Trainer | None]] = field(default_factory=dict)
    _embedders: dict[HeldModel, Embedder] = field(default_factory=dict)
    _brought: dict[Path, Path] = field(default_factory=dict)

    def hello(self) -> Hello | Refused:
        """What it says of itself when it is ready."""
        try:
            return self._hello()
        except HarnessError as error:
            return Refused.of(error)

    def _hello(self) -> Hello:
        machine = environment.machine(next((held.device for held in self.setup.models), "cpu"))
        return Hello(
            node=self.node,
            host=socket.gethostname(),
            log=self.log,
            version=__version__,
            libraries=environment.libraries(),
            cpu=machine.cpu or "",
            threads=self.setup.threads,
            accelerator=machine.accelerator,
        )

    def do(self, unit: AnyUnit) -> Done[Any] | Refused:
        """What comes of a unit. A bug is raised."""
        try:
            return self._done(unit)
        except HarnessError as error:
            return Refused.of(error)
        except OSError as error:  # as a full disk, or a shared folder that is gone
            why = error.strerror or str(error)
            return Refused.of(HarnessError(f"{socket.gethostname()} could not use {error.filename}: {why}."))

    def _done(self, unit: AnyUnit) -> Done[Any]:
        engine = None if isinstance(unit, Embed) else self._model(unit.model)[0]
        if engine and isinstance(unit, Answer | Load | Time):
            engine.load(self._adapter(unit.adapter))  # what it takes is no part of the answers' time
        start = time.perf_counter()
        value = self._value(unit)
        seconds, facts = time.perf_counter() - start, engine.facts() if engine else None
        return Done(value, seconds, facts, environment.peak_memory_gb())

    def _value(self, unit: AnyUnit) -> Any:
        match unit:
            case Answer():
                engine, _ = self._model(unit.model)
                return engine.complete(unit.requests, self._adapter(unit.adapter), job=unit.bounds)
            case Load():
                return None
            case Time():
                engine, _ = self._model(unit.model)
                return engine.time(unit.request, self._adapter(unit.adapter), time.perf_counter)
            case NameTraining():
                return self._trainer(unit.model).key(unit.training)
            case Train():
                return self._trained(unit)
            case Embed():
                return self._embedder(unit.embedder).embed_documents(
                    unit.texts, unit.prefix, lambda _count: None
                )

    def _trained(self, unit: Train) -> Trained:
        with tempfile.TemporaryDirectory() as place:
            outcome = self._trainer(unit.model).train(
                unit.training, Path(place), self.progress, self._cache / "trainings" / unit.name
            )
            files = {path.name: path.read_bytes() for path in Path(place).iterdir()}
        return Trained(outcome, files)

    # What lies here

    @property
    def _cache(self) -> Path:
        """The driver's own cache on its machine, and where it is shared; else this machine's."""
        return self.setup.cache if self._beside_driver or self.setup.cache.is_dir() else cache_root()

    @property
    def _beside_driver(self) -> bool:
        return self.node == self.setup.home

    def _here(self, folder: Path, room: str, name: str) -> Path:
        """The folder on this machine that holds what lies in the driver's, fetched if need be."""
        if self._beside_driver:
            return folder
        if folder not in self._brought:
            target = self._cache / room / name
            self._brought[folder] = fetched(folder, target, self.listed, self.read, self.progress.note)
        return self._brought[folder]

    def _model(self, number: int) -> tuple[Engine, Trainer | None]:
        if number not in self._opened:
            engine = self._open(self.setup.models[number])
            self._opened[number] = engine, open_trainer(engine)
        return self._opened[number]

    def _open(self, held: HeldModel) -> Engine:
        folder = self._folder(held)
        if held.script:
            return open_script(folder.path)
        from harness.engines.local import LocalModel
        from harness.engines.transformers_engine import TransformersEngine

        return TransformersEngine(
            LocalModel(
                folder,
                device=held.device,
                dtype=str(held.dtype),
                date=held.date,
                cache=self._cache,
                progress=self.progress,
            )
        )

    def _folder(self, held: HeldModel) -> ModelFolder:
        folder = held.folder
        home = folder.path.parent if held.script else folder.path
        here = self._here(home, "fetched", f"{folder.name}-{folder.sha256[:12]}")
        return replace(folder, path=here / folder.path.name if held.script else here)

    def _trainer(self, number: int) -> Trainer:
        _, trainer = self._model(number)
        assert trainer is not None  # else the plan has no training
        return trainer

    def _adapter(self, adapter: AdapterRef | None) -> AdapterRef | None:
        if adapter is None or adapter.folder is None:
            return adapter
        return replace(adapter, folder=self._here(adapter.folder, "adapters", adapter.folder.name))

    def _embedder(self, held: HeldModel) -> Embedder:
        if held not in self._embedders:
            folder = self._folder(held)
            self._embedders[held] = SentenceTransformerEmbedder(
                folder.path, folder.name, folder.sha256, held.device
            )
        return self._embedders[held]
