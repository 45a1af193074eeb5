"""Values as JSON and back. Writing in one step is tested where runs are killed (tests/run)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType

import pytest

from harness.files import canonical_json, read_json, to_json


@dataclass(frozen=True, slots=True)
class Inner:
    value: float


@dataclass(frozen=True, slots=True)
class Outer:
    name: str
    parts: tuple[Inner, ...]


def test_dataclasses_are_written_field_by_field_at_any_depth() -> None:
    value = {"outer": Outer("é", (Inner(0.1), Inner(2.0)))}
    assert to_json(value) == '{"outer": {"name": "é", "parts": [{"value": 0.1}, {"value": 2.0}]}}'
    assert read_json(to_json(MappingProxyType(value))) == read_json(to_json(value))
    assert canonical_json({"b": 1, "a": (2,)}) == '{"a":[2],"b":1}'


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_json_does_not_have_is_refused_both_ways(value: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        to_json(Inner(value))
    with pytest.raises(ValueError, match="is no JSON value"):
        read_json(str(value).replace("nan", "NaN").replace("inf", "Infinity"))


def test_what_has_no_form_in_json_is_refused() -> None:
    with pytest.raises(TypeError):
        to_json({"value": object()})
