"""What a run works with, made at the edge so that tests can hand in others."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.corpus.embedder import Embedder, SentenceTransformerEmbedder
from harness.corpus.opening import no_reranker
from harness.corpus.rerank import CrossEncoderReranker, OpenReranker, Reranker
from harness.engines.catalogue import DEFAULT_EMBEDDER
from harness.engines.engine import Clock, Engine
from harness.engines.memory import fit_together
from harness.engines.open import open_entry
from harness.engines.store import resolve
from harness.errors import InputError
from harness.files import cache_root, clean_cache
from harness.finetune.open import open_trainer
from harness.finetune.trainer import Trainer
from harness.progress import Progress, Terminal
from harness.run import environment
from harness.run.executor import Executor, InProcess
from harness.run.machines import MachineFacts, WorkerGroup
from harness.run.settings import Settings
from harness.run.speed import Measure, measure
from harness.spec.labels import entry_of
from harness.spec.models import SERVED, ModelEntry
from harness.spec.system import ModelRef, System


@dataclass(frozen=True, slots=True)
class Model:
    """A model of a run, opened once. `trainer` None: it cannot be adapted here. `label` None: the run has no other."""

    entry: ModelEntry
    engine: Engine
    trainer: Trainer | None
    label: str | None = None

    @property
    def ref(self) -> ModelRef:
        return self.engine.identity.model


@dataclass(frozen=True, slots=True)
class Tools:
    """`embedder_name` is what systems call the embedder."""

    models: tuple[Model, ...]
    embedder: Callable[[], Embedder]
    embedder_name: str
    cache: Path
    progress: Progress
    clock: Clock = time.perf_counter
    fit_together: Callable[[Sequence[Engine]], bool] = fit_together
    measure: Measure | None = None
    """Finds out how fast a model answers here; None: nobody wants to know."""
    reranker: OpenReranker = no_reranker
    proposer: Model | None = None
    """Who proposes system messages; None: the model that answers with them."""
    executor: Executor = field(default_factory=InProcess)
    """Who computes what local models answer."""
    machine: Callable[[str], MachineFacts] = environment.machine
    """What is known of this machine and of a device."""
    workers: Callable[[], tuple[WorkerGroup, ...]] = tuple
    """Who of a cluster has computed so far."""
    peak_memory_gb: Callable[[], float | None] = environment.peak_memory_gb
    """The most memory that this process has held so far, with the worker that took most, GB."""

    @property
    def model(self) -> Model:
        """The first model: the only one, where somebody works with one."""
        return self.models[0]

    def of(self, system: System) -> Model:
        """The model that a system answers with."""
        return next(model for model in self.models if model.ref == system.model)


def load_tools(settings: Settings, progress: Progress | None = None) -> Tools:
    """Fetch or open the models that the settings name. Weights are read at the first answer.

    Raises InputError for an unknown model, device or dtype, or the same model twice; ModelUnavailable where one
    cannot be had.
    """
    progress = progress or Terminal()
    cache = cache_root()
    clean_cache(cache)
    opened = [
        Model(
            entry,
            engine := open_entry(entry, cache=cache, progress=progress, date=settings.date),
            open_trainer(engine),
            label,
        )
        for entry, label in zip(settings.models, settings.labels, strict=True)
    ]
    check_different(opened)
    name = settings.embedder or DEFAULT_EMBEDDER

    def embedder() -> Embedder:
        folder = resolve(name, kind="embedder", cache=cache, progress=progress)
        return SentenceTransformerEmbedder(folder.path, folder.name, folder.sha256, _device(opened))

    @functools.cache
    def reranker(name: str) -> Reranker:
        if name.startswith(SERVED):
            from harness.engines.endpoint.rerank import open_served_reranker

            return open_served_reranker(name)
        folder = resolve(name, kind="reranker", cache=cache, progress=progress)
        return CrossEncoderReranker(folder.path, folder.name, folder.sha256, _device(opened))

    proposer = _proposer(settings, opened, cache, progress)
    return Tools(
        tuple(opened), embedder, name, cache, progress,
        measure=measure, reranker=reranker, proposer=proposer,
    )  # fmt: skip


def _proposer(settings: Settings, opened: Sequence[Model], cache: Path, progress: Progress) -> Model | None:
    """The model that proposes system messages: one of the run, or another one. Raises as `load_tools`."""
    if settings.optimise_with is None:
        return None
    of_run = (model for model in opened if settings.optimise_with in (model.label, model.entry.model))
    if model := next(of_run, None):
        return model
    entry = entry_of(settings.optimise_with)
    return Model(entry, open_entry(entry, cache=cache, progress=progress, date=settings.date), None)


def _device(models: Sequence[Model]) -> str:
    """The embedder's device: that of the first model that is here, else the best of this machine."""
    from harness.engines.local import choose_device

    identities = [model.engine.identity for model in models]
    return next((one.device for one in identities if one.server is None), None) or choose_device(None)


def check_different(models: Sequence[Model]) -> None:
    """Raises InputError where two models of a run would answer the same: their systems could not be told apart."""
    seen: dict[ModelRef, Model] = {}
    for model in models:
        if other := seen.get(model.ref):
            raise InputError(
                f"the models {other.label} and {model.label} are the same, {model.ref.name}, with the same weights and "
                "dtype; name it once."
            )
        seen[model.ref] = model
