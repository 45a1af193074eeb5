"""Terms of a gate: where they come from, which wins, and what is refused."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.regression.pairing import Margins
from harness.analysis.regression.rules import Expect
from harness.analysis.regression.terms import Gate, GateFile, load_gate_file
from harness.commands.regression import add_gate_flags, gate_of
from harness.errors import InputError
from tests.snapshots import Snapshots

FILE = """\
margin: 0.05
expect: change
tasks:
  knowledge:
    margin: 0.03
    strategies:
      rag: {margin: 0.01, latency_margin: 1.5, expect: same}
"""


def gate(*argv: str) -> Gate:
    parser = argparse.ArgumentParser()
    parser.add_argument("run")
    add_gate_flags(parser)
    return gate_of(parser.parse_args(["run", *argv]))


def refusal(*argv: str) -> str:
    with pytest.raises(InputError) as caught:
        gate(*argv)
    return str(caught.value)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(FILE, encoding="utf-8")
    return path


def test_by_default_a_change_is_expected() -> None:
    assert gate().margins("t", "base") == Margins(0.02, 1.25)
    assert gate().expect("t", "base") is gate().expected is Expect.CHANGE
    assert gate("--expect", "same").expect("t", "base") is Expect.SAME


def test_the_nearest_terms_win_one_by_one(rules: Path) -> None:
    found = gate("--rules", str(rules), "--margin", "0.04")
    assert found.margins("knowledge", "rag") == Margins(0.01, 1.5)
    assert found.expect("knowledge", "rag") is Expect.SAME
    assert found.margins("knowledge", "base") == Margins(0.03, 1.25)
    assert found.margins("general", "rag") == Margins(0.04, 1.25)  # the flag stands above the file's whole
    assert found.expect("knowledge", "base") is found.expect("general", "rag") is Expect.CHANGE


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("--margin=-0.1",), "--margin: must be at least 0, but is -0.1."),
        (("--margin", "2"), "--margin: is a share below 1, and not 2: write 2 points as 0.02."),
        (("--margin", "nan"), "--margin: must be a finite number, but is the number nan."),
        (("--latency-margin", "0.9"), "--latency-margin: must be at least 1, but is 0.9."),
        (("--latency-margin", "inf"), "--latency-margin: must be a finite number, but is the number inf."),
        (
            ("--expect", "chnage"),
            "--expect: is 'chnage', which is none of same, change (did you mean 'change'?).",
        ),
    ],
)
def test_a_flag_that_makes_no_sense_is_refused(argv: tuple[str, ...], said: str) -> None:
    assert refusal(*argv) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("margin: 2", ":1:9: margin: is a share below 1, and not 2: write 2 points as 0.02."),
        ("margin: 2 %", ":1:9: margin: must be a number, but is the text '2 %'."),
        ("margn: 0.1", ":1:1: margn: is not a known key (did you mean 'margin'?)."),
        ("tasks:\n  t: {margn: 0.1}", ":2:7: tasks.t.margn: is not a known key (did you mean 'margin'?)."),
        (
            "tasks:\n  t:\n    strategies:\n      rag: {w: 1}",
            ":4:13: tasks.t.strategies.rag.w: is not a known key; the keys here are margin, latency_margin, expect.",
        ),
        ("expect: nothing", ":1:9: expect: is 'nothing', which is none of same, change."),
        ("", ": the file is empty."),
    ],
)
def test_a_file_says_where_its_mistake_stands(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_gate_file(path)
    assert str(caught.value) == f"{path}{said}"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert refusal("--rules", str(tmp_path / "none.yaml")).endswith("none.yaml: there is no such file.")


def test_names_that_no_run_has_are_refused_together(snapshots: Snapshots) -> None:
    terms: dict[str, Any] = {"tasks": {"knowlege": {}, "general": {"strategies": {"lara": {}, "rag": {}}}}}
    known = {"knowledge": ["base"], "general": ["lora", "rag"]}
    with pytest.raises(InputError) as caught:
        Gate(file=GateFile.model_validate(terms)).check_names(known)
    snapshots.check("gate_rules_names.txt", f"{caught.value}\n")
