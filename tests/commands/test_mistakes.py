"""A user's mistake on the command line: one clear message, exit 2, no traceback, nothing half-written."""

from __future__ import annotations

import argparse
import errno
import os
import re
from pathlib import Path

import pytest

from harness.cli import parser
from harness.spec.prices import SHIPPED
from tests.analysis.runs import manifest, write_run
from tests.commands import refused, tasks_here
from tests.run.worlds import questions

pytestmark = pytest.mark.usefixtures("elsewhere")


def flags_of(command: str) -> list[str]:
    """The flags of a command that take a value."""
    found: argparse.ArgumentParser = parser()
    for verb in command.split():
        (verbs,) = (action for action in found._actions if isinstance(action, argparse._SubParsersAction))
        found = verbs.choices[verb]
    return [
        action.option_strings[-1] for action in found._actions if action.option_strings and action.nargs != 0
    ]


def test_a_folder_that_may_not_be_looked_into_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may look everywhere, so the system refuses by hand."""
    tasks_here()

    def refuse(folder: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(folder))

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert refused(capsys, "tasks", "validate") == "'tasks': Permission denied."


def test_an_unknown_command_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    message = refused(capsys, "comapre")
    assert "'comapre'" in message
    assert "compare" in message
    assert "harness --help" in message


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ("comapre", "harness has no command 'comapre' (did you mean 'compare'?)"),
        ("tasks vaildate", "harness tasks has no command 'vaildate' (did you mean 'validate'?)"),
        ("compare --qick", "harness compare has no flag '--qick' (did you mean '--quick'?)"),
        (
            "tasks import a.csv b --anwer=A",
            "harness tasks import has no flag '--anwer' (did you mean '--answer'?)",
        ),
        ("report run other", "harness report takes no further 'other'"),
        (
            "report run --tariff shard",
            "is 'shard', which is none of kept-up, scale-to-zero, shared (did you mean",
        ),
    ],
)
def test_a_slip_is_told_with_what_was_meant_and_the_help_of_its_command(
    capsys: pytest.CaptureFixture[str], argv: str, said: str
) -> None:
    message = refused(capsys, *argv.split())
    assert said in message
    assert (
        f"See: {said.partition(' has ')[0].partition(' takes ')[0]} --help" in message or "shard" in message
    )


@pytest.mark.parametrize("argv", [[], ["tasks"], ["models"], ["report"], ["tasks", "new"]])
def test_a_command_left_unfinished_is_wrong_usage(
    capsys: pytest.CaptureFixture[str], argv: list[str]
) -> None:
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
        ("--seeds", "0"),
        ("--seeds", "1001"),
        ("--seed", "9" * 5000),
        ("--limit", "2147483648"),
        ("--limit", "nan"),
    ],
)
def test_a_number_out_of_range_names_its_flag(
    capsys: pytest.CaptureFixture[str], flag: str, value: str
) -> None:
    message = refused(capsys, "compare", flag, value)
    assert flag in message
    assert "is not a whole number from" in message


@pytest.mark.parametrize(
    "command", ["compare", "check", "decide", "report", "trend", "tasks export", "tasks import"]
)
def test_an_empty_value_is_refused_whatever_the_flag(
    capsys: pytest.CaptureFixture[str], command: str
) -> None:
    for flag in flags_of(command):
        assert f"{flag}: the value is empty" in refused(capsys, *command.split(), flag, "")
        assert "the value is empty" in refused(capsys, *command.split(), f"{flag}=")


@pytest.mark.parametrize(
    "value", ["x" * 256, "é" * 128, "a/" * 3000 + "a", "loop", "loop/x", "gone/" + "x" * 300]
)
@pytest.mark.parametrize(
    "argv",
    [
        ("compare", "--output"), ("compare", "--resume"), ("compare",), ("compare", "--model"),
        ("compare", "--embedder"), ("compare", "--prices"), ("compare", "--requirements"), ("report",),
        ("report", "run", "-o"), ("decide",), ("check", "run", "--baseline"), ("check", "run", "--rules"),
        ("check", "run", "--history"), ("diff", "run"), ("trend",), ("trend", "-o"), ("tasks", "validate"),
        ("tasks", "new"), ("tasks", "export"), ("tasks", "import", "t.csv"), ("tasks", "import"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_files_name_is_refused(
    capsys: pytest.CaptureFixture[str], argv: tuple[str, ...], value: str
) -> None:
    Path("loop").symlink_to("loop")
    assert "cannot name a file: " in refused(capsys, *argv, value)


def test_a_flag_given_twice_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert "--seed: is given twice" in refused(capsys, "compare", "--seed", "1", "--seed=1")
    assert "--json" not in refused(capsys, "report", "gone", "--json", "--json")


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
    (path.parent / "workshop" / "test.jsonl").write_text(
        '{"id": "a", "question": "Who?", "answers": ["x"]}\n{bad\n'
    )
    message = refused(capsys, "tasks", "validate")
    assert "metrisc" in message
    assert "did you mean" in message
    assert "examples.k" in message
    assert "test.jsonl:2" in message
    again = refused(capsys, "compare").replace(f"{Path.cwd()}{os.sep}", "")
    assert message == again, "a run refuses what validate refuses"


def test_gold_documents_the_corpus_lacks_are_refused_before_a_model_is_touched(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tasks_here(test=[{**questions()[0], "gold_docs": ["dril"]}])
    for command in (["tasks", "validate"], ["compare", "--model", "no-such-model"]):
        message = refused(capsys, *command)
        assert "test.jsonl:1: gold_docs: the corpus has no document 'dril'" in message
        assert "'drill'" in message


def test_many_missing_gold_documents_are_counted_after_the_first_twenty(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A corpus that was moved lacks them all; hundreds of lines would hide every other mistake."""
    asked = [{**questions()[0], "id": f"q{i}", "question": f"What is {i}?"} for i in range(25)]
    tasks_here(test=[{**question, "gold_docs": ["nowhere/" + "x" * 60]} for question in asked])
    *first, last = refused(capsys, "tasks", "validate").splitlines()
    assert len(first) == 20
    assert first[0].endswith(f"the corpus has no document 'nowhere/{'x' * 60}'."), "a path is not cut"
    assert last == "… and 5 more."


def test_an_empty_corpus_and_one_that_is_not_utf8_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    tasks_here(test=[{"id": "a", "question": "Who?", "answers": ["x"]}])
    for path in Path("tasks/docs").iterdir():
        path.unlink()
    (Path("tasks/docs") / "cyrillic.md").write_bytes("Труд".encode("cp1251"))
    assert "cyrillic.md: line 1 is not UTF-8" in refused(capsys, "tasks", "validate")
    (Path("tasks/docs") / "cyrillic.md").unlink()
    assert "the corpus has no documents" in refused(capsys, "tasks", "validate")
    (Path("tasks/docs") / "blank.md").write_text(" \n", encoding="utf-8")
    assert "the corpus has no documents" in refused(capsys, "tasks", "validate")


@pytest.mark.parametrize("given", ["bsae,rag", "rag,bsae"])
def test_an_unknown_strategy_is_named_with_the_nearest_one(
    capsys: pytest.CaptureFixture[str], given: str
) -> None:
    tasks_here()
    message = refused(capsys, "compare", "--strategies", given)
    assert "there is no strategy 'bsae' (did you mean 'base'?)" in message
    assert "oracle" in message


def test_no_strategy_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    tasks_here()
    assert "name at least one strategy" in refused(capsys, "compare", "--strategies", " , ")


def test_an_unwritable_output_is_refused_before_a_model_is_touched(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tasks_here()
    Path("file").write_text("")
    message = refused(capsys, "compare", "--model", "no-such-model", "--output", "file/deep/run")
    assert "the output folder file/deep/run cannot be written" in message
    message = refused(capsys, "compare", "--model", "no-such-model", "--output", "new/deep/run")
    assert "no-such-model" in message
    assert not Path("new").exists(), "finding out whether a folder can be written leaves nothing behind"


def test_an_unknown_model_is_named_with_the_nearest_one(capsys: pytest.CaptureFixture[str]) -> None:
    tasks_here()
    message = refused(capsys, "compare", "--model", "SmolLM-135M")
    assert "there is no model 'SmolLM-135M'" in message
    assert "SmolLM2-135M-Instruct" in message
    assert "there is no file or folder ./model" in refused(capsys, "compare", "--model", "./model")
    assert "no-such-model" in refused(capsys, "models", "pull", "no-such-model")


def test_a_missing_price_sheet_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    tasks_here()
    assert "prices.yaml: there is no such file" in refused(capsys, "compare", "--prices", "prices.yaml")
    Path("prices.yaml").write_text("machines: [\n")
    assert "prices.yaml:" in refused(capsys, "compare", "--prices", "prices.yaml")
    assert "not a file" in refused(capsys, "compare", "--prices", "tasks")


def test_a_negative_price_on_the_sheet_is_refused_with_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    tasks_here()
    text = SHIPPED.read_text(encoding="utf-8").replace("usd_per_label: 1.0", "usd_per_label: -1.0")
    Path("mine.yaml").write_text(text, encoding="utf-8")
    message = refused(capsys, "compare", "--prices", "mine.yaml", "--model", "no-such-model")
    assert re.search(r"mine\.yaml:\d+:\d+: labels\.usd_per_label: must be at least 0", message)


def test_an_unknown_api_model_is_refused_with_the_nearest_names(capsys: pytest.CaptureFixture[str]) -> None:
    tasks_here()
    message = refused(capsys, "compare", "--price-as", "gpt-4o-minii,gpt-4", "--model", "no-such-model")
    assert "no price of an API model 'gpt-4o-minii' is known; the nearest names are gpt-4o-mini" in message
    assert "no-such-model" not in message, "prices are checked before any model is looked for"


@pytest.mark.parametrize(
    ("flag", "value", "wanted"),
    [
        ("--usd-per-hour", "-2", "price from 0.000001"),
        ("--utilisation", "1.5", "share from 0.000001 to 1"),
        ("--utilisation", "50", "for 50 % write 0.5"),
        ("--tuning-cycles", "0", "whole number from 1"),
        ("--machine", "m7i.lage", "did you mean 'm7i.large'"),
    ],
)
def test_a_price_flag_out_of_range_is_refused(
    capsys: pytest.CaptureFixture[str], flag: str, value: str, wanted: str
) -> None:
    tasks_here()
    assert wanted in refused(capsys, "compare", f"{flag}={value}", "--model", "no-such-model")


@pytest.mark.parametrize("command", [["report"], ["compare", "--resume"]])
def test_a_folder_without_a_run_is_refused(capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    assert "there is no run in gone" in refused(capsys, *command, "gone")
    Path("here").mkdir()
    assert "there is no run in here" in refused(capsys, *command, "here")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("20260102T030405Z-0a1b2c", "Did you mean reports/20260102T030405Z-0a1b2c?"),
        ("reports/20260102T030405Z-0a1b2d", "Did you mean reports/20260102T030405Z-0a1b2c?"),
        ("gone", "The last one in reports is reports/20260102T030405Z-0a1b2c."),
    ],
)
def test_a_slip_in_the_name_of_a_run_is_told_with_what_was_meant(
    capsys: pytest.CaptureFixture[str], given: str, meant: str
) -> None:
    for name in ("20260102T030405Z-0a1b2c", "20251231T000000Z-ffffff", "baseline"):
        write_run(Path("reports") / name)
    assert refused(capsys, "report", given).strip().endswith(f"it holds no run.json. {meant}")


def test_the_first_check_says_how_to_make_a_baseline(capsys: pytest.CaptureFixture[str]) -> None:
    write_run(Path("reports/first"))
    said = refused(capsys, "check", "reports/first")
    assert said.strip().endswith("Take this run for it: harness accept reports/first")


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


def test_damaged_settings_cannot_be_resumed(capsys: pytest.CaptureFixture[str]) -> None:
    write_run(Path("run"), manifest={**manifest(), "settings": {"tasks": "facts"}})
    assert "run.json:1: is damaged: 'settings.tasks' is 'facts'" in refused(
        capsys, "compare", "--resume", "run"
    )


def test_damaged_evidence_is_refused_with_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    write_run(Path("run"))
    path = Path("run/answers.jsonl")
    path.write_text("{broken\n" + path.read_text())
    assert "answers.jsonl:1: broken line" in refused(capsys, "report", "run")
