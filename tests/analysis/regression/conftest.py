"""One world, run twice by the real program over fakes: tests take copies, and edit the second."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.analysis.regression.reruns import run_world


@pytest.fixture(autouse=True, scope="module")
def no_waiting_for_the_disk() -> Iterator[None]:
    """These runs need not outlive a power cut: half of their time is `fsync`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture(scope="session")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    before, after = (run_world(tmp_path_factory.mktemp(name)) for name in ("before", "after"))
    return before, after


@pytest.fixture
def baseline(worlds: tuple[Path, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(worlds[0], tmp_path / "baselines" / "run"))


@pytest.fixture
def rerun(worlds: tuple[Path, Path], tmp_path: Path) -> Path:
    """The same again, to be edited."""
    return Path(shutil.copytree(worlds[1], tmp_path / "rerun" / "run"))
