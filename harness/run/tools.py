"""What a run works with, made at the edge so that tests can hand in others."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.corpus.embedder import Embedder, SentenceTransformerEmbedder
from harness.engines.catalogue import DEFAULT_EMBEDDER
from harness.engines.engine import Clock, Engine
from harness.engines.open import open_engine
from harness.engines.store import resolve
from harness.files import cache_root, clean_cache
from harness.finetune.open import open_trainer
from harness.finetune.trainer import Trainer
from harness.progress import Progress, Terminal
from harness.run.settings import Settings


@dataclass(frozen=True, slots=True)
class Tools:
    """`trainer` None: the engine's model cannot be adapted. `embedder_name` is what systems call the embedder."""

    engine: Engine
    trainer: Trainer | None
    embedder: Callable[[], Embedder]
    embedder_name: str
    cache: Path
    progress: Progress
    clock: Clock = time.perf_counter


def load_tools(settings: Settings, progress: Progress | None = None) -> Tools:
    """Fetch or open the models that the settings name. Weights are read at the first answer.

    Raises InputError for an unknown model, device or dtype, ModelUnavailable where one cannot be had.
    """
    progress = progress or Terminal()
    cache = cache_root()
    clean_cache(cache)
    engine = open_engine(
        settings.model,
        cache=cache,
        progress=progress,
        revision=settings.revision,
        device=settings.device,
        dtype=settings.dtype,
        date=settings.date,
    )
    name = settings.embedder or DEFAULT_EMBEDDER

    def embedder() -> Embedder:
        folder = resolve(name, kind="embedder", cache=cache, progress=progress)
        return SentenceTransformerEmbedder(folder.path, folder.name, folder.sha256, engine.identity.device)

    return Tools(engine, open_trainer(engine), embedder, name, cache, progress)
