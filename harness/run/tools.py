"""The real engine and embedder for a run's settings: where names become folders, devices and dtypes."""

from __future__ import annotations

from harness.corpus.embedder import Embedder, SentenceTransformerEmbedder
from harness.engines.catalogue import DEFAULT_BASE, DEFAULT_EMBEDDER
from harness.engines.store import resolve
from harness.engines.transformers_engine import TransformersEngine, choose_device, choose_dtype
from harness.files import cache_root
from harness.progress import Progress, Terminal
from harness.run.compare import Tools
from harness.run.settings import Settings


def load_tools(settings: Settings, progress: Progress | None = None) -> Tools:
    """Fetch or open the models that the settings name. Weights are read at the first answer.

    Raises InputError for an unknown model, device or dtype, ModelUnavailable where one cannot be had.
    """
    progress = progress or Terminal()
    cache = cache_root()
    reference = settings.model or DEFAULT_BASE
    base = resolve(reference, kind="base", cache=cache, progress=progress, revision=settings.revision)
    device = choose_device(settings.device)
    engine = TransformersEngine(base, device=device, dtype=choose_dtype(settings.dtype, device))

    def embedder() -> Embedder:
        name = settings.embedder or DEFAULT_EMBEDDER
        folder = resolve(name, kind="embedder", cache=cache, progress=progress)
        return SentenceTransformerEmbedder(folder.path, folder.name, folder.sha256, device)

    return Tools(engine, embedder, cache, progress)
