"""Two real models in one run: one copy of each one's weights, and never two where they do not fit together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.engines import local
from harness.engines.store import ModelFolder
from harness.engines.transformers_engine import TransformersEngine
from harness.report.write import write_reports
from harness.run.manifest_file import read_manifest
from tests.fakes import Silent, WordEmbedder
from tests.run.worlds import PAIR, Tools, answers_of, go, make_task, model_of, settings_of
from tests.tiny import tiny_engine, write_tiny_model

SHORT = "finetune:\n  max_epochs: 1\n"


def engines(folder: Path) -> list[TransformersEngine]:
    made = []
    for seed, label in enumerate(("small", "large")):
        path = write_tiny_model(folder / label, seed)
        made.append(tiny_engine(ModelFolder(label, path, str(seed + 1) * 64, f"folder {label}", None, None)))
    return made


def tools(folder: Path, pair: list[TransformersEngine], *, fits: bool) -> Tools:
    embedder = WordEmbedder()
    models = tuple(model_of(engine, label) for engine, label in zip(pair, ("small", "large"), strict=True))
    return Tools(
        models, lambda: embedder, embedder.name, folder / "cache", Silent(), fit_together=lambda _: fits
    )


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The folders whose weights were read, in order."""
    read: list[str] = []
    load = local.load_weights

    def counting(path: Path, *given: Any, **named: Any) -> Any:
        read.append(path.name)
        return load(path, *given, **named)

    monkeypatch.setattr(local, "load_weights", counting)
    return read


def holding(pair: list[TransformersEngine]) -> int:
    return sum(engine.model._loaded is not None for engine in pair)


def test_each_models_weights_are_read_once_where_both_fit(tmp_path: Path, loads: list[str]) -> None:
    task = make_task(tmp_path, more=SHORT)
    pair = engines(tmp_path)
    settings = settings_of(task, "base", "lora@small", models=PAIR, latency_queries=2)
    folder = go(settings, [task], tools(tmp_path, pair, fits=True), tmp_path / "run")
    assert loads == ["small", "large"]
    facts = read_manifest(folder).models
    assert all(row.parameters and row.load_s is not None for row in facts)
    assert write_reports(folder).tasks["workshop"].strategies.keys() == {
        "base@small",
        "lora@small",
        "base@large",
    }


def test_a_run_from_the_cache_alone_knows_how_large_its_models_are(tmp_path: Path, loads: list[str]) -> None:
    task = make_task(tmp_path, more=SHORT)
    settings = settings_of(task, "base", "base@large", models=PAIR, latency_queries=0)
    first, second = (
        read_manifest(
            go(settings, [task], tools(tmp_path, engines(tmp_path), fits=True), tmp_path / name)
        ).models
        for name in ("first", "second")
    )
    assert loads == ["small", "large"]
    assert [row.load_s for row in second] == [None, None]
    assert [row.parameters for row in second] == [row.parameters for row in first]


def test_never_two_models_are_in_memory_where_they_do_not_fit(
    tmp_path: Path, loads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    task = make_task(tmp_path, more=SHORT)
    pair = engines(tmp_path)
    settings = settings_of(task, "base", "lora@small", models=PAIR, latency_queries=4, use_cache=False)
    load = local.load_weights

    def alone(*given: Any, **named: Any) -> Any:
        assert holding(pair) == 0
        return load(*given, **named)

    monkeypatch.setattr(local, "load_weights", alone)
    apart = go(settings, [task], tools(tmp_path, pair, fits=False), tmp_path / "apart")
    assert loads == ["small", "large", "small", "large", "small"], "answers, then A B B A"
    assert holding(pair) == 0
    monkeypatch.setattr(local, "load_weights", load)
    other = tmp_path / "other"
    together = go(settings, [task], tools(other, pair, fits=True), tmp_path / "together")
    assert answers_of(together) == answers_of(apart)
