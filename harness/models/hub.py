"""Models named `org/name` on the Hugging Face hub: fetched at one revision, then served from the local cache."""

from __future__ import annotations

import os
import re
from pathlib import Path

from harness.errors import InputError, ModelUnavailable

_NAME = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(?:@(?P<revision>[\w./-]+))?")
_COMMIT = re.compile(r"[0-9a-f]{40}")

WANTED = ["*.safetensors", "*.json", "*.txt", "*.jinja", "*.model", "README.md"]
UNWANTED = ["original/*", "onnx/*", "openvino/*", "consolidated*.safetensors", "coreml/*"]
"""Copies of the same weights for other programs."""


def parse(reference: str, revision: str | None) -> tuple[str, str | None] | None:
    """`org/name` or `org/name@revision` → (name, revision); None where it is no hub name.

    Raises InputError where two different revisions are given.
    """
    found = _NAME.fullmatch(reference)
    if found is None:
        return None
    inline = found["revision"]
    if inline and revision and inline != revision:
        raise InputError(
            f"{reference} names the revision {inline}, but the revision {revision} was asked for."
        )
    return found["name"], inline or revision


def snapshot(name: str, revision: str | None) -> tuple[Path, str]:
    """The folder with the model's files, fetched if need be, and the commit that it is.

    A full commit hash that is in the local cache is served without asking the network. Raises
    ModelUnavailable where the hub has no such model, or cannot be reached and the cache has none.
    """
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    import huggingface_hub
    from huggingface_hub import errors

    shared = {"revision": revision, "allow_patterns": WANTED, "ignore_patterns": UNWANTED}
    if revision and _COMMIT.fullmatch(revision):
        try:
            folder = huggingface_hub.snapshot_download(name, local_files_only=True, **shared)
            return Path(folder), Path(folder).name
        except (errors.HfHubHTTPError, OSError, ValueError):
            pass  # not here yet
    try:
        folder = huggingface_hub.snapshot_download(name, **shared)
    except errors.GatedRepoError as error:
        raise ModelUnavailable(
            f"the hub model {name} asks for an agreement: accept it on its page, log in with `hf auth login`, try again."
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise ModelUnavailable(
            f"there is no model {name} on the hub (or it is private and `hf auth login` is needed), "
            "nor a folder of that name here."
        ) from error
    except errors.RevisionNotFoundError as error:
        raise ModelUnavailable(f"the hub model {name} has no revision {revision}.") from error
    except (errors.HfHubHTTPError, OSError, ValueError) as error:
        raise ModelUnavailable(_unreachable(name, error)) from error
    return Path(folder), Path(folder).name


def _unreachable(name: str, error: Exception) -> str:
    reason = re.sub(r"\b[a-z]+://\S+", "<address>", (str(error).splitlines() or [""])[0])[:200].rstrip(". ")
    return (
        f"the hub model {name} could not be fetched ({type(error).__name__}: {reason}), and there is neither a copy in "
        "the local cache nor a folder of that name. Fetch it once where the hub can be reached, or copy the model's "
        "folder to this machine and name that."
    )
