"""The command `lm_eval --model harness`, in a process that has read lm-eval already."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from harness.engines.store import ModelFolder
from harness.lmeval import library
from tests.fakes import WordEmbedder
from tests.lmeval.peer import peer
from tests.lmeval.worlds import CHOICE, SHORT, Job, config, write_config, write_data, write_task


@pytest.fixture
def job(tmp_path: Path, tiny_model: ModelFolder, monkeypatch: pytest.MonkeyPatch) -> Iterator[Job]:
    """The command with a strategy, flags and further model arguments, in a folder with `rooms.yaml` and `ours.yaml`.

    Its list of lm-eval's own tasks, which takes ten seconds to read, is left out; passages are found by words.
    """
    library.import_lm_eval()
    from lm_eval.tasks import TaskManager

    from harness.lmeval import registered
    from harness.lmeval.__main__ import main

    begin, load = TaskManager.__init__, registered.load_tools
    monkeypatch.setattr(
        TaskManager, "__init__", lambda self, **given: begin(self, **{**given, "include_defaults": False})
    )
    monkeypatch.setattr(registered, "load_tools", lambda *given: replace(load(*given), embedder=WordEmbedder))
    monkeypatch.setattr("lm_eval.utils.setup_logging", lambda: None)
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    write_config(tmp_path / "rooms.yaml", config(write_data(tmp_path), **CHOICE))
    write_task(tmp_path, corpus=True, more=SHORT + "examples: {k: 2}\n")

    def run(
        strategy: str, *flags: str, tasks: str = "rooms.yaml", task: str = "ours.yaml", more: str = ""
    ) -> int:
        arguments = f"strategy={strategy},model={tiny_model.path},task={task}{more}"
        line = ["lm_eval", "--model", "harness", "--model_args", arguments, "--tasks", tasks, *flags]
        monkeypatch.setattr("sys.argv", line)
        return main()

    yield run
    peer.cache_clear()
