"""A refusal is told from an answer, also where a reply does both."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.records import Question
from harness.scoring.refusal import declines, is_refusal
from harness.scoring.table import METRICS, Scored

REFUSAL = "not in the documents"


@pytest.mark.parametrize(
    ("reply", "refused", "declined"),
    [
        ("not in the documents", True, True),
        ("  **Not in the documents.**", True, True),
        ("Not in the documents. Not in the documents.", True, True),
        ("The answer is: not in the documents", True, True),
        ("Sorry, this is not in the documents.", True, True),
        ("I'm afraid that is not in the documents", True, True),
        ("Sorry. The requested information is not in the documents provided.", True, True),
        ("Das steht leider nicht in den Unterlagen.", False, False),
        ("Not in the documents. But it is 14 days.", False, True),
        ("Not in the documents, but it is five days.", False, True),
        ("I'm sorry, but that is not in the documents.", True, True),
        ("However, not in the documents", True, True),
        ("It is not in the documents but it is 14 days", False, True),
        ("14 days. Not in the documents.", False, True),
        ("Not in the documents. They only speak of leave.", False, True),
        ("The fee is not in the documents of 2019 but in those of 2020: 5 euros", False, False),
        ("It is not not in the documents", False, False),
        ("not in the document", False, False),
        ("", False, False),
    ],
)
def test_a_refusal_says_nothing_else(reply: str, refused: bool, declined: bool) -> None:
    assert is_refusal(reply, REFUSAL) is refused
    assert declines(reply, REFUSAL) is declined


def test_refusals_of_several_clauses_and_other_languages() -> None:
    assert is_refusal("Sorry. I don’t know, it is not there!", "I don't know; it is not there.")
    assert declines("I don't know, it is not there. 14 days.", "I don't know; it is not there.")
    assert is_refusal("Das steht leider nicht in den Unterlagen.", "nicht in den Unterlagen")
    assert is_refusal("文書にありません。", "文書にありません")


@pytest.mark.parametrize(
    ("reply", "refusal", "refused"),
    [
        ("很抱歉，文档中没有。", "文档中没有", True),
        ("文档中没有，但是14天", "文档中没有", False),
        ("申し訳ありませんが、資料にありません。", "資料にありません", True),
        ("資料にありませんが、14日です。", "資料にありません", False),
        ("죄송하지만 문서에 없습니다.", "문서에 없습니다", True),
        ("Désolé, mais ce n'est pas dans les documents.", "pas dans les documents", True),
        ("К сожалению, этого нет в документах.", "нет в документах", False),
        ("Извините, но нет в документах.", "нет в документах", True),
        ("عذرا، غير موجود.", "غير موجود", True),
        ("Δυστυχώς, δεν υπάρχει.", "δεν υπάρχει", True),
        ("מצטער, לא במסמכים.", "לא במסמכים", True),
        ("Mi dispiace, ma sono 14 giorni", "non è nei documenti", False),
    ],
)
def test_politeness_in_many_languages(reply: str, refusal: str, refused: bool) -> None:
    assert is_refusal(reply, refusal) is refused


def test_without_a_refusal_text_nothing_is_a_refusal() -> None:
    assert not is_refusal("", None)
    assert not is_refusal("", "the")


@pytest.mark.parametrize("name", [name for name, metric in METRICS.items() if metric.fits == "text"])
def test_a_reply_that_refuses_is_right_only_where_nothing_can_be_answered(name: str) -> None:
    score = METRICS[name].score
    known, unknown = (
        Question("q", "How long?", ("14 days", "documents")),
        Question("q", "Who?", (), answerable=False),
    )
    assert score(Scored("Sorry, not in the documents.", unknown, REFUSAL)) == 1.0
    assert score(Scored("Sorry, not in the documents.", known, REFUSAL)) == 0.0
    hedged = Scored("Not in the documents. But it is 14 days.", known, REFUSAL)
    assert score(hedged) == (1.0 if name == "refusal" else 0.0)
    assert score(Scored(hedged.prediction, unknown, REFUSAL)) == 0.0


def test_an_answer_that_reads_like_the_refusal_may_be_given() -> None:
    album = Question("q", "Which album?", ("Unknown",))
    assert METRICS["contains"].score(Scored("It is Unknown.", album, "unknown")) == 1.0


def test_agreement_with_hand_labels() -> None:
    """100 replies of a run of `knowledge` under the default model, labelled by reading each: does it decline?

    58 are all of its replies with a negation or with "document" in them, 42 were drawn at random. 93 labels agree.
    Nothing that answers is taken for a refusal; the seven missed decline in words other than the task asks for.
    """
    lines = (Path(__file__).parent / "refusals.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert len(rows) == 100
    assert sum(row["refuses"] for row in rows) == 10
    differ = {
        row["id"]: row["refuses"] for row in rows if is_refusal(row["reply"], REFUSAL) != row["refuses"]
    }
    assert differ == dict.fromkeys(
        [
            "oracle/k-107", "base/k-107",  # "The salary of a chief engineer is not specified in the document."
            "base/k-008",  # "The colour of the lanyard is not specified."
            "base/k-091",  # "The day is not specified."
            "base/k-009",  # "I'm not sure what you're asking, but I can help you find the room."
            "oracle/k-009",  # "The document is not in the document."
            "base/k-049",  # "The extra 20 per cent of the total is not in the documents."
        ],
        True,
    )  # fmt: skip
