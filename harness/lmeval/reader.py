"""The one reader of lm-eval's YAML files: what they say as lm-eval understands it, with functions as names.

lm-eval reads with PyYAML: by YAML 1.1 (`on` is true, `1e-4` is text), a key that is given twice counts the last
time, and `<<` merges. So does this, of the same nodes. `!function utils.f` becomes a `Code`: nothing is imported.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from harness.errors import InputError
from harness.files import Source, read_source
from harness.spec.mistakes import Loc, is_unicode
from harness.spec.yamlfile import Place, YamlFile, broken_yaml, place_of

LONGEST = 1_000_000
"""Bytes of a file: the longest that lm-eval brings has 63,000."""
MOST_VALUES = 100_000
"""Of a file, aliases followed: aliases of aliases would otherwise grow without end."""
DEEPEST = 40
MOST_DIGITS = 4_000
MOST_KEYS, MOST_MERGED = 10_000, 50
"""Of one mapping, and mappings that one `<<` names."""
TAG = "!function"


@dataclass(frozen=True)
class Code:
    """A function or class that a file names, and where it does."""

    name: str
    file: Path
    """The file, links resolved: lm-eval looks for `utils.f` in the `utils.py` beside it."""
    at: Place

    def error(self, sentence: str) -> InputError:
        return InputError(sentence, path=self.file, line=self.at[0], column=self.at[1])


def read_yaml(path: Path) -> YamlFile:
    """Read one file; `path` is resolved, so that what stands beside a link's target is found there.

    Raises InputError where the file cannot be read or holds what lm-eval cannot read.
    """
    source = read_source(path.resolve(), LONGEST)
    root, values = _values(source)
    if root is None:
        raise InputError("the file is empty.", path=source.path)
    if not isinstance(values, dict):
        raise InputError(
            "the file must be a mapping of keys to values (`key: value` lines).", path=source.path, line=1
        )
    file = YamlFile(source, root, values)
    _check(file)
    return file


def _values(source: Source) -> tuple[Any, Any]:
    """The top node of the one document in the file, and its value."""
    import yaml

    try:
        root = yaml.compose(source.text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        return root, None if root is None else _constructor()(source.path).construct_document(root)
    except yaml.MarkedYAMLError as error:
        raise broken_yaml(error, source.path) from None
    except RecursionError:
        raise InputError("the file is nested too deeply.", path=source.path) from None
    except (yaml.YAMLError, ValueError, LookupError, TypeError, AttributeError, OverflowError) as error:
        # PyYAML's own way with a tag that does not fit its text: `!!int x`, the date 2001-99-99.
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"broken YAML: a value cannot be read ({first}).", path=source.path) from None


@cache
def _constructor() -> Any:
    from yaml.constructor import ConstructorError, SafeConstructor

    class Constructor(SafeConstructor):  # type: ignore[misc]
        """PyYAML's safe values, and `Code`."""

        def __init__(self, path: Path) -> None:
            super().__init__()
            self.path = path

        def flatten_mapping(self, node: Any) -> None:
            """Merge `<<`, which doubles where merged mappings merge others: up to a limit."""
            for key, value in node.value:
                if key.tag.endswith(":merge") and value.id == "sequence" and len(value.value) > MOST_MERGED:
                    raise self._error(value, f"merges more than {MOST_MERGED} mappings")
            super().flatten_mapping(node)
            if len(node.value) > MOST_KEYS:
                raise self._error(node, f"has more than {MOST_KEYS:,} keys")

        def construct_number(self, node: Any) -> Any:
            """A number, unless it is so long that reading it takes minutes: 1:1:1:… counts by sixties."""
            if len(node.value) > MOST_DIGITS:
                raise self._error(node, f"is a number of more than {MOST_DIGITS:,} characters")
            read = self.construct_yaml_int if node.tag.endswith(":int") else self.construct_yaml_float
            return read(node)

        def _error(self, node: Any, sentence: str) -> ConstructorError:
            return ConstructorError("a mapping", node.start_mark, sentence, node.start_mark)

        def construct_code(self, node: Any) -> Code:
            return Code(str(self.construct_scalar(node)), self.path, place_of(node))

    Constructor.add_constructor(TAG, Constructor.construct_code)
    for kind in ("int", "float"):
        Constructor.add_constructor(f"tag:yaml.org,2002:{kind}", Constructor.construct_number)
    return Constructor


def _check(file: YamlFile) -> None:
    """Raises InputError where a value grows without end or is none that a task can use."""
    count = 0

    def visit(value: Any, loc: Loc, depth: int) -> None:
        nonlocal count
        count += 1
        if count > MOST_VALUES:
            raise InputError(f"the file holds more than {MOST_VALUES:,} values.", path=file.source.path)
        if depth > DEEPEST:
            raise file.error(loc[:3], "is nested too deeply, or contains itself.")
        if isinstance(value, dict):
            for key, part in value.items():
                visit(key, loc, depth + 1)
                visit(part, (*loc, key), depth + 1)
        elif isinstance(value, list):
            for place, part in enumerate(value):
                visit(part, (*loc, place), depth + 1)
        elif isinstance(value, str) and not is_unicode(value):
            raise file.error(loc, "has half a surrogate pair, which is no character.")
        elif isinstance(value, bytes | set | tuple):
            raise file.error(loc, f"is a {type(value).__name__}, which no key of a task takes.")

    visit(file.values, (), 0)


def code_in(value: Any, loc: Loc = ()) -> Iterator[tuple[Loc, Code]]:
    """Every function that a value names, in keys too, with the way to it."""
    if isinstance(value, Code):
        yield loc, value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from code_in(key, loc)
            yield from code_in(part, (*loc, key))
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from code_in(part, (*loc, place))
