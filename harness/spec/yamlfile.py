"""A YAML file → a strict pydantic model, or all its mistakes as `path:line:column: key: what is wrong`.

The file is read to ruamel's node tree, which knows where each key and value stands, and only from there
to plain values: that keeps the positions, finds keys given twice, and never builds a Python object from
a tag. Scalars follow YAML 1.2: `1e-4` is a number, `on` is text. Dates stay text. Sequences become tuples.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from harness.errors import InputError, nearest, raise_all, shown
from harness.files import Source, read_source
from harness.spec.mistakes import Loc, is_unicode, mistakes_of, model_at

_GUESSED = 100
M = TypeVar("M", bound=BaseModel)
Place = tuple[int, int]
"""Line and column, both counted from 1."""

_TAG = "tag:yaml.org,2002:"
_TOP: Place = (1, 1)
_MOST_VALUES = 100_000
"""Far more than a person writes: aliases of aliases would otherwise grow without end."""
_MOST_BYTES, _MOST_MARKS = 1_000_000, 15_000
"""A file's size, and the lines, commas, brackets and colons in it: more of them take seconds to parse."""
_MARK = re.compile(r"[\n,\[{]|:\s")


@dataclass(frozen=True)
class YamlFile:
    """A mapping read from YAML. `root`: ruamel's node of it, which knows where everything stands."""

    source: Source
    root: Any
    values: dict[str, Any] = field(default_factory=dict)
    mistakes: list[tuple[Loc, Place, str]] = field(default_factory=list)
    """Found before any model looks: keys given twice, values that mean nothing, files that are not there."""
    _entries: dict[int, dict[str, tuple[Any, Any]]] = field(default_factory=dict)
    """The first node of each key, and of its value, by the id of a mapping's node."""

    def note(self, loc: Loc, sentence: str) -> None:
        """Keep a mistake in the value at `loc` for `validate` to report among the others."""
        self.mistakes.append((loc, self.place(loc), sentence))

    def error(self, loc: Loc, sentence: str, place: Place | None = None) -> InputError:
        """A mistake in the value at `loc`, which stands at `place` unless that is another."""
        line, column = place or self.place(loc)
        text = f"{dotted(loc)}: {sentence}" if loc else sentence
        return InputError(text, path=self.source.path, line=line, column=column)

    def place(self, loc: Loc, *, of_key: bool = False) -> Place:
        """The place of the value (or the key) at `loc`, or of the key or list entry that is nearest around it."""
        key = value = self.root
        for part in loc:
            inside = self._inside(value, part)
            if inside is None:
                return _TOP if key is self.root else place_of(key)
            key, value = inside
        return place_of(key if of_key else value)

    def _inside(self, node: Any, part: str | int) -> tuple[Any, Any] | None:
        """The nodes of the key and of the value of an entry; of a list's entry both are the value's."""
        if node.id == "mapping":
            if id(node) not in self._entries:
                pairs = reversed([(key, child) for key, child in node.value if key.id == "scalar"])
                self._entries[id(node)] = {key.value: (key, child) for key, child in pairs}
            return self._entries[id(node)].get(str(part))
        inside = node.id == "sequence" and isinstance(part, int) and part < len(node.value)
        return (node.value[part], node.value[part]) if inside else None


def dotted(loc: Loc) -> str:
    """`("answer", "stop", 0)` → `answer.stop[0]`; a key that is no plain word is quoted."""
    text = ""
    for part in loc:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            plain = isinstance(part, str) and part.replace("-", "_").isidentifier()
            text += f"{'.' if text else ''}{part if plain else shown(part)}"
    return text


def load_yaml(path: Path) -> YamlFile:
    """Read a YAML file whose top is a mapping.

    Raises InputError where there is nothing to go on: no such file, not UTF-8, broken syntax, empty, not
    a mapping. Lesser mistakes are kept in `YamlFile.mistakes` and reported by `validate`.
    """
    source = read_source(path, _MOST_BYTES)
    if sum(1 for _ in _MARK.finditer(source.text)) > _MOST_MARKS:
        raise InputError(
            f"the file has more than {_MOST_MARKS:,} lines, commas, brackets and colons, which is no task file.",
            path=path,
        )
    node = _compose(source)
    if node is None:
        raise InputError("the file is empty.", path=path)
    if node.id != "mapping":
        raise InputError(
            "the file must be a mapping of keys to values (`key: value` lines).", path=path, line=1
        )
    file = YamlFile(source, node)
    try:
        file.values.update(_Reader(file).mapping(node, ()))
    except RecursionError:
        raise InputError("the file is nested too deeply.", path=path) from None
    return file


def validate(file: YamlFile, model: type[M]) -> tuple[M | None, list[InputError]]:
    """The file as `model` (None where pydantic refused it) and every mistake, from top to bottom."""
    value: M | None = None
    located = list(file.mistakes)
    unreadable = {loc for loc, _, _ in located}
    try:
        value = model.model_validate(file.values)
    except ValidationError as error:
        details = error.errors(include_url=False)
        unknown = [item["loc"] for item in details if item["type"] == "extra_forbidden"]
        guessed = _guessed_keys(unknown[:_GUESSED], model)
        for item in details:
            if item["type"] == "missing" and item["loc"] in guessed:
                continue  # it is there, misspelled, and reported as that
            if item["input"] is None and item["loc"] in unreadable:
                continue  # nothing could be read there, which is reported already
            of_key = item["type"] == "extra_forbidden"
            located += [(loc, file.place(loc, of_key=of_key), text) for loc, text in mistakes_of(item, model)]
    located.sort(key=lambda mistake: mistake[1])
    return value, [file.error(loc, text, place) for loc, place, text in located]


def load_model(path: Path, model: type[M]) -> M:
    """Read a YAML file as `model`; raises InputErrors with every mistake in it."""
    value, errors = validate(load_yaml(path), model)
    raise_all(errors)
    assert value is not None  # no mistakes, so pydantic accepted it
    return value


def _guessed_keys(unknown: list[Loc], model: type[BaseModel]) -> set[Loc]:
    guesses: set[Loc] = set()
    for loc in unknown:
        parent = model_at(model, loc[:-1])
        guesses |= {
            (*loc[:-1], near) for near in nearest(str(loc[-1]), parent.model_fields if parent else ())
        }
    return guesses


def _compose(source: Source) -> Any:
    """The node tree of the one document in the file, None where it holds nothing."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        return YAML(typ="safe", pure=True).compose(source.text)
    except MarkedYAMLError as error:
        raise broken_yaml(error, source.path) from None
    except YAMLError as error:
        position = getattr(error, "position", 0)
        line = source.text.count("\n", 0, position) + 1
        raise InputError(f"broken YAML: {str(error).splitlines()[0]}.", path=source.path, line=line) from None
    except RecursionError:
        raise InputError("the file is nested too deeply.", path=source.path) from None


def broken_yaml(error: Any, path: Path) -> InputError:
    """What a parser says is wrong, of ruamel's or PyYAML's marked errors."""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else _TOP
    text = ", ".join(part for part in (error.context, error.problem) if part)
    return InputError(f"broken YAML: {text}.", path=path, line=line, column=column)


class _Reader:
    """Turns nodes into plain values and notes in `file` what is wrong with them."""

    def __init__(self, file: YamlFile) -> None:
        from ruamel.yaml import YAML

        self.file = file
        self.scalars = YAML(typ="safe", pure=True).constructor
        self.count = 0
        self.open: set[int] = set()  # the nodes around the present one, to notice an alias to itself

    def value(self, node: Any, loc: Loc) -> Any:
        self.count += 1
        if self.count > _MOST_VALUES:
            raise InputError(f"the file holds more than {_MOST_VALUES:,} values.", path=self.file.source.path)
        if id(node) in self.open:
            return self.wrong(node, loc, "contains itself.")
        if node.id == "scalar":
            return self.scalar(node, loc)
        self.open.add(id(node))
        try:
            if node.id == "mapping":
                return self.mapping(node, loc)
            return tuple(self.value(child, (*loc, index)) for index, child in enumerate(node.value))
        finally:
            self.open.discard(id(node))

    def mapping(self, node: Any, loc: Loc) -> dict[str, Any]:
        values: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key_node, child in node.value:
            key = key_node.value
            if key_node.id != "scalar" or not is_unicode(key):
                self.wrong(key_node, loc, "has a key that is not plain text.")
            elif key in lines:
                sentence = f"is given twice; the first stands in line {lines[key]}."
                self.wrong(key_node, (*loc, key), sentence)
            else:
                lines[key], _ = place_of(key_node)
                values[key] = self.value(child, (*loc, key))
        return values

    def scalar(self, node: Any, loc: Loc) -> Any:
        """The value of a scalar by its YAML 1.2 tag; anything that is no number, truth or null is text."""
        text: str = node.value
        kind = str(node.tag).removeprefix(_TAG)
        if not is_unicode(text):
            return self.wrong(node, loc, "has half a surrogate pair, which is no character.")
        if kind in ("int", "float", "bool", "null"):
            try:
                return self.scalars.construct_object(node)
            except (ValueError, LookupError):
                return self.wrong(node, loc, f"is no {_KINDS[kind]} that can be read: {shown(text)}.")
        if kind not in ("str", "timestamp", "value", "merge"):
            sentence = f"has the tag {shown(str(node.tag))}, which means nothing here; leave it out."
            self.wrong(node, loc, sentence)
        return text

    def wrong(self, node: Any, loc: Loc, sentence: str) -> None:
        self.file.mistakes.append((loc, place_of(node), sentence))


_KINDS = {"int": "number", "float": "number", "bool": "truth value", "null": "null"}


def place_of(node: Any) -> Place:
    """The line and column of a node."""
    return node.start_mark.line + 1, node.start_mark.column + 1
