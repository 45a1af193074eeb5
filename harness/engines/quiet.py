"""The one place that imports transformers: offline-minded, silent, and only when it is needed."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterator
from typing import Any

from harness.errors import HarnessError, ModelUnavailable


def import_transformers() -> Any:
    """Import transformers with telemetry off and its own chatter silenced; returns the module."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    return transformers


MOST_SAID = 300
"""Characters of a library's words that are passed on."""


@contextlib.contextmanager
def quiet_peft() -> Iterator[None]:
    """Around peft's wrapping of a model: it reads an attribute that transformers 5 calls deprecated."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)
        yield


@contextlib.contextmanager
def reading(what: str) -> Iterator[None]:
    """Around a library that reads a model's files: what it raises on files that it cannot read becomes a sentence.

    Broken files make the libraries raise nearly anything, so every exception counts, also the panic of a library in
    Rust, which is no `Exception`; nothing but the library's own calls stands inside. Raises ModelUnavailable.
    """
    try:
        yield
    except HarnessError:
        raise
    except MemoryError as error:
        raise ModelUnavailable(
            f"{what} cannot be read: this machine has too little memory for it."
        ) from error
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise ModelUnavailable(f"{what} cannot be read: {said(error)}.") from error


def said(error: BaseException) -> str:
    """What a library said, on one line and without a full stop, behind the error's type where that tells more."""
    words = " ".join(str(error).split())
    words = (words if len(words) <= MOST_SAID else f"{words[:MOST_SAID]}…").rstrip(".: ")
    plain = isinstance(error, OSError | ValueError | RuntimeError) and words
    return words if plain else f"{type(error).__name__}{words and f': {words}'}"
