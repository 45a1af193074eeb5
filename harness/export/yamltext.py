"""Plain values → YAML that every reader takes for the same values."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any


class Function(str):
    """The name of a Python function, written behind lm-eval's `!function` tag."""


def dump(value: Mapping[str, Any]) -> str:
    """YAML with each text in double quotes: lm-eval reads YAML 1.1, where a bare `no` is false and 1:30 is 90."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.width = 100_000  # a folded system message is hard to read and to change
    stream = io.StringIO()
    yaml.dump(_quoted(value), stream)
    return stream.getvalue()


def _quoted(value: Any) -> Any:
    from ruamel.yaml.comments import TaggedScalar
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    if isinstance(value, Mapping):
        return {key: _quoted(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_quoted(child) for child in value]
    if isinstance(value, Function):
        return TaggedScalar(str(value), style=None, tag="!function")
    return DoubleQuotedScalarString(value) if isinstance(value, str) else value
