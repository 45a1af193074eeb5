"""Each wrong answer of rag falls into one bin, by the first cause along the way, and the steps add up."""

from __future__ import annotations

import math
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.accuracy import ScoredAnswer, ScoredAnswers
from harness.analysis.evidence import Asked
from harness.analysis.results.figures import WaterfallStep
from harness.analysis.retrieval import Texts
from harness.analysis.waterfall import BINS, Sources, bin_of, steps, waterfall
from harness.records import AnswerRow, Passage, Question, RankedDoc
from harness.spec.context import Retrieved
from harness.spec.system import ModelRef, System
from tests.analysis.races import N, healthy, results, rows_of

REFUSAL = "not in the documents"
PASSAGES = {
    ("t", f"{doc}#{n}"): Passage(f"{doc}#{n}", doc, "", text)
    for doc, n, text in (
        ("gold", 0, "This part says nothing."),
        ("gold", 1, "The drill costs 40 euros."),
        ("other", 0, "Pigeons fly."),
        ("chance", 0, "There are 40 pigeons."),
    )
}
RAG = System("found", "rag", ModelRef("tiny"), context=(Retrieved(3, 256, 32, 1024, "e"),))
"""The ladder asks for what a system is, not for its name."""
SOURCES = Sources(PASSAGES, Texts(PASSAGES))


def scored(
    *found: str, shown: int = 0, dropped: int = 0, reply: str = "7", score: float = 0.0,
    reason: str = "stop", answers: tuple[str, ...] = ("40",), gold: tuple[str, ...] = ("gold",), id_: str = "q",
) -> ScoredAnswer:  # fmt: skip
    question = Question(id_, "How much?", answers, gold_docs=gold, answerable=bool(answers))
    retrieved = tuple(RankedDoc(c.split("#")[0], c, 0.5) for c in found)
    row = AnswerRow("t", "rag", id_, 0, reply, None, 9, 3, reason, retrieved, shown, dropped, "s", 0)
    return ScoredAnswer(Asked("t", question, None), row, {"contains": score})


@pytest.mark.parametrize(
    ("one", "wanted"),
    [
        (scored("other#0", shown=1), "retrieval_missed"),
        (scored(), "retrieval_missed"),
        # the right document, but the part of it that does not say
        (scored("gold#0", "other#0", shown=2), "retrieval_missed"),
        # it stands there, but below the k of the prompt: retrieved for the record only
        (scored("other#0", "gold#1", shown=1), "retrieval_missed"),
        (scored("other#0", "gold#1", shown=1, dropped=1), "passage_dropped"),
        (scored("gold#1", "other#0", shown=1, dropped=1), "reader_failed"),
        (scored("gold#1", shown=1), "reader_failed"),
        (scored("chance#0", shown=1), "reader_failed"),
        (scored("gold#1", shown=1, reason="length"), "answer_cut"),
        (scored("gold#1", shown=1, reply="Not in the documents."), "refusal_wrong"),
        # what retrieval missed is not the reply's fault, whether cut or declined
        (scored("other#0", shown=1, reason="length"), "retrieval_missed"),
        (scored("other#0", shown=1, reply="Not in the documents."), "retrieval_missed"),
        # no answer: there was nothing to find
        (scored("other#0", shown=1, answers=(), gold=()), "refusal_wrong"),
        (scored("gold#1", shown=1, answers=(), gold=(), reason="length"), "refusal_wrong"),
        # the answer stands word for word in no passage of the gold document: the document is what counts
        (scored("gold#0", shown=1, answers=("forty",)), "reader_failed"),
        (scored("other#0", shown=1, answers=("forty",)), "retrieval_missed"),
        (scored("chance#0", shown=1, gold=()), "reader_failed"),
        # a passage whose text the run lost
        (scored("lost#0", shown=1), "retrieval_missed"),
    ],
)
def test_bins_by_hand(one: ScoredAnswer, wanted: str) -> None:
    assert bin_of(ScoredAnswers.of([one]), 0, REFUSAL, SOURCES) == wanted


@st.composite
def answers(draw: st.DrawFn) -> ScoredAnswer:
    found = draw(st.lists(st.sampled_from([chunk for _, chunk in PASSAGES]), unique=True))
    shown = draw(st.integers(0, len(found)))
    return scored(
        *found,
        shown=shown,
        dropped=draw(st.integers(0, len(found) - shown)),
        reply=draw(st.sampled_from(["7", "", REFUSAL])),
        score=draw(st.sampled_from([0.0, 0.5, 1.0])),
        reason=draw(st.sampled_from(["stop", "length"])),
        answers=draw(st.sampled_from([(), ("40",), ("forty", "xl")])),
        gold=draw(st.sampled_from([(), ("gold",), ("other", "gold")])),
    )


@given(st.lists(answers(), min_size=1))
def test_bins_add_up_to_the_wrong_answers(some: list[ScoredAnswer]) -> None:
    found = waterfall({"found": RAG}, {"found": ScoredAnswers.of(some)}, "contains", REFUSAL, SOURCES)
    assert found.bins is not None
    assert list(found.bins) == list(BINS)
    assert sum(found.bins.values()) == found.n_wrong == sum(one.scores["contains"] < 1 for one in some)


def rung(*values: float) -> ScoredAnswers:
    return ScoredAnswers.of(scored(score=value, id_=f"q{n}") for n, value in enumerate(values))


def test_steps_of_a_whole_ladder_by_hand() -> None:
    found = steps({"base": rung(0, 0, 1, 0), "rag": rung(0, 1, 1, 0), "oracle": rung(1, 1, 1, 0)}, "contains")
    assert [astuple(step) for step in found] == [
        ("base", 0.25, None, None, 4),
        ("rag", 0.5, 0.25, "base", 4),
        ("oracle", 0.75, 0.25, "rag", 4),
        ("perfect", 1.0, 0.25, "oracle", 4),
    ]


def test_a_strategy_that_was_not_run_is_stepped_over() -> None:
    found = steps({"base": rung(0, 1), "oracle": rung(1, 1)}, "contains")
    assert found[1] == WaterfallStep("rag", None, None, None, 0)
    assert (found[2].gain, found[2].over) == (0.5, "base")
    none = steps({}, "contains")
    assert {step.mean for step in none} == {None}


def test_steps_are_of_the_questions_that_all_answered() -> None:
    found = steps({"base": rung(0, 1, 1, 1), "rag": rung(0, 1)}, "contains")
    assert [(step.mean, step.n) for step in found[:2]] == [(0.5, 2), (0.5, 2)]


score = st.sampled_from([0.0, 0.5, 1.0])


@given(st.dictionaries(st.sampled_from(["base", "rag", "oracle"]), st.lists(score, min_size=1), min_size=1))
def test_gains_add_up_to_all_right(rungs: dict[str, list[float]]) -> None:
    found = steps({name: rung(*values) for name, values in rungs.items()}, "contains")
    first = next(step.mean for step in found if step.mean is not None)
    assert first + math.fsum(step.gain or 0 for step in found) == pytest.approx(1)


def test_in_the_results(tmp_path: Path) -> None:
    """rag misses the last four documents; six more that it found are read wrongly."""
    found = results(tmp_path, healthy())["tasks"]
    block: dict[str, Any] = found["facts"]["waterfall"]
    assert block["n_wrong"] == 10
    assert {name: count for name, count in block["bins"].items() if count} == {
        "retrieval_missed": 4,
        "reader_failed": 6,
    }
    assert [step["mean"] for step in block["steps"]] == pytest.approx([2 / N, 14 / N, 20 / N, 1])
    assert (found["general"]["waterfall"]["bins"], found["general"]["waterfall"]["n_wrong"]) == (None, None)


def test_a_dropped_passage_in_the_results(tmp_path: Path) -> None:
    run = healthy()
    for row in rows_of(run, "rag")[-6:]:
        row |= {"shown_passages": 0, "dropped_passages": 1}
    bins = results(tmp_path, run)["tasks"]["facts"]["waterfall"]["bins"]
    assert (bins["passage_dropped"], bins["retrieval_missed"], bins["reader_failed"]) == (2, 4, 4)
