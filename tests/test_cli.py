"""The command line: exit codes, one clear message and no traceback for a user's mistake, a fast start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness import __version__
from harness.cli import main
from harness.models.store import ModelFolder
from tests.analysis.runs import manifest, write_run
from tests.run.worlds import questions, rows, said, train, write_task

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test works in an empty folder with an empty cache."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))


def refused(capsys: pytest.CaptureFixture[str], *argv: str, code: int = 2) -> str:
    """The message of a command that ends with `code`: on standard error, no traceback, nothing on standard output."""
    assert main(argv) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err
    assert captured.err.startswith("harness: ")
    return captured.err.removeprefix("harness: ").strip()


def one_document(capsys: pytest.CaptureFixture[str], *argv: str) -> Any:
    assert main(argv) == 0
    return json.loads(capsys.readouterr().out)


def tasks_here(**options: Any) -> Path:
    return write_task(Path("tasks"), "workshop", **options)


# Mistakes


def test_an_unknown_command_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    message = refused(capsys, "comapre")
    assert "'comapre'" in message
    assert "compare" in message
    assert "harness --help" in message


@pytest.mark.parametrize("argv", [[], ["tasks"], ["models"], ["report"], ["tasks", "new"]])
def test_a_command_left_unfinished_is_wrong_usage(capsys: pytest.CaptureFixture[str], argv: list[str]) -> None:
    assert "--help" in refused(capsys, *argv)


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("--limit", "0"),
        ("--limit", "-3"),
        ("--limit", "many"),
        ("--limit", "2.5"),
        ("--latency-queries", "-1"),
        ("--seed", "x"),
        ("--monthly-queries", "0"),
    ],
)
def test_a_number_out_of_range_names_its_flag(capsys: pytest.CaptureFixture[str], flag: str, value: str) -> None:
    message = refused(capsys, "compare", flag, value)
    assert flag in message
    assert "is not a whole number from" in message


def test_an_unknown_flag_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert "--fast" in refused(capsys, "compare", "--fast")


def test_a_missing_task_is_named_with_the_nearest_one(capsys: pytest.CaptureFixture[str]) -> None:
    tasks_here()
    message = refused(capsys, "compare", "workshp")
    assert "there is no task 'workshp'" in message
    assert "'workshop'" in message
    assert "there is no task file" in refused(capsys, "compare", "gone.yaml")


def test_no_tasks_at_all_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert "there is no folder tasks" in refused(capsys, "compare")


def test_all_mistakes_of_a_task_file_show_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    path = tasks_here(more="metrisc: [contains]\nexamples: {k: zero}\n")
    (path.parent / "workshop" / "test.jsonl").write_text('{"id": "a", "question": "Who?", "answers": ["x"]}\n{bad\n')
    message = refused(capsys, "tasks", "validate")
    assert "metrisc" in message
    assert "did you mean" in message
    assert "examples.k" in message
    assert "test.jsonl:2" in message
    assert message == refused(capsys, "compare"), "a run refuses what validate refuses"


def test_gold_documents_the_corpus_lacks_are_refused_before_a_model_is_touched(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tasks_here(test=[{**questions()[0], "gold_docs": ["dril"]}])
    for command in (["tasks", "validate"], ["compare", "--model", "no-such-model"]):
        message = refused(capsys, *command)
        assert "test.jsonl:1: gold_docs: the corpus has no document 'dril'" in message
        assert "'drill'" in message


def test_an_empty_corpus_and_one_that_is_not_utf8_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    tasks_here(test=[{"id": "a", "question": "Who?", "answers": ["x"]}])
    (Path("tasks/docs") / "latin.md").write_bytes("Mühe".encode("latin-1"))
    assert "latin.md: not UTF-8 at byte 1" in refused(capsys, "tasks", "validate")
    for path in Path("tasks/docs").iterdir():
        path.unlink()
    assert "the corpus has no documents" in refused(capsys, "tasks", "validate")


@pytest.mark.parametrize("given", ["bsae,rag", "rag,bsae"])
def test_an_unknown_strategy_is_named_with_the_nearest_one(capsys: pytest.CaptureFixture[str], given: str) -> None:
    tasks_here()
    message = refused(capsys, "compare", "--strategies", given)
    assert "there is no strategy 'bsae'. Did you mean 'base'?" in message
    assert "oracle" in message


def test_no_strategy_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    tasks_here()
    assert "name at least one strategy" in refused(capsys, "compare", "--strategies", " , ")


def test_an_unknown_model_is_named_with_the_nearest_one(capsys: pytest.CaptureFixture[str]) -> None:
    tasks_here()
    message = refused(capsys, "compare", "--model", "SmolLM-135M")
    assert "there is no model 'SmolLM-135M'" in message
    assert "SmolLM2-135M-Instruct" in message
    assert "there is no file or folder ./model" in refused(capsys, "compare", "--model", "./model")
    assert "no-such-model" in refused(capsys, "models", "pull", "no-such-model")


def test_a_missing_price_sheet_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    tasks_here()
    assert "prices.yaml" in refused(capsys, "compare", "--prices", "prices.yaml")


@pytest.mark.parametrize("command", [["report"], ["compare", "--resume"]])
def test_a_folder_without_a_run_is_refused(capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    assert "there is no run in gone" in refused(capsys, *command, "gone")
    Path("here").mkdir()
    assert "there is no run in here" in refused(capsys, *command, "here")


@pytest.mark.parametrize("command", [["report"], ["compare", "--resume"]])
def test_a_run_of_a_newer_schema_is_refused(capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    write_run(Path("run"), manifest={**manifest(), "schema_version": 99})
    message = refused(capsys, *command, "run")
    assert "run.json" in message
    assert "newer version" in message
    assert sorted(path.suffix for path in Path("run").iterdir()) == [".json"] + [".jsonl"] * 5


def test_resume_goes_on_with_the_runs_own_settings_only(capsys: pytest.CaptureFixture[str]) -> None:
    write_run(Path("run"))
    message = refused(
        capsys, "compare", "knowledge", "--resume", "run", "--limit", "3", "--quick", "--no-cache", "--seed", "0",
        "--output", "x",
    )  # fmt: skip
    for flag in ("TASK", "--limit", "--quick", "--no-cache", "--seed", "--output"):
        assert flag in message
    assert "--resume goes on with the run's own settings" in message


def test_settings_of_another_version_cannot_be_resumed(capsys: pytest.CaptureFixture[str]) -> None:
    write_run(Path("run"))
    assert "cannot be resumed" in refused(capsys, "compare", "--resume", "run")
    write_run(Path("run"), manifest={**manifest(), "settings": {"tasks": [], "strategies": [], "odd": 1}})
    assert "cannot be resumed" in refused(capsys, "compare", "--resume", "run")


def test_damaged_evidence_is_refused_with_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    write_run(Path("run"))
    path = Path("run/answers.jsonl")
    path.write_text("{broken\n" + path.read_text())
    assert "answers.jsonl:1: broken line" in refused(capsys, "report", "run")


# What it prints


def test_help_and_version_end_well(capsys: pytest.CaptureFixture[str]) -> None:
    for flag, expected in (("--help", "compare"), ("--version", __version__)):
        with pytest.raises(SystemExit) as caught:
            main([flag])
        assert caught.value.code == 0
        assert expected in capsys.readouterr().out


def test_tasks_list_is_one_json_document(capsys: pytest.CaptureFixture[str]) -> None:
    tasks_here()
    (task,) = one_document(capsys, "tasks", "list", "--json")["tasks"]
    assert (task["name"], task["probes"], task["test"], task["train"]) == (
        "workshop", "knowledge", len(questions()), len(train()),
    )  # fmt: skip
    assert main(["tasks", "list"]) == 0
    assert "workshop" in capsys.readouterr().out


def test_the_tasks_that_ship_are_listed_and_valid(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    names = {task["name"] for task in one_document(capsys, "tasks", "list", "--json")["tasks"]}
    assert names == {"knowledge", "behaviour", "general"}
    assert main(["tasks", "validate"]) == 0
    assert capsys.readouterr().out.count("is valid") == 3


def test_tasks_schema_is_the_schema_that_ships(capsys: pytest.CaptureFixture[str]) -> None:
    schema = one_document(capsys, "tasks", "schema")
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert {"name", "probes", "questions", "prompt", "answer", "metrics"} <= set(schema["required"])
    assert schema == json.loads((ROOT / "tasks" / "task.schema.json").read_text(encoding="utf-8"))


def test_a_new_task_is_valid_at_once_and_never_overwritten(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tasks", "new", "mine"]) == 0
    written = capsys.readouterr().out.splitlines()
    assert written[0] == "tasks/mine.yaml"
    assert all(Path(path).is_file() for path in written)
    assert main(["tasks", "validate", "mine"]) == 0
    assert "mine is valid" in capsys.readouterr().out
    assert "exists already" in refused(capsys, "tasks", "new", "mine")
    assert "name" in refused(capsys, "tasks", "new", "../mine")


def test_models_list_is_one_json_document(capsys: pytest.CaptureFixture[str]) -> None:
    models = one_document(capsys, "models", "list", "--json")["models"]
    assert {model["kind"] for model in models} == {"base", "embedder"}
    for model in models:
        assert set(model) == {"name", "kind", "licence", "size_bytes", "source", "present", "default"}
        assert model["present"] is False
    assert main(["models", "list"]) == 0
    assert "not fetched" in capsys.readouterr().out


def test_report_derives_everything_again(capsys: pytest.CaptureFixture[str]) -> None:
    write_run(Path("run"))
    results = one_document(capsys, "report", "run", "--json")
    assert results == json.loads(Path("run/results.json").read_text(encoding="utf-8"))
    assert main(["report", "run"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "run"
    assert {"results.json", "report.md", "report.html", "summary.csv"} <= {p.name for p in Path("run").iterdir()}


# Compare on tiny weights


def compare(model: ModelFolder, *more: str) -> list[str]:
    return [
        "compare", "workshop", "--model", str(model.path), "--strategies", "base,few-shot", "--device", "cpu",
        "--limit", "3", "--latency-queries", "1", *more,
    ]  # fmt: skip


def test_compare_ends_with_the_run_folder_on_its_last_line(
    capsys: pytest.CaptureFixture[str], tiny_model: ModelFolder
) -> None:
    tasks_here(with_corpus=False)
    assert main(compare(tiny_model)) == 0
    folder = Path(capsys.readouterr().out.splitlines()[-1])
    assert folder.parent == Path("reports")
    assert len(said(folder)) == 6
    assert json.loads((folder / "results.json").read_text(encoding="utf-8"))["tasks"]["workshop"]["n"] == 3
    assert json.loads((folder / "run.json").read_text(encoding="utf-8"))["command"].startswith("harness compare")


def test_ctrl_c_ends_with_code_1_and_the_way_to_go_on(
    capsys: pytest.CaptureFixture[str], tiny_model: ModelFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    from harness.models.transformers_engine import TransformersEngine

    def interrupt(*_arguments: Any, **_options: Any) -> None:
        raise KeyboardInterrupt

    tasks_here(with_corpus=False)
    with monkeypatch.context() as patch:
        patch.setattr(TransformersEngine, "time", interrupt)
        assert main(compare(tiny_model, "--output", "run")) == 1
    captured = capsys.readouterr()
    assert "harness compare --resume run" in captured.err
    assert "Traceback" not in captured.err
    assert len(said(Path("run"))) == 6
    assert main(["compare", "--resume", "run"]) == 0
    assert len(rows(Path("run"), "timings")) == 2


def test_an_output_that_cannot_be_used_is_refused(
    capsys: pytest.CaptureFixture[str], tiny_model: ModelFolder
) -> None:
    tasks_here(with_corpus=False)
    Path("file").write_text("")
    for output in ("file", "file/run", "tasks"):
        assert "output" in refused(capsys, *compare(tiny_model, "--output", output))


@pytest.mark.parametrize(("flag", "value"), [("--dtype", "float31"), ("--device", "toaster")])
def test_an_unknown_dtype_or_device_is_refused(
    capsys: pytest.CaptureFixture[str], tiny_model: ModelFolder, flag: str, value: str
) -> None:
    tasks_here(with_corpus=False)
    assert repr(value) in refused(capsys, *compare(tiny_model, flag, value))


def test_a_strategy_no_task_can_serve_is_refused(
    capsys: pytest.CaptureFixture[str], tiny_model: ModelFolder
) -> None:
    tasks_here(with_corpus=False)
    message = refused(capsys, *compare(tiny_model, "--strategies", "rag"))
    assert "workshop: rag: the task names no corpus" in message
    assert not Path("reports").exists()


# A fast start

HEAVY = ("torch", "transformers", "sentence_transformers", "faiss", "peft")


@pytest.mark.parametrize(
    "argv",
    [["--help"], ["compare", "--help"], ["tasks", "validate"], ["tasks", "list"], ["models", "list"], ["report", "RUN"]],
    ids=" ".join,
)
def test_light_commands_import_no_heavy_library(tmp_path: Path, argv: list[str]) -> None:
    run = write_run(tmp_path / "run")
    code = (
        "import sys\nfrom harness.cli import main\n"
        "try:\n    code = main(sys.argv[1:])\nexcept SystemExit as end:\n    code = end.code\n"
        f"print('HEAVY', *[name for name in {HEAVY!r} if name in sys.modules])\nsys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *[str(run) if part == "RUN" else part for part in argv]],
        cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].split() == ["HEAVY"]


def test_the_module_is_the_console_script() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "harness", "report", "gone"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "harness: there is no run in gone: it holds no run.json.\n"
