"""JSON that this program wrote is read without guessing, and what is wrong in it has a line."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.strictjson import has_keys, line_of, place_in, read_strict


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b'\xef\xbb\xbf{"a": 1}', "byte order mark"),
        ('{"a": 1}'.encode("utf-16"), "UTF-8"),
        (b'{"a": "\xff"}', "UTF-8"),
        (b'{"a": NaN}', "NaN is no JSON value"),
        (b'{"a": -Infinity}', "-Infinity is no JSON value"),
        (b'{"a": 1, "b": {"c": 1, "c": 1}}', "the key 'c' is given twice"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a": ' + b"1" * 10_000 + b"}", "digits"),
        (b'{"a": 1}\0', "Extra data"),
    ],
)
def test_what_has_no_one_meaning_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_strict(data)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(value=st.dictionaries(st.text(), VALUES, max_size=4), indent=st.sampled_from((None, 1)))
def test_what_json_writes_is_read(value: dict[str, object], indent: int | None) -> None:
    assert read_strict(json.dumps(value, indent=indent).encode()) == value


@given(row=st.dictionaries(st.sampled_from("abcd"), st.text(), min_size=1))
def test_keys_are_counted_whatever_stands_in_texts(row: dict[str, str]) -> None:
    """Where the count is seen it is right; a key more is never seen as right."""
    line = json.dumps(row, ensure_ascii=False).encode()
    again = line[:-1] + b', "a": 1}'
    assert not has_keys(again, len(row))
    assert has_keys(line, len(row)) or b" :" in line or b"\t" in line or b"\r" in line


def test_a_value_is_found_by_its_place() -> None:
    text = json.dumps({"a": {"b": [1, {"c": "}"}]}, "d": "[", "e": 2}, indent=1)
    lines = text.split("\n")
    for place in (("a",), ("a", "b", 0), ("a", "b", 1, "c"), ("d",), ("e",)):
        line = lines[line_of(text, place) - 1]
        assert line.lstrip().startswith(f'"{place[-1]}"' if isinstance(place[-1], str) else "1")
    assert line_of(text, ()) == 1


def test_names_of_types_are_no_places() -> None:
    assert place_in({"a": [{"b": 1}]}, ("a", 0, "LoRA", "b")) == ("a", 0, "b")
