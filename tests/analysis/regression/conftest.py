"""One world, run twice by the real program over fakes: tests take copies, and edit the second."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.analysis.regression.reruns import run_world


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
