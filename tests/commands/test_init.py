"""`init`: the examples in an empty folder, and nothing replaced in one that is not."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from harness.cli import main
from harness.spec.project import EXAMPLES
from tests.commands import one_document, refused, tasks_here

ROOT = Path(__file__).parents[2]


pytestmark = pytest.mark.usefixtures("elsewhere")


def test_an_empty_folder_has_the_example_tasks_afterwards(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["init", "new"]) == 0
    told = capsys.readouterr().out
    assert "wrote reports/: .gitignore" in told
    assert "wrote .github/: workflows/harness-check.yml" in told
    assert "cd new" in told
    monkeypatch.chdir("new")
    names = {task["name"] for task in one_document(capsys, "tasks", "list", "--json")["tasks"]}
    assert names == {"knowledge", "behaviour", "general"}
    assert main(["tasks", "validate"]) == 0
    handbook = "corpora/handbook/glossary.md"
    assert Path(handbook).read_bytes() == (ROOT / handbook).read_bytes()


def test_nothing_is_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    mine = {Path("tasks/general.yaml"): "mine", Path("reports/.gitignore"): "!*"}
    for path, text in mine.items():
        path.parent.mkdir()
        path.write_text(text)
    assert main(["init"]) == 0
    assert "left as it was: tasks/general.yaml and reports/.gitignore" in capsys.readouterr().out
    assert {path: path.read_text() for path in mine} == mine
    assert Path("tasks/knowledge.yaml").exists()


def test_where_there_are_tasks_no_examples_come(capsys: pytest.CaptureFixture[str]) -> None:
    tasks_here()
    before = sorted(Path("tasks").rglob("*"))
    assert main(["init"]) == 0
    assert "left out the examples" in capsys.readouterr().out
    assert sorted(Path("tasks").rglob("*")) == before
    assert Path("reports/.gitignore").exists()


def test_a_file_in_the_way_of_a_folder_is_named_before_anything_is_written(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("corpora").write_text("")
    assert "corpora: is a file" in refused(capsys, "init")
    assert [path.name for path in Path().iterdir()] == ["corpora"]


def test_the_wheel_brings_each_example(capsys: pytest.CaptureFixture[str]) -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = pyproject["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["force-include"] == {name: f"harness/examples/{name}" for name in EXAMPLES}


def test_a_folder_without_tasks_names_the_way_to_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert "`harness init`" in refused(capsys, "compare")
