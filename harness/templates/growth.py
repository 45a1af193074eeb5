"""Filters and methods that make much out of little: they pay for their result before they make it."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from jinja2 import TemplateRuntimeError, Undefined

from harness import patterns
from harness.templates.meter import METER, TemplateTooLarge

BITS = 10_000
"""The longest whole number that is reckoned with; Python itself writes none of more than 4,300 digits."""
INDENT = 16
_ATTRIBUTES = 5
_STEPS_PER_UNIT = 500
"""The steps of a regular expression that cost a unit."""
_CONVERSION = re.compile(r"[%)][#0\- +]*(\*|\d+)?(?:\.(\*|\d+)?)?")
"""The widths after a `%` or after the `)` of a `%(name)`."""

Before = Callable[..., None]


def number(digits: str) -> int:
    return int(digits) if len(digits) < 10 else 10**10


def _whole(values: Iterable[Any]) -> int:
    return sum(abs(value) for value in values if isinstance(value, int))


def operation(sign: str, left: Any, right: Any) -> None:
    """Pay for what `left sign right` makes, beyond what it is given."""
    meter = METER.get()
    if isinstance(left, int) and isinstance(right, int):
        bits = max(left.bit_length(), right.bit_length())
        if sign == "*":
            bits = left.bit_length() + right.bit_length()
        elif sign == "**":
            bits = left.bit_length() * max(right, 0)
        if bits > BITS:
            raise TemplateTooLarge("The template reckons with numbers of more than 3,000 digits.")
    elif sign == "%" and isinstance(left, str | bytes):
        _percent(left, *(right if isinstance(right, tuple) else [right]))
    elif sign == "*":
        for text, times in ((left, right), (right, left)):
            if isinstance(times, int) and isinstance(text, str | bytes):
                meter.characters(len(text) * max(times, 0))
            elif isinstance(times, int) and isinstance(text, list | tuple):
                meter.spend(len(text) * max(times, 0))


def _percent(text: Any, *values: Any, **named: Any) -> None:
    widths = [width for match in _CONVERSION.finditer(str(text)) for width in match.groups() if width]
    stars = _whole([*values, *named.values()]) if "*" in widths else 0
    METER.get().characters(stars + sum(number(width) for width in widths if width != "*"))


def _padded(_: Any, *widths: Any, **named: Any) -> None:
    METER.get().characters(_whole([*widths, *named.values()]))


def _tabs(text: Any, tabsize: Any = 8) -> None:
    METER.get().characters(len(text) * _whole([tabsize]))


def _indented(s: Any, width: Any = 4, *_: Any, **__: Any) -> None:
    step = _whole([width]) if isinstance(width, int) else len(str(width))
    METER.get().characters((str(s).count("\n") + 1) * step)


def _replaced(s: Any, old: Any = "", new: Any = "", *_: Any, **__: Any) -> None:
    METER.get().characters(str(s).count(str(old)) * len(str(new)))


def _joined(separator: Any, values: Any = ()) -> None:
    if isinstance(values, Sequence | Mapping | set | frozenset):
        METER.get().spend(len(values))
        METER.get().characters(len(values) * len(separator))


def _translated(text: Any, table: Any = ()) -> None:
    parts = table.values() if isinstance(table, dict) else table
    METER.get().characters(len(text) * max((len(part) for part in parts if isinstance(part, str)), default=1))


def _searched(text: Any, *wanted: Any, **named: Any) -> None:
    """For what compares each character of the one with each of the other."""
    parts = [part for part in (*wanted, *named.values()) if isinstance(part, str | bytes)]
    METER.get().characters(len(text) * sum(map(len, parts)) // 8)


def _squared(text: Any) -> None:
    METER.get().characters(len(text) ** 2 // 8)


def _times(value: Any, count: Any = 0, *_: Any, **named: Any) -> None:
    METER.get().spend(_whole([count, *named.values()]))
    _gone_through(value)


def _gone_through(value: Any, *args: Any, **named: Any) -> None:
    """A text of which each character becomes a value; names of attributes that are looked up in each."""
    METER.get().spend(len(value) if isinstance(value, str) else 0)
    names = [name for name in (*args, *named.values()) if isinstance(name, str)]
    if sum(name.count(".") + name.count(",") for name in names) > _ATTRIBUTES:
        raise TemplateTooLarge(f"A filter looks up more than {_ATTRIBUTES} attributes of each value.")


def _coded(text: Any, encoding: str = "utf-8", *_: Any, **__: Any) -> None:
    METER.get().characters(10 * len(text))
    if encoding.lower() in ("punycode", "idna"):
        _squared(text)


def _summed(values: Any, attribute: Any = None, start: Any = 0) -> None:
    _gone_through(values, attribute)
    if not isinstance(start, int | float):
        raise TemplateRuntimeError("The filter sum adds numbers only.")


def _json(value: Any, indent: Any = None) -> None:
    step = len(indent) if isinstance(indent, str) else _whole([indent])
    if step > INDENT:
        raise TemplateTooLarge(f"The filter tojson indents by {INDENT} characters at most.")
    meter = METER.get()
    before = meter.left
    meter.weigh(value)
    meter.spend((before - meter.left) * step)


METHODS: dict[str, Before] = {
    **dict.fromkeys(("center", "ljust", "rjust", "zfill", "to_bytes"), _padded),
    **dict.fromkeys(
        ("strip", "lstrip", "rstrip", "rfind", "rindex", "rsplit", "rpartition", "count"), _searched
    ),
    **dict.fromkeys(("encode", "decode"), _coded),
    "expandtabs": _tabs,
    "replace": _replaced,
    "join": _joined,
    "translate": _translated,
    "striptags": _squared,
}
FILTERS: dict[str, Before] = {
    **dict.fromkeys(
        ("list", "unique", "sort", "map", "select", "reject", "selectattr", "rejectattr", "groupby", "min", "max",
         "join"),
        _gone_through,
    ),
    **dict.fromkeys(("batch", "slice", "round"), _times),
    "center": _padded,
    "indent": _indented,
    "replace": _replaced,
    "trim": _searched,
    "sum": _summed,
    "format": _percent,
    "tojson": _json,
}  # fmt: skip


def paying(function: Any, before: Before | None = None) -> Callable[..., Any]:
    """A filter or test of jinja's that pays for what it is given, and `before` it works."""
    skipped = 1 if hasattr(function, "jinja_pass_arg") else 0

    @functools.wraps(function)
    def paid(*args: Any, **named: Any) -> Any:
        meter = METER.get()
        values = [meter.given(value) for value in args[skipped:]]
        named = {key: meter.given(value) for key, value in named.items()}
        if before is not None:
            before(*values, **named)
        return function(*args[:skipped], *values, **named)

    return paid


def call(owner: Any, name: str, values: list[Any], named: dict[str, Any]) -> list[Any]:
    """Pay for a method of a text, a number or a list; returns the values to call it with."""
    if not isinstance(owner, str | bytes | int | list | tuple | dict):
        return values
    METER.get().weigh(owner)
    if name == "join":
        values = [list(value) if isinstance(value, Iterator | Mapping) else value for value in values]
    before = METHODS.get(name)
    if before is not None:
        before(owner, *values, **named)
    return values


def joining(join: Callable[..., Any]) -> Callable[..., Any]:
    """jinja's filter join, which is given a list, so that its separators can be counted before."""

    @functools.wraps(join)
    def joined(context: Any, value: Any, d: str = "", attribute: Any = None) -> Any:
        values = value if isinstance(value, Undefined) else list(value)
        _joined(str(d), values)
        return join(context, values, d, attribute)

    return joined


def regex_replace(string: Any, pattern: str, repl: str, count: int = 0) -> str:
    """lm-eval's filter, `re.sub`. Raises TemplateRuntimeError for patterns that may take exponential time."""
    if not (isinstance(string, str) and isinstance(pattern, str) and isinstance(repl, str)):
        raise TemplateRuntimeError("The filter regex_replace takes texts.")
    quoted, meter = repr(pattern[:80]), METER.get()
    try:
        compiled = re.compile(pattern)
        expected = patterns.cost(pattern)
        if expected.nested:
            raise TemplateTooLarge(
                f"The pattern {quoted} may take exponential time: in {expected.nested[:80]!r} a repeat is repeated."
            )
        meter.spend(expected.steps(len(string)) // _STEPS_PER_UNIT)
        meter.characters((len(string) + 1) * len(repl) + repl.count("\\") * len(string))
        return compiled.sub(repl, string, count=count)
    except (re.error, RecursionError, OverflowError, LookupError) as error:
        raise TemplateRuntimeError(f"The pattern {quoted} cannot be used: {error}.") from error


def chat_tojson(
    x: Any, ensure_ascii: bool = False, indent: Any = None, separators: Any = None, sort_keys: bool = False
) -> str:
    """The filter tojson as chat templates know it: characters stay as they are, and JSON is laid out as asked."""
    _json(x, indent)
    if sum(len(str(part)) for part in separators or ()) > INDENT:
        raise TemplateTooLarge(f"The filter tojson separates by {INDENT} characters at most.")
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)
