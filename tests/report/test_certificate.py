"""What `check --certify` says."""

from __future__ import annotations

import json
from pathlib import Path

from harness.analysis.regression.certificate import Case, Certificate, certify
from harness.analysis.regression.pairing import Side
from harness.report import certificate, plain
from harness.spec.gate import Gate
from tests.analysis.regression.reruns import made_up

FOUND = Certificate(
    2000, 0.02, (Case("t", "rag", "accuracy", 0.03, 0.1),), 0.03, 0.0234, 0.0384, 0.08, ()
)  # fmt: skip


def test_the_share_is_held_against_the_limit() -> None:
    text = " ".join(plain.sections(certificate.report(FOUND)).split())
    assert "In 2,000 pairs of runs with nothing changed the gate failed in 3.0 % (2.3 % to 3.8 %)" in text
    assert "which does not keep the limit of 2.0 %. In 8.0 % more it could not tell." in text
    assert "t rag accuracy 3.0 % 10.0 %" in text
    assert "No rerun was given (--baseline RERUN), so 2.0 % of the answers were assumed to change" in text


def test_a_rerun_that_differs_exactly_is_told(tmp_path: Path) -> None:
    run = Side.read(made_up(tmp_path / "a", {"base": ["no", "yes"]}))
    rerun = Side.read(made_up(tmp_path / "b", {"base": ["yes", "yes"]}))
    found = certify(run, rerun, Gate(), trials=10)
    text = plain.sections(certificate.report(found))
    assert "The run and its rerun were exchanged at random, question by question." in text
    assert "answers (t · base): 1 of 2 answers to the same prompts differ (q0)." in text
    document = json.loads(json.dumps(certificate.document(found), allow_nan=False))
    assert document["exact"] == [{"rule": "answers", "task": "t", "strategy": "base"}]
    assert (document["trials"], document["wanted"], document["assumed_churn"]) == (10, 0.02, None)
