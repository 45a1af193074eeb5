"""JUnit XML: a case a task, strategy and rule, in a file that any reader takes."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from harness.analysis.regression.rules import RULES
from harness.analysis.regression.terms import Gate, Terms
from harness.report.gate_files import junit
from tests.report.gates import nasty


def suite(found: object) -> ElementTree.Element:
    (one,) = ElementTree.fromstring(junit(found))  # type: ignore[arg-type]
    return one


def test_there_is_a_case_for_every_rule(tmp_path: Path) -> None:
    found = suite(nasty(tmp_path))
    assert [case.get("name") for case in found] == list(RULES)
    assert {case.get("classname") for case in found} == {"t.base"}
    counts = {key: found.get(key) for key in ("tests", "failures", "skipped", "errors")}
    assert counts == {"tests": "12", "failures": "1", "skipped": "8", "errors": "0"}


def test_a_failure_names_figures_questions_and_cause(tmp_path: Path) -> None:
    (failure,) = suite(nasty(tmp_path, n=60)).findall("testcase[@name='accuracy']/failure")
    assert failure.get("type") == "accuracy"
    assert (failure.get("message") or "").startswith("exact_match 100.0 % → 0.0 %")
    assert len((failure.text or "").splitlines()) == 52  # 50 questions, how many more, the cause


def test_what_cannot_be_told_is_skipped_and_failed_when_strict(tmp_path: Path) -> None:
    gate = Gate(Terms(margin=0.95))
    for strict, kind in ((False, "skipped"), (True, "failure")):
        found = suite(nasty(tmp_path / kind, gate=gate, strict=strict))
        assert len(found.findall(f"testcase[@name='accuracy']/{kind}")) == 1


def test_what_does_not_decide_is_skipped_with_what_moved(tmp_path: Path) -> None:
    (told,) = suite(nasty(tmp_path)).findall("testcase[@name='prompts']/skipped")
    assert (told.get("message") or "").startswith("moved, and does not decide: other prompts")


def test_no_forbidden_character_is_left(tmp_path: Path) -> None:
    text = junit(nasty(tmp_path)).decode()
    assert text.startswith('<?xml version="1.0" encoding="utf-8"?>\n<testsuites')
    assert not {"\x1b", "\x00"} & set(text)
    assert "<b>" not in text
