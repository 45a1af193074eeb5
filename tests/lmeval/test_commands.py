"""The commands take a task file that names a task of lm-eval's as they take any other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.cli import main
from harness.engines.store import ModelFolder
from tests.commands import one_document, refused
from tests.lmeval.worlds import CHOICE, config, write_config, write_data, write_task


@pytest.fixture(autouse=True)
def here(elsewhere: Path) -> Path:
    write_config(elsewhere / "tasks" / "lm" / "rooms.yaml", config(write_data(elsewhere), **CHOICE))
    return write_task(elsewhere / "tasks", "lm/rooms.yaml")


def test_the_list_names_what_is_behind_a_task_and_does_not_open_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    (row,) = one_document(capsys, "tasks", "list", "--json")["tasks"]
    assert (row["name"], row["answer"], row["lm_eval"], row["test"]) == (
        "rooms",
        "lm-eval",
        "lm/rooms.yaml",
        None,
    )
    assert main(["tasks", "list"]) == 0
    assert "lm/rooms.yaml" in capsys.readouterr().out


def test_validating_opens_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tasks", "validate"]) == 0
    said = capsys.readouterr().out
    assert "questions   8 test, 6 train, 0 dev." in said
    assert "\ntasks/ours.yaml: 8 test questions can show no difference;" in said
    assert (
        "harness compare tasks/ours.yaml --dry-run" in said
    )  # a member of a group has no name of its own there
    assert "Not few-shot-nearest: lm-eval makes its prompts" in said


def test_a_run_goes_through_the_command(
    capsys: pytest.CaptureFixture[str], tiny_model: ModelFolder, tmp_path: Path
) -> None:
    arguments = [
        "--model",
        str(tiny_model.path),
        "--strategies",
        "base",
        "--limit",
        "4",
        "--latency-queries",
        "1",
    ]
    assert main(["compare", "rooms", *arguments, "--output", "run"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "run"
    results = json.loads((tmp_path / "run" / "results.json").read_text(encoding="utf-8"))
    assert results["tasks"]["rooms"]["n"] == 4
    assert set(results["tasks"]["rooms"]["strategies"]["base"]["metrics"]) == {"acc", "acc_norm"}


def test_code_is_refused_without_its_flag_and_resuming_needs_the_flag_again(
    capsys: pytest.CaptureFixture[str], tiny_model: ModelFolder, tmp_path: Path
) -> None:
    folder = tmp_path / "tasks" / "lm"
    (folder / "utils.py").write_text("def text(doc):\n    return doc['question']\n", encoding="utf-8")
    (folder / "rooms.yaml").rename(folder / "plain.yaml")
    (folder / "rooms.yaml").write_text(
        "include: plain.yaml\ntask: rooms\ndoc_to_text: !function utils.text\n", encoding="utf-8"
    )
    said = refused(capsys, "compare", "rooms", "--output", "run")
    assert "rooms.yaml:3:14: doc_to_text: is code (utils.text)." in said
    assert not (tmp_path / "run").exists()
    arguments = ["--model", str(tiny_model.path), "--strategies", "base", "--latency-queries", "0"]
    assert main(["compare", "rooms", "--allow-task-code", *arguments, "--output", "run"]) == 0
    capsys.readouterr()
    assert main(["compare", "--resume", "run", "--allow-task-code"]) == 0
    capsys.readouterr()
    assert "add --allow-task-code again" in refused(capsys, "compare", "--resume", "run")
    manifest = tmp_path / "run" / "run.json"
    text = manifest.read_text(encoding="utf-8").replace('"allow_task_code": true', '"allow_task_code": false')
    manifest.write_text(text, encoding="utf-8")
    assert "doc_to_text: is code (utils.text)." in refused(capsys, "compare", "--resume", "run")


def test_it_is_not_exported_to_where_it_comes_from(capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, "tasks", "export", "rooms", "--to", "lm-eval", "out")
    assert "is lm-eval's already: it names 'lm/rooms.yaml'." in said
