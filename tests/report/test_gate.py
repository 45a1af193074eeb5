"""What `check` says in words and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.analysis.regression.changes import Cause
from harness.analysis.regression.findings import failed
from harness.analysis.regression.rules import RULES, Expect, Rule, Tier
from harness.analysis.regression.terms import Gate, Terms
from harness.files import to_json
from harness.report import gate, gate_files
from harness.steps import Step
from tests.analysis.regression.reruns import judged, made_up
from tests.report.gates import nasty, text_of
from tests.snapshots import Snapshots


def test_each_form_of_a_judgement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, snapshots: Snapshots
) -> None:
    """Everything of data means itself in the terminal, in Markdown and in JUnit."""
    monkeypatch.chdir(tmp_path)
    judgement = nasty(Path())
    text = text_of(judgement)
    assert not {"\x1b", "\x00", "\u202e"} & set(text)
    snapshots.check("check.txt", f"{text}\n")
    for suffix in (".md", ".xml"):
        snapshots.check(f"check{suffix}", gate_files.FORMS[suffix](judgement).decode())


def test_what_is_left_out_may_not_fail_or_cannot_be_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, snapshots: Snapshots
) -> None:
    monkeypatch.chdir(tmp_path)
    baseline = made_up(Path("a"), {"base": ["yes"] * 30, "rag": ["yes"] * 30})
    run = made_up(
        Path("b"),
        {"base": ["no"] + ["yes"] * 29, "lora": ["yes"] * 30},
        about={"libraries": {"torch": "2.1"}},
    )
    judgement = judged(run, baseline, partly=True, strict=True)
    snapshots.check("check_strict.txt", f"{text_of(judgement)}\n")
    assert json.loads(to_json(judgement))["other_kernels"] == ["torch null → 2.1"]


def test_the_headline_counts_what_counts(tmp_path: Path) -> None:
    assert gate.headline(nasty(tmp_path)).startswith("Regression: 1 of 1 ")
    assert gate.headline(nasty(tmp_path / "w", expect=Expect.SAME)).startswith("Regression: 1 of 4 ")
    wide = Gate(Terms(margin=0.95))
    assert gate.headline(nasty(tmp_path / "x", gate=wide)).startswith("Inconclusive: 0 of 1 ")
    assert gate.headline(nasty(tmp_path / "y", gate=wide, strict=True)).startswith("Regression: 0 of 1 ")


def test_a_failure_ends_with_what_to_do_where_it_was_meant(tmp_path: Path) -> None:
    """And nothing else does."""
    folders = f"{tmp_path / 'b'} --baseline {tmp_path / 'a'}"
    for expect in Expect:
        found = nasty(tmp_path, expect=expect)
        last = gate.report(found)[-1]
        assert last.title == "Meant?"
        assert last.blocks[0] == Step(
            "Accept it as the new baseline, and commit that", f"harness accept {folders}"
        )
        assert ("--expect change" in str(last.blocks[1:])) is (expect is Expect.SAME)
    wide = nasty(tmp_path, gate=Gate(Terms(margin=0.95)))
    assert gate.report(wide)[-1].title == "What changed"


def test_one_document_holds_every_finding_and_every_flip(tmp_path: Path) -> None:
    found = json.loads(to_json(nasty(tmp_path)))
    assert (found["outcome"], found["exit_code"], found["strict"]) == ("fail", 4, False)
    assert (found["run"], found["baseline"]) == (str(tmp_path / "b"), str(tmp_path / "a"))
    rules = {one["rule"]: one for one in found["findings"]}
    assert len(rules) == len(found["findings"]) == 12
    assert len(rules["accuracy"]["flips"]) == 30
    assert rules["accuracy"]["flips"][0]["before"] == "yes"
    assert rules["accuracy"]["margin"] == 0.02
    assert rules["prompts"]["tier"] == "exact"


def test_what_cannot_be_told_is_not_laid_to_an_unseen_change(tmp_path: Path) -> None:
    """A reply moved, no score did, and three questions say little: nothing need be wrong."""
    more = {"more": lambda *_: {"prompt_sha256": "1" * 64}}
    baseline, run = (
        made_up(tmp_path / name, {"base": [reply] * 3}, **options)  # type: ignore[arg-type]
        for name, reply, options in (("a", "yes", {}), ("b", "Yes.", more))
    )
    text = text_of(judged(run, baseline))
    assert text.startswith("Inconclusive: ")
    assert (text.count("Likeliest cause"), text.count("≠ prompts (")) == (0, 1)


def test_too_few_timed_questions_have_no_cause_in_what_changed(tmp_path: Path) -> None:
    """Nothing was measured that another commit could have moved."""
    timed = {"base": [1.0, 1.1], "rag": [2.0, 2.2]}
    baseline, run = (
        made_up(
            tmp_path / name, {one: ["yes"] * 9 for one in timed}, times=timed, about={"git_commit": commit}
        )
        for name, commit in (("a", "1" * 40), ("b", "2" * 40))
    )
    text = text_of(judged(run, baseline))
    assert "Likeliest cause" not in text


def test_a_long_cause_is_spelled_out_once(tmp_path: Path) -> None:
    """A changed system prompt moves every rule; its two versions are read under what changed."""

    def about(system: str) -> dict[str, object]:
        answer = {"type": "text"}
        spec = {"name": "t", "metrics": ["exact_match"], "answer": answer, "prompt": {"system": system}}
        return {"tasks": {"t": {"spec": spec}}}

    baseline, run = (
        made_up(
            tmp_path / name, {"base": ["yes"] * 9}, about=about("Be brief. " * 20 + name + " Be kind." * 20),
            more=lambda *_, name=name: {"prompt_sha256": name * 64},
        )
        for name in ("a", "b")
    )  # fmt: skip
    text = " ".join(text_of(judged(run, baseline, Expect.SAME)).split())
    assert "Likeliest cause: t: prompt.system." in text
    assert "Be brief. a Be kind." in text


def test_strategies_share_a_paragraph_only_with_the_same_questions(tmp_path: Path) -> None:
    """Both lose nine of thirty answers, but not the same nine."""

    def replies(first: int) -> list[str]:
        return ["no" if first <= at < first + 9 else "yes" for at in range(30)]

    kept = {name: ["yes"] * 30 for name in ("base", "rag")}
    baseline = made_up(tmp_path / "a", kept)
    run = made_up(
        tmp_path / "b", {"base": replies(0), "rag": replies(20)}, more=lambda *_: {"prompt_sha256": "1" * 64}
    )
    text = text_of(judged(run, baseline))
    assert [text.count(part) for part in ("- lost q0 ", "- lost q20 ", "(t · base, t · rag)")] == [1, 1, 1]


def test_what_is_right_where_no_answer_is_right_is_a_refusal(tmp_path: Path) -> None:
    asked = {"metric": "refusal", "question": lambda at: {"answers": [], "answerable": False}}
    spec = {"name": "t", "metrics": ["refusal"], "answer": {"type": "text", "refusal": "unknown"}}
    runs = [
        made_up(tmp_path / name, {"base": [reply] * 9}, about={"tasks": {"t": {"spec": spec}}}, **asked)
        for name, reply in (("a", "unknown"), ("b", "Lyon"))
    ]
    assert "(right: a refusal)" in text_of(judged(runs[1], runs[0]))


@pytest.mark.parametrize(
    ("text", "shown"), [("a\n\tb", "a b"), ("x" * 81, "x" * 79 + "…"), ("x" * 80, "x" * 80)]
)
def test_text_is_cut_to_one_short_line(text: str, shown: str) -> None:
    assert gate.cut(text) == shown


@pytest.mark.parametrize("tier", Tier)
def test_a_rule_is_added_in_one_row_and_shows_in_every_form(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tier: Tier
) -> None:
    rule = Rule("lucky", tier, lambda rerun: failed("not a lucky day"), tuple(Cause), "the day is not lucky")
    monkeypatch.setitem(RULES, "lucky", rule)
    run = made_up(tmp_path / "a", {"base": ["yes"] * 9})
    judgements = {expect: judged(run, run, expect) for expect in Expect}
    for expect, judgement in judgements.items():
        assert judgement.exit_code == (4 if tier in expect.deciding else 0)
    judgement = judgements[Expect.CHANGE]
    forms = [text_of(judgement), *(form(judgement).decode() for form in gate_files.FORMS.values())]
    assert all("not a lucky day" in form for form in forms)
