"""The one place that imports transformers: offline-minded, silent, and only when it is needed."""

from __future__ import annotations

import os
from typing import Any


def import_transformers() -> Any:
    """Import transformers with telemetry off and its own chatter silenced; returns the module."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    return transformers
