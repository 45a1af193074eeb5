"""What two runs have in common, and the sentences about what they have not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.analysis.regression.diff import diff
from harness.analysis.regression.pairing import Common, Side, check_comparable, measured, shared
from harness.errors import HarnessError, InputError
from tests.analysis.regression.reruns import answer_again, edit_manifest, made_up, pair_of

TWO = {"base": ["yes", "no"], "lora": ["yes", "yes"], "rag": ["no", "no"]}


def both(run: Path, baseline: Path) -> Common:
    return shared(Side.read(baseline), Side.read(run))


def test_runs_of_the_same_thing_have_nothing_in_the_way(tmp_path: Path) -> None:
    found = both(made_up(tmp_path / "b", TWO), made_up(tmp_path / "a", TWO))
    assert found == Common({"t": (("base", "lora", "rag"), ("q0", "q1"))}, (), ())
    check_comparable(found, partly=False)


def test_what_was_not_measured_again_is_named(tmp_path: Path) -> None:
    run = made_up(tmp_path / "b", {"base": ["yes", "no"]})
    found = both(run, made_up(tmp_path / "a", TWO))
    assert len(found.obstacles) == 1
    assert found.tasks == {"t": (("base",), ("q0", "q1"))}
    check_comparable(found, partly=True)
    with pytest.raises(InputError, match=r"lora, rag were .*\n.* --common"):
        check_comparable(found, partly=False)


def test_what_is_new_is_told_and_stands_in_no_way(tmp_path: Path) -> None:
    found = both(made_up(tmp_path / "b", TWO), made_up(tmp_path / "a", {"base": ["yes", "no"]}))
    assert (found.obstacles, len(found.added)) == ((), 1)


def test_fewer_more_and_other_questions_are_counted(tmp_path: Path) -> None:
    baseline = made_up(tmp_path / "a", {"base": ["yes"] * 9})
    fewer = both(made_up(tmp_path / "b", {"base": ["yes"] * 2}), baseline)
    assert [clause.partition(" questions")[0] for clause in fewer.obstacles] == ["task 't': 7 of 9"]
    more = both(baseline, made_up(tmp_path / "c", {"base": ["yes"] * 8}))
    assert [clause.partition(" questions")[0] for clause in more.obstacles] == ["task 't': 1 of 9"]
    other = made_up(
        tmp_path / "d", {"base": ["yes"] * 9}, question=lambda at: {"question": "New?"} if at == 4 else {}
    )
    found = both(other, baseline)
    assert [clause.partition(" (")[2] for clause in found.obstacles] == ["q4)"]
    assert "q4" not in found.tasks["t"][1]


def test_a_gold_document_that_moved_is_the_same_question(tmp_path: Path) -> None:
    moved = made_up(tmp_path / "b", TWO, question=lambda at: {"gold_docs": ["elsewhere"]})
    assert both(moved, made_up(tmp_path / "a", TWO)).obstacles == ()


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("metrics", ["f1"], 'metrics: ["exact_match"] → ["f1"]'),
        (
            "answer",
            {"type": "text", "max_tokens": 8, "refusal": "unknown"},
            "answer.refusal: (absent) → unknown",
        ),
    ],
)
def test_another_way_of_scoring_is_another_task(tmp_path: Path, key: str, value: Any, said: str) -> None:
    run = made_up(tmp_path / "b", TWO)
    edit_manifest(run, lambda about: about["tasks"]["t"]["spec"].update({key: value}))
    found = both(run, made_up(tmp_path / "a", TWO))
    (clause,) = found.obstacles
    assert f"({said})" in clause
    with pytest.raises(InputError, match="Nothing is common"):
        check_comparable(found, partly=True)


def test_a_further_metric_after_the_first_changes_nothing(tmp_path: Path) -> None:
    run = made_up(tmp_path / "b", TWO)
    edit_manifest(run, lambda about: about["tasks"]["t"]["spec"].update(metrics=["exact_match", "f1"]))
    assert both(run, made_up(tmp_path / "a", TWO)).obstacles == ()


def test_runs_without_a_common_task_are_not_compared(tmp_path: Path) -> None:
    run = made_up(tmp_path / "b", TWO)
    edit_manifest(run, lambda about: about.update(tasks={}, plan=[]))
    for name in ("questions", "answers"):
        (run / f"{name}.jsonl").write_text("")
    found = both(run, made_up(tmp_path / "a", TWO))
    assert (found.tasks, len(found.obstacles)) == ({}, 1)
    with pytest.raises(InputError):
        check_comparable(found, partly=True)


def test_half_a_run_is_compared_with_nothing(tmp_path: Path) -> None:
    run = made_up(tmp_path / "a", TWO)
    lines = (run / "answers.jsonl").read_text().splitlines(keepends=True)
    (run / "answers.jsonl").write_text("".join(lines[:-1]) + lines[-1][:20])  # torn by a kill
    with pytest.raises(HarnessError, match=r"incomplete \(1 answer missing\).*--resume") as caught:
        Side.read(run)
    assert caught.value.exit_code == 1
    (run / "answers.jsonl").write_text("".join(lines))
    edit_manifest(run, lambda about: about.update(status="running"))
    with pytest.raises(HarnessError, match=r"\(status running\)"):
        Side.read(run)


def test_no_seed_shapes_what_base_weights_say(tmp_path: Path) -> None:
    run = made_up(tmp_path / "b", TWO, more=lambda *_: {"seed": 7})
    baseline = made_up(tmp_path / "a", TWO)
    assert [(old.seed, new.seed) for old, new in pair_of(run, baseline).answers] == [(0, 7), (0, 7)]
    lora = pair_of(run, baseline, "lora")
    assert (lora.answers, lora.seeds) == ([], frozenset())
    assert len(lora.scored(lora.after)) == 2


def test_of_fine_tunes_the_common_seeds_count(tmp_path: Path) -> None:
    run = made_up(tmp_path / "b", TWO)
    answer_again(run, 1)
    lora = pair_of(run, made_up(tmp_path / "a", TWO), "lora")
    assert lora.seeds == {0}
    assert [one.row.seed for one in lora.scored(lora.after)] == [0, 0]


def test_a_copy_of_a_run_is_the_same_run(tmp_path: Path) -> None:
    one, other = made_up(tmp_path / "a", TWO), made_up(tmp_path / "b", TWO)
    assert diff(one, one).same_run
    assert not diff(one, other).same_run
    assert measured(Side.read(one), Side.read(other)) == {"t": ["base", "lora", "rag"]}
