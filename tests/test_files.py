"""Values as JSON and back. Writing in one step is tested where runs are killed (tests/run)."""

from __future__ import annotations

import math
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pytest

from harness.errors import InputError
from harness.files import canonical_json, read_json, read_regular, read_source, to_json


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


def test_only_regular_files_are_read_and_none_without_end(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "socket"))
    (tmp_path / "long").write_bytes(b"x" * 11)
    for path in (tmp_path / "pipe", tmp_path / "socket", Path("/dev/zero"), tmp_path, tmp_path / "nowhere"):
        with pytest.raises(OSError):  # noqa: PT011 - each has its own reason
            read_regular(path)
        with pytest.raises(InputError):
            read_source(path)
    server.close()
    assert read_regular(tmp_path / "long", 11) == b"x" * 11
    with pytest.raises(OSError, match="more than 0 MB"):
        read_regular(tmp_path / "long", 10)


@pytest.mark.parametrize("form", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_named(tmp_path: Path, form: str) -> None:
    (tmp_path / "a.yaml").write_text("name: x", encoding=form)
    with pytest.raises(InputError, match="this is UTF-16 text; save the file as UTF-8"):
        read_source(tmp_path / "a.yaml")
