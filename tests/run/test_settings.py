"""Settings survive the manifest, so that a resumed run goes on as it began."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from harness.run.settings import Settings


def test_settings_come_back_as_they_were() -> None:
    settings = Settings(tasks=("/a.yaml",), strategies=("rag", "base"), limit=3, quick=True, use_cache=False)
    settings = dataclasses.replace(settings, price_as=("gpt-4",), tuning_cycles=5, utilisation=0.1)
    stored = settings.stored_in(Path("/runs/one"))
    assert stored.tasks == ("../../a.yaml",)
    assert stored.found_from(Path("/runs/one")) == settings


def test_a_run_that_moved_with_its_tasks_still_finds_them() -> None:
    stored = Settings(tasks=("/here/tasks/a.yaml",)).stored_in(Path("/here/reports/one"))
    assert stored.found_from(Path("/there/reports/one")).tasks == ("/there/tasks/a.yaml",)


def test_absolute_paths_stand_as_they_are() -> None:
    settings = Settings(tasks=("/here/tasks/a.yaml",), forgetting=None)
    assert settings.found_from(Path("/runs/one")) == settings
