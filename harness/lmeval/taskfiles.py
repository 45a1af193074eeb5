"""lm-eval's task files: what `lm_eval:` in a task file names, found and read without opening anything.

A task, a group or a tag leads to one file or to several, each with the files that it includes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import InputError, did_you_mean, nearest
from harness.lmeval import library
from harness.spec.lmevalspec import LmEvalSpec
from harness.spec.mistakes import Loc
from harness.spec.yamlfile import YamlFile, load_yaml

TAG = "!function"


@dataclass(frozen=True)
class TaskFile:
    """One of lm-eval's task files with the files that it includes; a file goes before those that it includes."""

    files: tuple[YamlFile, ...]

    @property
    def path(self) -> Path:
        return self.files[0].source.path

    @property
    def config(self) -> dict[str, Any]:
        """The keys of all files together, functions as text."""
        merged: dict[str, Any] = {}
        for file in reversed(self.files):
            merged |= {key: value for key, value in file.values.items() if key != "include"}
        return merged

    def error(self, loc: Loc, sentence: str) -> InputError:
        """A mistake in the file whose value of the key counts."""
        file = next((file for file in self.files if loc and loc[0] in file.values), self.files[0])
        return file.error(loc, sentence)

    def tagged(self, loc: Loc) -> bool:
        return any(loc in file.tagged for file in self.files if loc[0] in file.values)


def read(path: Path) -> TaskFile:
    """Read a task file and what it includes. Raises InputError where one of them cannot be read."""
    files: list[YamlFile] = []

    def follow(path: Path) -> None:
        file = load_yaml(path, tags=(TAG,))
        files.append(file)
        include = file.values.get("include")
        for name in include if isinstance(include, tuple) else [include] if include else []:
            other = Path(path.parent, str(name))
            if not other.is_file():
                raise file.error(("include",), f"there is no file {other}.")
            if any(known.source.path.resolve() == other.resolve() for known in files):
                raise file.error(("include",), f"{other} includes itself.")
            follow(other)

    follow(path)
    return TaskFile(tuple(files))


@dataclass(frozen=True)
class Located:
    """What `lm_eval:` names: what lm-eval calls it, the folders it has to look at, and the task files behind it."""

    named: str
    folders: tuple[Path, ...]
    files: tuple[TaskFile, ...]
    group: str | None
    errors: tuple[InputError, ...] = ()


def locate(spec: LmEvalSpec, file: YamlFile) -> Located:
    """Find the task file or group that `lm_eval:` names, and the files of all of its members."""
    named = spec.lm_eval
    if Path(named).suffix not in (".yaml", ".yml") and "/" not in named:
        return _built_in(named, file)
    path = Path(file.source.path.parent, named)
    if not path.is_file():
        raise file.error(("lm_eval",), f"there is no file {path}.")
    top = read(path)
    if "group" not in top.config:
        return Located(str(path), (), (top,), None)
    missing = [name for name in library.member_names(top.config) if name not in _paths(path.parent)]
    known = library.built_in() if missing else {}
    folders = tuple(library.built_in_folder() / part for name in missing for part in known.get(name, ()))
    group = str(top.config["group"])
    same = _paths(path.parent).get(group, [])
    if [other.resolve() for other in same] != [path.resolve()]:
        others = ", ".join(map(str, same))
        raise top.error(
            ("group",), f"is {group!r}, the name of what is in {others} too; lm-eval takes one of them."
        )
    return _group(group, top, (*folders, path.parent))


def _built_in(named: str, file: YamlFile) -> Located:
    known = library.built_in()
    if named not in known:
        near = nearest(named, known)
        also = [name for name in known if named.casefold() in name.casefold()][:3]
        hint = ", ".join(dict.fromkeys([*near, *also]))
        raise file.error(
            ("lm_eval",),
            f"is {named!r}, and lm-eval has no task or group of that name"
            f"{f' (the nearest are {hint})' if hint else ''}; a task file of your own is named by its path, "
            f"such as {named}.yaml.",
        )
    folders = tuple(library.built_in_folder() / part for part in known[named])
    tops = [read(path) for path in _paths(*folders)[named]]
    if "group" in tops[0].config:
        return _group(named, tops[0], folders)
    return Located(named, folders, tuple(tops), named if len(tops) > 1 else None)


def _group(named: str, top: TaskFile, folders: tuple[Path, ...]) -> Located:
    members, errors = _members(top, _paths(*folders))
    return Located(named, folders, (top, *members), str(top.config["group"]), tuple(errors))


def _paths(*folders: Path) -> dict[str, list[Path]]:
    """Name of each task, group and tag in these folders → its task file, or those of the tag's tasks."""
    index = library.manager(*folders).task_index
    return {
        name: [entry.yaml_path]
        if entry.yaml_path
        else [index[tagged].yaml_path for tagged in sorted(entry.tags)]
        for name, entry in index.items()
    }


def _members(file: TaskFile, index: dict[str, list[Path]]) -> tuple[list[TaskFile], list[InputError]]:
    """The files of a group's members and of groups within it, and a mistake for each member without a file."""
    files: list[TaskFile] = []
    errors: list[InputError] = []
    for name in library.member_names(file.config):
        if name not in index:
            hint = did_you_mean(name, index)
            unread = [str(error) for error in _unreadable(file.path.parent)]
            also = f" These files cannot be read: {' '.join(unread)}" if unread else ""
            errors.append(file.error(("task",), f"no file beside it is the task {name!r}{hint}.{also}"))
            continue
        for member in map(read, index[name]):
            files.append(member)
            if "group" in member.config:
                inner, inner_errors = _members(member, index)
                files += inner
                errors += inner_errors
    return files, errors


def _unreadable(folder: Path) -> Iterator[InputError]:
    for path in sorted(folder.rglob("*.yaml")):
        try:
            read(path)
        except InputError as error:
            yield error
