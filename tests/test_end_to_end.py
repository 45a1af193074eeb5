"""The whole main path on the real default models: one command, three strategies, evidence and report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.cli import main
from harness.engines.store import ModelFolder
from harness.spec.strategy import DEFAULT_STRATEGIES
from tests.conftest import MODELS_CACHE

DOCUMENTS = {
    "ferries": "# Ferries\n\nThe ferry Marigold sails from Port Quill at 07:15. It carries 38 cars.",
    "kitchen": "# Kitchen\n\nThe staff kitchen on floor two closes at 21:00. Its keeper is the night porter.",
    "badges": "# Badges\n\nVisitors wear an orange badge. A lost badge costs 12 euros.",
}
FACTS = [
    ("When does the Marigold leave Port Quill?", "07:15", "ferries"),
    ("How many cars fit on the Marigold?", "38", "ferries"),
    ("When does the staff kitchen close?", "21:00", "kitchen"),
    ("What colour is a visitor's badge?", "orange", "badges"),
]
TASK = """name: small
probes: knowledge
corpus: docs
questions:
  test: test.jsonl
  train: train.jsonl
prompt:
  system: Answer with a short phrase.
answer:
  type: text
  max_tokens: 12
  stop: ["\\n"]
metrics: [contains, f1]
finetune:
  max_epochs: 1
  rank: 4
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A task with a corpus, and a cache that holds the default models and nothing else."""
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "models").symlink_to(MODELS_CACHE / "models", target_is_directory=True)
    monkeypatch.setenv("HARNESS_CACHE", str(cache))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    for name, text in DOCUMENTS.items():
        (tmp_path / "docs" / f"{name}.md").write_text(text, encoding="utf-8")
    test = [
        {"id": f"q{n}", "question": question, "answers": [answer], "gold_docs": [doc], "fact_id": f"f{n}"}
        for n, (question, answer, doc) in enumerate(FACTS)
    ]
    train = [
        {**row, "id": f"t{n}", "question": f"Please tell me: {row['question']}"} for n, row in enumerate(test)
    ]
    for name, rows in (("test", test), ("train", train)):
        (tmp_path / f"{name}.jsonl").write_text(
            "".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8"
        )
    (tmp_path / "task.yaml").write_text(TASK, encoding="utf-8")
    return tmp_path


@pytest.mark.models
@pytest.mark.slow
def test_one_command_measures_every_strategy_that_runs_by_default(
    project: Path, default_base_folder: ModelFolder, default_embedder_folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert main(["compare", "task.yaml", "--latency-queries", "2", "--output", "first"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "first"
    first = json.loads((project / "first/results.json").read_text(encoding="utf-8"))["tasks"]["small"]
    assert set(first["strategies"]) == set(DEFAULT_STRATEGIES)
    assert all(block["accuracy"]["n"] == 4 for block in first["strategies"].values())
    # Facts that no public model knows: a reader of 135M parameters finds some of them in its context.
    assert first["strategies"]["base"]["accuracy"]["mean"] < first["strategies"]["rag"]["accuracy"]["mean"]
    assert first["strategies"]["rag"]["latency_s"]["n"] == 2
    assert (project / "first/report.html").is_file()

    assert main(["compare", "task.yaml", "--latency-queries", "0", "--output", "second"]) == 0
    answers = [
        sorted((row["system"], row["question_id"], row["prediction"]) for row in map(json.loads, lines))
        for lines in (
            (project / name / "answers.jsonl").read_text(encoding="utf-8").splitlines()
            for name in ("first", "second")
        )
    ]
    assert answers[0] == answers[1]
    second = json.loads((project / "second/run.json").read_text(encoding="utf-8"))
    assert all(adapter["reused"] for adapter in second["adapters"])
    assert second["load_s"] is None  # everything came from the caches: the weights were never read
