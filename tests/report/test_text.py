"""What comes from data can neither hide nor break out."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.report.page.assets import as_json
from harness.report.view import visible


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\u202eb", "a[U+202E]b"),
        ("\u200fx\u2066", "[U+200F]x[U+2066]"),
        ("\x00\x1b", "[U+0000][U+001B]"),
        ("line\nline\ttab", "line\nline\ttab"),
        ("שלום عربي", "שלום عربي"),  # letters are seen, whatever their direction
        ("👩\u200d🔬", "👩\u200d🔬"),  # joins two signs into one; both are seen
    ],
)
def test_unseen_characters_are_written_out(text: str, seen: str) -> None:
    assert visible(text) == seen


@given(st.text())
def test_json_comes_back_and_holds_no_tag(text: str) -> None:
    made = as_json({"text": [text, "</script><!--"]})
    assert "<" not in made
    assert json.loads(made) == {"text": [text, "</script><!--"]}


def test_json_is_never_nan() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        as_json(float("nan"))
