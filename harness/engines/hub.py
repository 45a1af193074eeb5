"""Models named `org/name` on the Hugging Face hub: fetched at one commit, then kept in a local cache."""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path
from typing import Any

from harness.errors import InputError, ModelUnavailable

_NAME = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(?:@(?P<revision>[\w./-]+))?")
_COMMIT = re.compile(r"[0-9a-f]{40}")

PATTERNS = {
    "allow_patterns": ["*.safetensors", "*.json", "*.txt", "*.jinja", "*.model", "README.md"],
    # Copies of the same weights for other programs.
    "ignore_patterns": ["original/*", "onnx/*", "openvino/*", "coreml/*", "consolidated*.safetensors"],
}


def parse(reference: str, revision: str | None) -> tuple[str, str | None] | None:
    """`org/name` or `org/name@revision` → (name, revision); None where it is no hub name.

    Raises InputError where two different revisions are given.
    """
    found = _NAME.fullmatch(reference)
    if found is None or reference.lower().endswith(".gguf"):
        return None
    inline = found["revision"]
    if inline and revision and inline != revision:
        raise InputError(
            f"{reference} names the revision {inline}, but the revision {revision} was asked for."
        )
    return found["name"], inline or revision


def snapshot(name: str, revision: str | None) -> tuple[Path, str]:
    """The folder with the model's files, fetched if need be, and the commit that it is.

    A full commit hash that is in the local cache is served without asking the network; anything else is
    looked up, and served from the cache where the hub cannot be reached. Raises ModelUnavailable where
    there is no such model or revision, it has no safetensors, or it is neither reachable nor in the cache.
    """
    if revision and _COMMIT.fullmatch(revision) and (cached := _local(name, revision)):
        return cached
    hub = _huggingface()
    try:
        commit = _look_up(name, revision)
        return Path(hub.snapshot_download(name, revision=commit, **PATTERNS)), commit
    except (hub.errors.HTTPError, OSError, ValueError) as error:
        cached = _local(name, revision)
        if cached is None:
            raise ModelUnavailable(_unreachable(name, error)) from error
        return cached


def _huggingface() -> Any:
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    import huggingface_hub.errors
    import huggingface_hub.utils

    # Its retries and hints would stand among our own lines.
    huggingface_hub.utils.logging.set_verbosity(logging.ERROR)
    return huggingface_hub


def _local(name: str, revision: str | None) -> tuple[Path, str] | None:
    hub = _huggingface()
    try:
        folder = hub.snapshot_download(name, revision=revision, local_files_only=True, **PATTERNS)
    except (hub.errors.HTTPError, OSError, ValueError):
        return None
    return Path(folder), Path(folder).name


def _look_up(name: str, revision: str | None) -> str:
    """The commit that `revision` stands for: one request without retries, so offline is known at once."""
    hub = _huggingface()
    try:
        info = hub.HfApi().model_info(name, revision=revision, timeout=20)
    except hub.errors.GatedRepoError as error:
        raise ModelUnavailable(
            f"the hub model {name} asks for an agreement: accept it on its page, log in with "
            "`hf auth login`, and try again."
        ) from error
    except hub.errors.RepositoryNotFoundError as error:
        raise ModelUnavailable(
            f"there is no model {name} on the hub (or it is private, and `hf auth login` is needed), "
            "nor a folder of that name here."
        ) from error
    except hub.errors.RevisionNotFoundError as error:
        raise ModelUnavailable(f"the hub model {name} has no revision {revision}.") from error
    if not any(file.rfilename.endswith(".safetensors") for file in info.siblings or ()):
        raise ModelUnavailable(
            f"the hub model {name} offers no safetensors. Other formats can run code when they are opened "
            "and are not loaded; look for a revision or a copy of it that was converted."
        )
    return str(info.sha)


def _unreachable(name: str, error: Exception) -> str:
    reason = re.sub(r"\b[a-z]+://\S+", "<address>", (str(error).splitlines() or [""])[0])[:200].rstrip(". ")
    return (
        f"the hub model {name} could not be fetched ({type(error).__name__}: {reason}), and there is neither "
        "a copy in the local cache nor a folder of that name. Fetch it once where the hub can be reached, or "
        "copy the model's folder to this machine and name that."
    )
