"""What `check` says in words and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.analysis.regression.terms import Gate, Terms
from harness.report import checks, gate
from tests.analysis.regression.reruns import judged, made_up
from tests.report.gates import nasty


def test_the_headline_counts_what_counts(tmp_path: Path) -> None:
    found = nasty(tmp_path)
    assert gate.headline(found) == "Regression: 2 of 5 checks failed."
    only = nasty(tmp_path / "x", gate=Gate(Terms(fail_on=("accuracy",), margin=0.95)), strict=True)
    assert (
        gate.headline(only)
        == "Regression: 0 of 1 check failed, 1 cannot tell, which --strict counts as failed."
    )


def test_the_text_has_figures_margin_flips_both_replies_and_cause(tmp_path: Path) -> None:
    text = " ".join(checks.as_text(nasty(tmp_path)).split())
    reply = "a|b `c` <b>&amp; ]]> [U+001B][31mred[U+0000][U+202E] # head"
    assert "t base ✗ prompts ✗ 100.0 % → 0.0 % (−100.0) –" in text
    assert "✗ accuracy (t · base): exact_match 100.0 % → 0.0 %, −100.0 points" in text
    assert "on 30, 30 lost, 0 won; margin 2 points." in text
    assert f"- lost q0 “Question 0?” (right: yes): “yes” → “{reply}”" in text
    assert "- … and 25 more questions (--json has them all)" in text
    assert "- Likeliest cause: none that the manifests show" in text
    assert not {"\x1b", "\x00", "\u202e"} & set(text)


def test_one_document_holds_every_finding_and_every_flip(tmp_path: Path) -> None:
    found = json.loads(checks.as_json(nasty(tmp_path)))
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
    text = checks.as_text(judged(run, baseline, gate=Gate(Terms(fail_on=("accuracy",)))))
    assert text.startswith("Cannot tell: 0 of 1 check failed, 1 cannot tell.")
    assert text.count("Likeliest cause") == text.count("✗ prompts (") == 1


def test_too_few_timed_questions_have_no_cause_in_what_changed(tmp_path: Path) -> None:
    """Nothing was measured that another commit could have moved."""
    timed = {"base": [1.0, 1.1], "rag": [2.0, 2.2]}
    baseline, run = (
        made_up(
            tmp_path / name, {one: ["yes"] * 9 for one in timed}, times=timed, about={"git_commit": commit}
        )
        for name, commit in (("a", "1" * 40), ("b", "2" * 40))
    )
    text = checks.as_text(judged(run, baseline))
    assert "2 questions were timed in both runs, and 5 are needed" in " ".join(text.split())
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
            more=lambda *_, name=name: {"prompt_sha256": name * 64},  # type: ignore[misc]
        )
        for name in ("a", "b")
    )  # fmt: skip
    text = " ".join(checks.as_text(judged(run, baseline)).split())
    assert "Likeliest cause: t: prompt.system." in text
    assert "- prompt: t: prompt.system: …Be brief. Be brief. a Be kind." in text


def test_what_may_not_fail_is_told_apart(tmp_path: Path) -> None:
    text = checks.as_text(nasty(tmp_path, gate=Gate(Terms(fail_on=("latency",)))))
    assert text.startswith("No regression: 0 of 0 checks failed.")
    assert "Worse or different, but not among the rules that may fail here" in text


def test_another_machine_is_told_what_may_differ_and_why(tmp_path: Path) -> None:
    baseline = made_up(tmp_path / "a", {"base": ["yes"] * 9})
    run = made_up(tmp_path / "b", {"base": ["yes"] * 9}, about={"libraries": {"torch": "2.1"}})
    found = judged(run, baseline)
    text = " ".join(checks.as_text(found).split())
    assert "Other kernels (torch null → 2.1) move the last bits of sums." in text
    assert "a few answers (up to 5.0 %, in half precision 25.0 %) may differ; nothing else may." in text
    assert json.loads(checks.as_json(found))["other_kernels"] == ["torch null → 2.1"]
    assert "Other kernels" not in checks.as_text(judged(baseline, baseline))


def test_strategies_share_a_paragraph_only_with_the_same_questions(tmp_path: Path) -> None:
    """Both lose nine of thirty answers, but not the same nine."""

    def replies(first: int) -> list[str]:
        return ["no" if first <= at < first + 9 else "yes" for at in range(30)]

    kept = {name: ["yes"] * 30 for name in ("base", "rag")}
    baseline = made_up(tmp_path / "a", kept)
    run = made_up(
        tmp_path / "b", {"base": replies(0), "rag": replies(20)}, more=lambda *_: {"prompt_sha256": "1" * 64}
    )
    text = checks.as_text(judged(run, baseline))
    assert "- lost q0 " in text
    assert "- lost q20 " in text
    assert text.count("prompts (t · base, t · rag)") == 1


def test_what_was_left_out_is_said_first(tmp_path: Path) -> None:
    baseline = made_up(tmp_path / "a", {"base": ["yes"] * 3, "rag": ["yes"] * 3})
    run = made_up(tmp_path / "b", {"base": ["yes"] * 3, "lora": ["yes"] * 3})
    text = checks.as_text(judged(run, baseline, partly=True))
    assert "Left out: task 't': rag was not measured again." in text
    assert "Not in the baseline: task 't': lora is new." in text


def test_a_run_held_against_itself_is_called_so(tmp_path: Path) -> None:
    run = made_up(tmp_path / "a", {"base": ["yes"] * 3})
    text = " ".join(
        checks.as_text(judged(run, run)).split()
    )  # where it is wrapped hangs on the folder's name
    assert "which is the same run, so that nothing could differ." in text


def test_what_is_right_where_no_answer_is_right_is_a_refusal(tmp_path: Path) -> None:
    asked = {"metric": "refusal", "question": lambda at: {"answers": [], "answerable": False}}
    spec = {"name": "t", "metrics": ["refusal"], "answer": {"type": "text", "refusal": "unknown"}}
    runs = [
        made_up(tmp_path / name, {"base": [reply] * 9}, about={"tasks": {"t": {"spec": spec}}}, **asked)
        for name, reply in (("a", "unknown"), ("b", "Lyon"))
    ]
    assert "(right: a refusal): “unknown” → “Lyon”" in checks.as_text(judged(runs[1], runs[0]))


@pytest.mark.parametrize(
    ("text", "shown"), [("a\n\tb", "a b"), ("x" * 81, "x" * 79 + "…"), ("x" * 80, "x" * 80)]
)
def test_text_is_cut_to_one_short_line(text: str, shown: str) -> None:
    assert gate.cut(text) == shown
