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
from harness.engines.store import ModelFolder
from harness.spec.strategy import DEFAULT_STRATEGIES
from tests.analysis.runs import write_run
from tests.architectures import tiny
from tests.commands import one_document, refused, tasks_here
from tests.run.worlds import answers_of, questions, rows, train

ROOT = Path(__file__).parents[2]


pytestmark = pytest.mark.usefixtures("elsewhere")


# What it prints


def test_help_and_version_end_well(capsys: pytest.CaptureFixture[str]) -> None:
    for flag, expected in (("--help", "compare"), ("--version", __version__)):
        with pytest.raises(SystemExit) as caught:
            main([flag])
        assert caught.value.code == 0
        assert expected in capsys.readouterr().out


def test_help_names_the_strategies_that_run_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    """It is written there a second time, as what knows them takes a tenth of a second to import."""
    with pytest.raises(SystemExit):
        main(["compare", "--help"])
    shown = "".join(capsys.readouterr().out.split())
    assert f"(default:{','.join(DEFAULT_STRATEGIES)})" in shown


def test_the_flags_of_all_commands_import_nothing_heavy() -> None:
    heavy = ["pydantic", "numpy", "torch", "ruamel.yaml", "harness.records", "harness.files"]
    code = f"import sys; from harness.cli import parser; parser(); print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_tasks_list_is_one_json_document(capsys: pytest.CaptureFixture[str]) -> None:
    tasks_here()
    (task,) = one_document(capsys, "tasks", "list", "--json")["tasks"]
    assert (task["name"], task["probes"], task["test"], task["train"]) == (
        "workshop", "knowledge", len(questions()), len(train()),
    )  # fmt: skip
    assert main(["tasks", "list"]) == 0
    assert "workshop" in capsys.readouterr().out


def test_a_broken_task_does_not_hide_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    tasks_here()
    Path("tasks/broken.yaml").write_text("name: [", encoding="utf-8")
    assert main(["tasks", "list"]) == 2
    said = capsys.readouterr()
    assert said.out.startswith("workshop ")
    assert "tasks/broken.yaml:" in said.err
    assert main(["tasks", "list", "--json"]) == 2
    assert not capsys.readouterr().out


def test_the_tasks_that_ship_are_listed_and_valid(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    names = {task["name"] for task in one_document(capsys, "tasks", "list", "--json")["tasks"]}
    assert names == {"knowledge", "behaviour", "general"}
    assert main(["tasks", "validate"]) == 0
    assert capsys.readouterr().out.count("Valid: nothing was found") == 3


def test_tasks_schema_is_the_schema_that_ships(capsys: pytest.CaptureFixture[str]) -> None:
    schema = one_document(capsys, "tasks", "schema")
    assert schema["$schema"].startswith("https://json-schema.org/")
    required = set(schema["$defs"]["TaskSpec"]["required"])
    assert {"name", "probes", "questions", "prompt", "answer", "metrics"} <= required
    assert {"name", "probes", "lm_eval"} <= set(schema["$defs"]["LmEvalSpec"]["required"])
    assert schema == json.loads((ROOT / "tasks" / "task.schema.json").read_text(encoding="utf-8"))


def test_a_new_task_can_run_at_once_and_is_never_overwritten(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tasks", "new", "mine"]) == 0
    written = capsys.readouterr().out.splitlines()
    assert written[0] == "tasks/mine.yaml"
    assert all(Path(path).is_file() for path in written)
    assert main(["tasks", "validate", "mine"]) == 0
    said = capsys.readouterr().out
    assert "It can run (harness compare mine)" in said
    assert "Valid" not in said
    assert "exists already" in refused(capsys, "tasks", "new", "mine")
    assert "name" in refused(capsys, "tasks", "new", "../mine")


def test_a_new_task_names_the_documents_that_it_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    Path("docs").mkdir()
    Path("docs/loans.md").write_text("A drill may be kept for 14 days.", encoding="utf-8")
    assert "there is no" in refused(capsys, "tasks", "new", "mine", "--corpus", "papers")
    assert main(["tasks", "new", "mine", "--corpus", "docs"]) == 0
    assert "1 file with 1 document" in capsys.readouterr().err
    (task,) = one_document(capsys, "tasks", "validate", "--json")["tasks"]
    assert task["documents"]["documents"] == 1
    assert task["gold"] == {"answerable": 3, "named": 1, "looked_for": 1, "found": 1}


def test_a_task_is_exported_once_and_never_over_something_else(capsys: pytest.CaptureFixture[str]) -> None:
    tasks_here()
    assert main(["tasks", "export", "workshop", "--to", "lm-eval", "out"]) == 0
    written = [Path(path) for path in capsys.readouterr().out.splitlines()]
    assert written[0].relative_to(Path.cwd()).as_posix() == "out/workshop/workshop.yaml"
    assert all(path.is_file() for path in written)
    assert "exists already" in refused(capsys, "tasks", "export", "workshop", "--to", "lm-eval", "out")


def test_an_export_that_cannot_be_names_what_can(capsys: pytest.CaptureFixture[str]) -> None:
    tasks_here()
    export = ("tasks", "export", "workshop")
    assert "did you mean 'workshop'" in refused(
        capsys, "tasks", "export", "worshop", "--to", "lm-eval", "out"
    )
    assert "lm-eval" in refused(capsys, *export, "--to", "helm", "out")
    assert "--to" in refused(capsys, *export, "out")
    unused = refused(capsys, *export, "--to", "lm-eval", "out", "--model", "x", "--embedder", "y")
    assert "--model and --embedder serve --with-context only" in unused
    assert not Path("out").exists()


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
    assert {"results.json", "report.md", "report.html", "summary.csv"} <= {
        p.name for p in Path("run").iterdir()
    }


# Compare on tiny weights


def compare(model: ModelFolder, *more: str) -> list[str]:
    """A short run; flags in `more` stand in the place of its own."""
    flags = {
        "--model": str(model.path), "--strategies": "base,few-shot", "--device": "cpu", "--limit": "3",
        "--latency-queries": "1",
    }  # fmt: skip
    own = [word for flag, value in flags.items() if flag not in more for word in (flag, value)]
    return ["compare", "workshop", *own, *more]


def test_compare_ends_with_the_run_folder_on_its_last_line(
    capsys: pytest.CaptureFixture[str], tiny_model: ModelFolder
) -> None:
    tasks_here(with_corpus=False)
    assert main(compare(tiny_model, "--monthly-queries", "40", "--error-price", "0.5")) == 0
    *_, verdict, step, last = capsys.readouterr().out.splitlines()
    folder = Path(last)
    assert verdict.startswith("workshop: Nothing can be chosen: base ")
    assert step.startswith("  next: ")
    assert folder.parent == Path("reports")
    settings = json.loads((folder / "run.json").read_text(encoding="utf-8"))["settings"]
    assert settings["requirements"] == {"monthly_queries": 40, "error_price_usd": 0.5}
    assert settings["monthly_queries"] == 40
    assert len(answers_of(folder)) == 6
    assert json.loads((folder / "results.json").read_text(encoding="utf-8"))["tasks"]["workshop"]["n"] == 3
    assert json.loads((folder / "run.json").read_text(encoding="utf-8"))["command"].startswith(
        "harness compare"
    )


def test_a_run_says_which_fast_paths_its_model_was_found_unfit_for(
    capsys: pytest.CaptureFixture[str], tiny_model: ModelFolder
) -> None:
    tasks_here(with_corpus=False)
    convolutions = tiny("lfm2, convolutions")
    for model, used in ((tiny_model, "own"), (convolutions, "library")):
        assert main(compare(model, "--output", used)) == 0
        facts = json.loads(Path(used, "run.json").read_text(encoding="utf-8"))["model"]
        assert facts["decoding"]["used"] == used
        assert len(answers_of(Path(used))) == 6
        said = capsys.readouterr().err
        assert ("transformers' generate" in said) == (used == "library")


def test_ctrl_c_ends_with_code_1_and_the_way_to_go_on(
    capsys: pytest.CaptureFixture[str], tiny_model: ModelFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    from harness.run.timing import TimingPass

    def interrupt(*_arguments: Any, **_options: Any) -> None:
        raise KeyboardInterrupt

    tasks_here(with_corpus=False)
    with monkeypatch.context() as patch:
        patch.setattr(TimingPass, "run", interrupt)
        assert main(compare(tiny_model, "--output", "run")) == 1
    captured = capsys.readouterr()
    assert "harness compare --resume run" in captured.err
    assert "Traceback" not in captured.err
    assert len(answers_of(Path("run"))) == 6
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

HEAVY = ("torch", "transformers", "sentence_transformers", "faiss", "peft", "genai_prices")
"""genai_prices: a report takes prices from the run, not from whichever snapshot is installed."""


@pytest.mark.parametrize(
    "argv",
    [
        ["--help"],
        ["compare", "--help"],
        ["tasks", "validate"],
        ["tasks", "list"],
        ["models", "list"],
        ["report", "RUN"],
    ],
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
    assert done.stderr.startswith("harness: there is no run in gone: it holds no run.json.")
