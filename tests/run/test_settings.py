"""Settings survive the manifest, so that a resumed run goes on as it began."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from harness.run.settings import Settings


def test_settings_come_back_from_json_as_they_were() -> None:
    settings = Settings(tasks=("/a.yaml",), strategies=("rag", "base"), limit=3, quick=True, use_cache=False)
    settings = dataclasses.replace(settings, price_as=("gpt-4",), tuning_cycles=5, utilisation=0.1)
    stored = json.loads(json.dumps(settings.stored_in(Path("/runs/one"))))
    assert stored["tasks"] == ["../../a.yaml"]
    assert Settings.from_json(stored, Path("/runs/one")) == settings


def test_a_run_that_moved_with_its_tasks_still_finds_them() -> None:
    stored = Settings(tasks=("/here/tasks/a.yaml",)).stored_in(Path("/here/reports/one"))
    assert Settings.from_json(stored, Path("/there/reports/one")).tasks == ("/there/tasks/a.yaml",)


def test_tasks_of_an_older_run_stand_there_whole() -> None:
    stored = Settings(tasks=("/here/tasks/a.yaml",)).to_json()
    assert Settings.from_json(stored, Path("/runs/one")).tasks == ("/here/tasks/a.yaml",)


def test_settings_of_a_run_that_knew_no_prices_of_hosted_models() -> None:
    data = Settings(tasks=("/a.yaml",)).to_json()
    del data["price_as"], data["tuning_cycles"]
    assert Settings.from_json(data, Path()) == Settings(tasks=("/a.yaml",))


def test_unknown_settings_are_not_dropped_in_silence() -> None:
    with pytest.raises(TypeError):
        Settings.from_json({**Settings(tasks=()).to_json(), "from_the_future": 1}, Path())
