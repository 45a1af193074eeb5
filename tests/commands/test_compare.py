"""`compare` from its flags to its report on an engine without weights."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli import main
from harness.run.manifest_file import read_manifest
from tests.commands import tasks_here
from tests.run.worlds import TOOLS, lines

STRATEGIES = ("base", "few-shot", "lora")


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A script that knows who keeps each tool and nothing else; the folder and the cache are the test's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    tasks_here(with_corpus=False)
    path = tmp_path / "script.jsonl"
    lines(path, [{"when": f"Who keeps the {tool}?", "reply": f"{tool} 0"} for tool in TOOLS])
    return path


def test_a_scripted_engine_is_compared_from_its_flags_to_the_report(
    script: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["compare", "workshop", "--model", f"scripted:{script}", "--strategies", ",".join(STRATEGIES)]
    assert main([*command, "--output", "run", "--latency-queries", "2"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "run"
    task = json.loads(Path("run/results.json").read_text(encoding="utf-8"))["tasks"]["workshop"]
    accuracy = {name: one["accuracy"] for name, one in task["strategies"].items()}
    assert list(accuracy) == list(STRATEGIES)
    assert all(one["n"] == 3 * len(TOOLS) for one in accuracy.values())
    assert accuracy["base"]["mean"] == pytest.approx(1 / 3), "what the script knows, and nothing else"
    assert task["strategies"]["base"]["latency_s"]["n"] == 2
    assert "lora" in Path("run/report.html").read_text(encoding="utf-8")

    manifest = read_manifest(Path("run"))
    assert manifest.status == "complete"
    assert [trained.record.task for trained in manifest.adapters] == ["workshop"]
    assert main(["report", "run"]) == 0
    assert main(["check", "run", "--baseline", "run", "--expect", "same"]) == 0


def test_a_run_names_files_as_they_are_called_from_here_and_few_of_many(
    script: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    learnt = [
        {"id": f"t{n}", "question": f"Who keeps the {tool}?", "answers": ["x"]}
        for n, tool in enumerate(TOOLS)
    ]
    lines(Path("tasks/workshop/train.jsonl"), learnt)
    command = [
        "compare",
        "workshop",
        "--model",
        f"scripted:{script}",
        "--strategies",
        "base",
        "--output",
        "run",
    ]
    assert main(command) == 0
    said = capsys.readouterr().err.splitlines()
    left_out = [line.strip() for line in said if "left out" in line]
    assert left_out[0].startswith(
        "tasks/workshop/train.jsonl:1: left out, since it is also the test question at t"
    )
    assert left_out[3:] == ["tasks/workshop.yaml: 5 questions are left out besides."]
    Path("tasks/workshop/train.jsonl").write_text("{", encoding="utf-8")
    assert main([*command[:-1], "run2"]) == 2
    assert capsys.readouterr().err.startswith("harness: tasks/workshop/train.jsonl:1: broken JSON")


def test_a_run_that_was_moved_away_from_its_tasks_says_so(
    script: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["compare", "workshop", "--model", f"scripted:{script}", "--strategies", "base"]
    assert main([*command, "--output", "runs/1"]) == 0
    Path("runs/1").rename("moved")
    capsys.readouterr()
    assert main(["compare", "--resume", "moved"]) == 2
    assert capsys.readouterr().err.startswith("harness: moved: its tasks lay, as seen from this folder, at ")


def test_it_imports_no_library_that_reads_weights(script: Path) -> None:
    code = (
        "import sys; from harness.cli import main\n"
        f"assert main(['compare', 'workshop', '--model', 'scripted:{script}', '--strategies', 'base']) == 0\n"
        "assert not {'transformers', 'peft', 'faiss'} & sys.modules.keys()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (run,) = Path("reports").iterdir()
    assert read_manifest(run).run_id == run.name, "one id, of the folder too"


def test_a_run_within_a_time_says_what_it_was_planned_for(
    script: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["compare", "workshop", "--model", f"scripted:{script}", "--strategies", "base,few-shot"]
    assert main([*command, "--output", "run", "--within", "10m"]) == 0
    assert "Planned to fit into 10.0 min" in capsys.readouterr().err
    within = read_manifest(Path("run")).settings.within
    assert within
    assert within.seconds == 600
    assert "Planned to fit into 10.0 min" in Path("run/report.md").read_text(encoding="utf-8")
    assert main([*command, "--within", "10m", "--learning-curve"]) == 2
    assert main([*command, "--within", "10m", "--optimise-prompt", "2"]) == 2
    assert main([*command, "--within", "soon"]) == 2
