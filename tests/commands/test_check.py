"""`check` and `diff` as commands: every exit code, one clear message for each bad input."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from harness.cli import main
from tests.analysis.regression.reruns import edit_manifest, made_up
from tests.commands import one_document, refused, tasks_here
from tests.snapshots import Snapshots

OTHER_PROMPT = {"prompt_sha256": "1" * 64}


@pytest.fixture
def baseline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    return str(made_up(Path("reports/baseline"), {"base": ["yes"] * 50}))


@pytest.fixture
def same(baseline: str) -> str:
    return str(made_up(Path("reports/same"), {"base": ["yes"] * 50}))


def lossy(lost: int) -> str:
    """A run that lost so many of 50 answers, to prompts that are others too."""
    replies = {"base": ["yes"] * (50 - lost) + ["no"] * lost}
    return str(made_up(Path(f"reports/lost{lost}"), replies, more=lambda *_: OTHER_PROMPT))


@pytest.mark.parametrize(
    ("lost", "argv", "code"),
    [
        (0, (), 0),
        (0, ("--expect", "same"), 4),
        (2, (), 3),
        (2, ("--strict",), 4),
        (2, ("--margin", "0.2"), 0),
        (20, (), 4),
    ],
)
def test_the_exit_code_is_the_verdict(
    baseline: str, lost: int, argv: tuple[str, ...], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", lossy(lost), "--baseline", baseline, *argv]) == code
    captured = capsys.readouterr()
    word = {0: "No regression: ", 3: "Inconclusive: ", 4: "Regression: "}[code]
    assert captured.out.startswith(word)
    assert captured.err == ""


def test_a_run_that_was_stopped_is_incomplete(
    baseline: str, same: str, capsys: pytest.CaptureFixture[str]
) -> None:
    edit_manifest(Path(same), lambda about: about.update(status="running"))
    for argv in (
        ("check", same, "--baseline", baseline),
        ("check", baseline, "--baseline", same),
        ("diff", same, baseline),
    ):
        said = refused(capsys, *argv, code=1)
        assert said.startswith(f"{same} is incomplete (status running)")
        assert said.endswith(f"Go on with: harness compare --resume {same}")


def test_a_torn_last_line_is_a_missing_answer(
    baseline: str, same: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = Path(same) / "answers.jsonl"
    answers.write_text(answers.read_text()[:-30])
    assert "1 answer missing" in refused(capsys, "check", same, "--baseline", baseline, code=1)


def _break_a_line(run: Path) -> None:
    lines = (run / "answers.jsonl").read_text().splitlines(keepends=True)
    (run / "answers.jsonl").write_text("".join([*lines[:2], "{torn\n", *lines[3:]]))


DAMAGE: dict[str, tuple[Any, str]] = {
    "missing": (shutil.rmtree, "there is no run in reports/same: it holds no run.json."),
    "empty": (lambda run: (run / "run.json").unlink(), "there is no run in reports/same: it holds no run.json."),
    "file": (
        lambda run: (shutil.rmtree(run), run.write_text("")),
        "reports/same: this is a file; name the folder of a run, which holds run.json.",
    ),
    "newer": (
        lambda run: edit_manifest(run, lambda about: about.update(schema_version=99)),
        "reports/same/run.json: was written by a newer version (schema 99; this version reads 2). "
        "Update the program.",
    ),
    "no JSON": (lambda run: (run / "run.json").write_text("{"), "reports/same/run.json: the manifest cannot be read:"),
    "null": (
        lambda run: edit_manifest(run, lambda about: about.update(tasks=None)),
        "reports/same/run.json:1: is damaged: 'tasks' is null, which is not what a run writes there: ",
    ),
    "plan": (
        lambda run: edit_manifest(run, lambda about: about.update(plan=[{"task": "t"}])),
        "reports/same/run.json:1: is damaged: 'plan.0.system' is missing.",
    ),
    "broken line": (_break_a_line, "reports/same/answers.jsonl:3: broken line:"),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_run_is_named_on_either_side(
    baseline: str, same: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    harm, wanted = DAMAGE[name]
    harm(Path(same))
    for argv in (
        ("check", same, "--baseline", baseline),
        ("check", baseline, "--baseline", same),
        ("diff", baseline, same),
    ):
        said = refused(capsys, *argv)
        assert said.startswith(wanted)
        assert len(said.splitlines()) == 1


def test_other_questions_are_refused_and_compared_in_common(
    baseline: str, capsys: pytest.CaptureFixture[str], snapshots: Snapshots
) -> None:
    run = str(made_up(Path("reports/few"), {"base": ["yes"] * 9}))
    snapshots.check("check_other_questions.txt", refused(capsys, "check", run, "--baseline", baseline) + "\n")
    document = one_document(capsys, "check", run, "--baseline", baseline, "--common", "--json")
    assert document["outcome"] == "pass"
    assert len(document["left_out"]) == 1


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("--baseline", "gone"), "there is no run in gone"),
        (("--limit", "9"), "--limit says how many questions a run will ask; leave RUN out, or --limit."),
        (("--baseline", "B", "--margin", "-0.1"), "--margin: must be at least 0, but is -0.1."),
        (
            ("--baseline", "B", "--margin", "2"),
            "--margin: is a share below 1, and not 2: write 2 points as 0.02.",
        ),
        (("--baseline", "B", "--margin", "x"), "argument --margin: invalid float value: 'x'."),
        (
            ("--baseline", "B", "--expect", "sane"),
            "--expect: is 'sane', which is none of same, change (did you mean 'same'?)",
        ),
        (("--baseline", "B", "--history", "gone"), "there is no folder of runs at gone (--history)."),
        (("--baseline", "B", "--rules", "gone.yaml"), "gone.yaml: there is no such file."),
        (("--baseline", "B", "-o", "x.pdf"), "x.pdf: the suffix says what to write (.md, .xml, .json)"),
    ],
)
def test_wrong_usage_is_one_message(
    baseline: str, same: str, argv: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    message = refused(capsys, "check", same, *(baseline if word == "B" else word for word in argv))
    assert message.startswith(said)
    assert len(message.splitlines()) == 1


def test_rules_of_tasks_that_no_run_has_are_refused(
    baseline: str, same: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("rules.yaml").write_text("tasks: {u: {margin: 0.1}}\n")
    said = refused(capsys, "check", same, "--baseline", baseline, "--rules", "rules.yaml")
    assert said == "the rules name a task 'u', which the runs have not."


def test_json_is_one_document_and_files_are_written_beside_it(
    baseline: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run = lossy(20)
    code = main(["check", run, "--baseline", baseline, "--json", "-o", "c.md", "-o", "c.xml", "-o", "c.json"])
    captured = capsys.readouterr()
    assert (code, captured.err) == (4, "")
    assert json.loads(captured.out)["exit_code"] == 4
    assert Path("c.json").read_text() == captured.out
    assert Path("c.md").read_text().startswith("## Regression: 1 of 1 check failed.\n")
    assert ElementTree.parse("c.xml").getroot().tag == "testsuites"


def test_nothing_is_written_where_runs_cannot_be_compared(
    baseline: str, capsys: pytest.CaptureFixture[str]
) -> None:
    refused(capsys, "check", "gone", "--baseline", baseline, "-o", "c.md")
    assert not Path("c.md").exists()


def test_a_check_changes_neither_run(baseline: str, same: str) -> None:
    before = {path: path.read_bytes() for path in Path("reports").rglob("*") if path.is_file()}
    main(["check", same, "--baseline", baseline])
    main(["diff", baseline, same])
    assert {path: path.read_bytes() for path in Path("reports").rglob("*") if path.is_file()} == before


def test_a_diff_is_one_document(baseline: str, same: str, capsys: pytest.CaptureFixture[str]) -> None:
    document = one_document(capsys, "diff", baseline, same, "--json")
    assert (document["before"], document["after"], document["changes"]) == (baseline, same, [])
    assert refused(capsys, "diff", baseline, "gone").startswith("there is no run in gone")


def test_before_the_first_run_it_says_what_a_check_can_catch(
    baseline: str, capsys: pytest.CaptureFixture[str], snapshots: Snapshots
) -> None:
    tasks_here()
    assert main(["check", "--limit", "12"]) == 0
    snapshots.check("check_before.txt", capsys.readouterr().out)
    (task,) = one_document(capsys, "check", "--json")["tasks"]
    assert (task["task"], task["n"], task["margin"]) == ("workshop", 24, 0.02)


def test_an_accepted_run_is_the_baseline_and_nothing_that_is_derived(
    baseline: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Path(lossy(20))
    main(["report", str(run)])
    capsys.readouterr()
    assert main(["check", str(run)]) == 4
    assert "harness accept reports/lost20 --baseline reports/baseline" in capsys.readouterr().out
    assert main(["accept", str(run)]) == 0
    assert capsys.readouterr().out.startswith(f"reports/baseline is now the run {run}; commit it.\n")
    assert {path.suffix for path in Path(baseline).iterdir()} == {".json", ".jsonl"}
    assert not (Path(baseline) / "results.json").exists()
    assert (run / "results.json").exists()
    assert main(["check", str(run), "--expect", "same"]) == 0


def test_a_makefile_that_makes_baselines_is_the_way_to_accept(
    baseline: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("Makefile").write_text("check: candidate\nbaseline: candidate\n")
    run = lossy(20)
    assert main(["check", run]) == 4
    assert "commit that: make baseline" in capsys.readouterr().out
    assert main(["check", baseline, "--baseline", run, "--expect", "same"]) == 4
    assert "harness accept reports/baseline --baseline reports/lost20" in capsys.readouterr().out


def test_only_a_whole_run_is_accepted_and_only_a_run_is_replaced(
    baseline: str, same: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("mine").mkdir()
    Path("mine/notes.txt").write_text("kept")
    for argv, said, code in (
        (("gone",), "there is no run in gone", 2),
        ((baseline,), "reports/baseline: is the run itself", 2),
        ((same, "--baseline", "mine"), "mine: is not a run, so it is not replaced", 2),
        ((same, "--baseline", "mine/notes.txt"), "mine/notes.txt: is not a run, so it is not replaced", 2),
    ):
        assert refused(capsys, "accept", *argv, code=code).startswith(said)
    edit_manifest(Path(same), lambda about: about.update(status="running"))
    assert refused(capsys, "accept", same, code=1).startswith(f"{same} is incomplete")
    assert Path("mine/notes.txt").read_text() == "kept"
