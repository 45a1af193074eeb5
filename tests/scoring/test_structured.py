"""Labels count by spelling, JSON by meaning."""

from __future__ import annotations

import pytest

from harness.scoring.structured import exact_json, fates, json_fields, json_valid, label


@pytest.mark.parametrize(
    ("reply", "score"), [(" refund\n", 1.0), ("Refund", 0.0), ("refund.", 0.0), ("", 0.0)]
)
def test_label(reply: str, score: float) -> None:
    assert label(reply, ["refund"]) == score


@pytest.mark.parametrize(
    ("reply", "equal", "valid"),
    [
        ('{"b": [1, null], "a": true}', 1.0, 1.0),
        (' {"a":true,"b":[1.0,null]} ', 1.0, 1.0),  # 1 and 1.0 are one number
        ('{"a": 1, "b": [1, null]}', 0.0, 1.0),  # true is no number
        ('{"a": true, "b": [null, 1]}', 0.0, 1.0),
        ('{"a": true}', 0.0, 1.0),
        ('{"a": true, "b": [1, null], "c": 0}', 0.0, 1.0),
        ('{"a": false, "a": true, "b": [1, null]}', 0.0, 1.0),  # says both
        ('{"a": true, "a": true, "b": [1, null]}', 1.0, 1.0),
        ('```json\n{"a": true, "b": [1, null]}\n```', 0.0, 0.0),
        ('{"a": true, "b": [1, null]} Done.', 0.0, 0.0),
        ("null", 0.0, 1.0),
        ("NaN", 0.0, 0.0),
        ("[" * 100_000, 0.0, 0.0),
        ("", 0.0, 0.0),
    ],
)
def test_json(reply: str, equal: float, valid: float) -> None:
    assert exact_json(reply, ["not json", '{"a": true, "b": [1, null]}']) == equal
    assert json_valid(reply) == valid


def test_json_in_two_unicode_spellings_is_one() -> None:
    assert exact_json('{"cafe\u0301": "Ko\u0308ln"}', ['{"caf\u00e9": "K\u00f6ln"}']) == 1.0
    assert exact_json('{"a": "cafe"}', ['{"a": "caf\u00e9"}']) == 0.0


@pytest.mark.parametrize(
    ("reply", "answers", "score"),
    [
        ('{"a": 1, "b": 2}', ['{"b": 2, "a": 1.0}'], 1.0),
        ('{"a": 1, "b": 3, "c": 0}', ['{"a": 1, "b": 2}'], 1 / 3),
        ('{"a": 1}', ['{"a": 1, "b": 2}'], 1 / 2),
        ('{"a": true}', ['{"a": 1}'], 0.0),
        ('{"a": 1}', ['{"a": 2}', '{"a": 1}'], 1.0),
        ("{}", ["{}"], 1.0),
        ("[]", ["{}"], 0.0),
        ("none", ["{}"], 0.0),
    ],
)
def test_fields(reply: str, answers: list[str], score: float) -> None:
    assert json_fields(reply, answers) == pytest.approx(score)


def test_a_field_is_held_against_the_nearest_answer() -> None:
    answers = ['{"a": 0, "b": 0}', '{"a": 1, "c": 1}']
    assert fates('{"a": 1, "d": 1}', answers) == {"d": "invented", "a": "right", "c": "missing"}
    assert fates("no JSON", answers) == {"a": "missing", "b": "missing"}
