"""lm-eval's task files with what they include: each read once, its keys merged as lm-eval merges them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import InputError, shown
from harness.lmeval.reader import DEEPEST, read_yaml
from harness.spec.mistakes import Loc
from harness.spec.yamlfile import YamlFile

_PASSED_OVER = ("__pycache__", ".ipynb_checkpoints")


@dataclass(frozen=True)
class Config:
    """The keys of a task or group as they count in the end, each with the place where it is written."""

    file: YamlFile
    values: dict[str, Any]
    origins: dict[str, tuple[YamlFile, Loc]]

    def over(self, other: Config) -> Config:
        """These keys, and the other's where these lack them."""
        return Config(self.file, {**other.values, **self.values}, {**other.origins, **self.origins})

    def without(self, *keys: str) -> Config:
        return Config(
            self.file, {key: value for key, value in self.values.items() if key not in keys}, self.origins
        )

    def part(self, loc: Loc) -> Config:
        """A mapping inside these values as keys of their own."""
        file, values = self.file, self.values
        (first, *rest) = loc
        file, where = self.origins[str(first)]
        for step in loc:
            values = values[step]  # type: ignore[index]
        return Config(file, dict(values), {key: (file, (*where, *rest, key)) for key in values})

    def error(self, loc: Loc, sentence: str) -> InputError:
        """A mistake in the value at `loc`, in the file whose value counts."""
        if not loc or loc[0] not in self.origins:
            return self.file.error(loc, sentence)
        file, where = self.origins[str(loc[0])]
        return file.error((*where, *loc[1:]), sentence)


Index = Mapping[str, Sequence[Path]]
"""The name of a task or group → its file; the name of a tag → the files of its tasks."""


@dataclass
class TaskFiles:
    """The files behind one task of ours, each read once."""

    _read: dict[Path, YamlFile | InputError] = field(default_factory=dict)
    _configs: dict[Path, Config] = field(default_factory=dict)
    _around: list[Path] = field(default_factory=list)
    """The files whose includes are being read."""

    def config(self, path: Path) -> Config:
        """The keys of a file and of those that it includes. Raises InputError where one of them cannot be read."""
        if path not in self._configs:
            self._configs[path] = self._merged(path.resolve())
        return self._configs[path]

    def _merged(self, path: Path) -> Config:
        file = self._file(path)
        if path in self._around or len(self._around) == DEEPEST:
            raise file.error(("include",), f"{path} includes itself, or others too deep.")
        own = Config(file, file.values, {key: (file, (key,)) for key in file.values}).without("include")
        included = Config(file, {}, {})
        self._around.append(path)
        try:
            for loc, name in listed_in(file.values.get("include"), ("include",)):
                if not isinstance(name, str):
                    raise file.error(loc, f"is {shown(name)}, which is no path.")
                other = Path(path.parent, name)
                if not is_file(other):
                    raise file.error(loc, f"there is no file {other}.")
                included = self.config(other).without("task_list").over(included)
        finally:
            self._around.pop()
        return own.over(included)

    def _file(self, path: Path) -> YamlFile:
        if path not in self._read:
            try:
                self._read[path] = read_yaml(path)
            except InputError as error:
                self._read[path] = error
        found = self._read[path]
        if isinstance(found, InputError):
            raise found
        return found

    def index(self, folder: Path) -> dict[str, list[Path]]:
        """What the task files under a folder call themselves; of two of one name the first counts, as in lm-eval."""
        index: dict[str, list[Path]] = {}
        tags: dict[str, dict[str, Path]] = {}
        for path in sorted(folder.glob("**/*.yaml"), key=Path.as_posix):
            if any(part in _PASSED_OVER for part in path.parts):
                continue
            try:
                values = self.config(path).values
            except InputError:
                continue  # lm-eval leaves it out, and so do we unless it is what somebody names
            grouped = "group" in values and "class" not in values
            name = values.get("group" if grouped else "task")
            if not isinstance(name, str) or name in index:
                continue
            index[name] = [path]
            for _, tag in listed_in(None if grouped else values.get("tag"), ()):
                if isinstance(tag, str):
                    tags.setdefault(tag, {})[name] = path
        return {**{tag: [tasks[name] for name in sorted(tasks)] for tag, tasks in tags.items()}, **index}

    def unreadable(self, folder: Path) -> list[InputError]:
        """The mistakes of files under a folder that the index leaves out."""
        return [
            error
            for path, error in sorted(self._read.items())
            if isinstance(error, InputError) and path.is_relative_to(folder.resolve())
        ]


def is_file(path: Path) -> bool:
    """Whether a path leads to a file; a pipe, a device or a name that no file can have does not."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def listed_in(value: Any, loc: Loc) -> Iterator[tuple[Loc, Any]]:
    """The entries of a list, or the one value that is no list, each with its place."""
    if isinstance(value, list):
        yield from (((*loc, place), part) for place, part in enumerate(value))
    elif value is not None:
        yield loc, value
