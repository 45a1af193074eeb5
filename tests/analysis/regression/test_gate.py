"""What findings come to: outcome, exit code, causes, and which earlier runs are listened to."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.regression.changes import Cause
from harness.analysis.regression.findings import Outcome
from harness.analysis.regression.gate import Judgement, earlier
from harness.analysis.regression.pairing import Side
from harness.analysis.regression.rules import RULES, Expect
from harness.analysis.regression.terms import Gate, GateFile, Terms
from harness.errors import InputError
from harness.files import to_json
from harness.report import gate_files
from tests.analysis.regression.reruns import edit_manifest, edit_rows, fallen, judged, made_up, other_model
from tests.analysis.runs import PRICE_SHEET

LOST = {"base": ["yes"] * 30 + ["no"] * 20}
KEPT = {"base": ["yes"] * 50}


@pytest.fixture
def lost(tmp_path: Path) -> tuple[Path, Path]:
    """Of 50 right answers 20 are lost, and the prompts are others: so no answer is held against its like."""
    run = made_up(tmp_path / "b", LOST, more=lambda *_: {"prompt_sha256": "1" * 64})
    return run, made_up(tmp_path / "a", KEPT)


def deciding(judgement: Judgement) -> set[str]:
    return {one.rule for one in judgement.findings if one.counts and one.outcome is Outcome.FAIL}


def test_what_is_expected_says_which_findings_decide(lost: tuple[Path, Path]) -> None:
    for expect, rule in ((Expect.SAME, "prompts"), (Expect.CHANGE, "accuracy")):
        found = judged(*lost, expect)
        assert (found.expect, found.exit_code, deciding(found)) == (expect, 4, {rule})
        assert fallen(found) == {("base", "prompts"), ("base", "accuracy")}, (
            "what does not decide is still told"
        )
    assert judged(*lost).expect is Expect.CHANGE


def test_a_changed_input_that_did_no_harm_passes_where_a_change_is_expected(tmp_path: Path) -> None:
    run, baseline = made_up(tmp_path / "b", KEPT), made_up(tmp_path / "a", KEPT)
    other_model(run, sha256="b" * 64)
    assert judged(run, baseline).exit_code == 0
    assert judged(run, baseline, Expect.SAME).exit_code == 4


def test_a_control_is_shown_and_decides_nothing(tmp_path: Path) -> None:
    """The model shown the right passages explains the others; nobody would deploy it."""
    run, baseline = (
        made_up(tmp_path / name, {"base": ["yes"] * 50, "oracle": oracle})
        for name, oracle in (("b", LOST["base"]), ("a", KEPT["base"]))
    )
    for expect in Expect:
        found = judged(run, baseline, expect)
        assert found.exit_code == 0
        assert {("oracle", "answers"), ("oracle", "accuracy")} == fallen(found)
    assert {one.strategy for one in found.findings if one.control} == {"oracle"}


def test_a_wide_margin_leaves_it_open_and_strict_makes_that_a_failure(lost: tuple[Path, Path]) -> None:
    """20 of 50 lost: Tango's interval is 26.7 to 53.5 points."""
    gate = Gate(Terms(margin=0.4))
    assert judged(*lost, gate=gate).exit_code == 3
    assert judged(*lost, gate=gate, strict=True).exit_code == 4
    assert judged(*lost, gate=Gate(Terms(margin=0.6)), strict=True).exit_code == 0


def test_a_file_sets_terms_of_one_strategy(lost: tuple[Path, Path]) -> None:
    terms = {"expect": "same", "tasks": {"t": {"strategies": {"base": {"expect": "change", "margin": 0.6}}}}}
    assert judged(*lost, gate=Gate(file=GateFile.model_validate(terms))).exit_code == 0


def test_a_file_may_name_what_either_run_has_and_nothing_else(lost: tuple[Path, Path]) -> None:
    with pytest.raises(
        InputError, match=r"a task 'u', which the runs have not.*\n.*a strategy 'bass' .*'base'"
    ):
        judged(*lost, gate=Gate(file=GateFile.model_validate(
            {"tasks": {"u": {}, "t": {"strategies": {"bass": {}}}}}
        )))  # fmt: skip


def test_a_task_that_only_the_run_has_may_be_named(tmp_path: Path) -> None:
    run, baseline = made_up(tmp_path / "b", KEPT), made_up(tmp_path / "a", KEPT)
    spec = {**json.loads((run / "run.json").read_text())["tasks"]["t"]["spec"], "name": "new"}
    edit_manifest(run, lambda about: about["tasks"].update(new={"spec": spec}))
    found = judged(
        run, baseline, gate=Gate(file=GateFile.model_validate({"tasks": {"new": {"margin": 0.1}}}))
    )
    assert found.exit_code == 0
    assert found.new == ("task 'new' is new",)


def test_what_has_nothing_to_look_at_is_a_pass(tmp_path: Path) -> None:
    run = made_up(tmp_path / "a", KEPT)
    found = judged(run, run)
    assert fallen(found, Outcome.NOT_APPLICABLE) >= {("base", "latency")}
    assert found.exit_code == 0


@pytest.mark.parametrize(
    ("rule", "part", "to", "cause"),
    [
        ("prompts", "tasks", {"system": "Else."}, Cause.PROMPT),
        ("prompts", "files", {"train": "b" * 64}, Cause.TRAINING),
        ("accuracy", "model", {"sha256": "b" * 64}, Cause.MODEL),
        ("prompts", "libraries", {"transformers": "9"}, Cause.LIBRARY),
        ("accuracy", "git_commit", "7" * 40, Cause.PROGRAM),
    ],
)
def test_the_likeliest_cause_is_named(tmp_path: Path, rule: str, part: str, to: Any, cause: Cause) -> None:
    run = made_up(tmp_path / "b", {"few-shot": LOST["base"]}, more=lambda *_: {"prompt_sha256": "1" * 64})
    baseline = made_up(tmp_path / "a", {"few-shot": KEPT["base"]})

    def change(about: dict[str, Any]) -> None:
        if part == "files":
            about["tasks"]["t"]["files"] = to
        elif part == "tasks":
            about["tasks"]["t"]["spec"]["prompt"].update(to)
        elif isinstance(to, dict):
            about[part] = {**about.get(part, {}), **to}
        else:
            about[part] = to

    if part == "model":
        other_model(run, **to)
    else:
        edit_manifest(run, change)
    (one,) = [one for one in judged(run, baseline).findings if one.rule == rule]
    assert [change.cause for change in one.causes] == [cause]


def test_no_rule_is_laid_to_what_cannot_move_it(lost: tuple[Path, Path]) -> None:
    """A new price moves no accuracy, a new model no passage; who names an input names its own cause."""

    def change(about: dict[str, Any]) -> None:
        about["price_sheet"] = {**PRICE_SHEET, "utilisation": 0.9}

    edit_manifest(lost[0], change)
    other_model(lost[0], sha256="b" * 64)
    found = {one.rule: [change.cause for change in one.causes] for one in judged(*lost).findings}
    assert found["accuracy"] == [Cause.MODEL]
    assert all(
        found[rule] == [] for rule in RULES if not RULES[rule].suspects or rule in ("retrieved", "recall")
    )


def test_the_same_evidence_gives_the_same_bytes(rerun: Path, baseline: Path) -> None:
    edit_rows(rerun, "answers", lambda at, row: {**row, "prediction": "x"} if at % 9 == 0 else row)
    first, again = (judged(rerun, baseline, Expect.SAME) for _ in range(2))
    for suffix, form in gate_files.FORMS.items():
        assert form(first) == form(again), suffix
    assert json.loads(to_json(first))["exit_code"] == 4


def test_a_history_is_the_latest_whole_runs_of_the_same_model_and_device(
    tmp_path: Path, worlds: tuple[Path, Path]
) -> None:
    reports = tmp_path / "reports"
    for name in ("1", "2", "broken", "other", "elsewhere", "unfinished", "untimed", "own"):
        shutil.copytree(worlds[0], reports / name)
    edits = {
        "other": lambda about: about["model"].update(sha256="0" * 64),
        "elsewhere": lambda about: about["model"].update(device="cuda"),
        "unfinished": lambda about: about.update(status="running"),
    }
    for name, edit in edits.items():
        edit_manifest(reports / name, edit)
    (reports / "broken" / "run.json").write_text("{")
    (reports / "untimed" / "timings.jsonl").unlink()
    run = Side.read(worlds[1]).manifest
    edit_manifest(reports / "own", lambda about: about.update(run_id=run.run_id))
    assert len(earlier(reports, run)) == 2
    assert earlier(None, run) == []
    with pytest.raises(InputError, match="no folder of runs"):
        earlier(tmp_path / "nowhere", run)
