"""What `lm_eval:` in a task file names, as lm-eval would put it together: tasks and groups of values, nothing opened.

Every file is read once. What is returned are values: includes are merged, links followed, and a group's own keys laid
over those of its members, as lm-eval 0.4.13 does (`tasks/_yaml_loader.py`, `tasks/_factory.py`). These values are what
is looked at, and lm-eval is given these same values: it looks nothing up again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

from harness.errors import InputError, collecting, did_you_mean, nearest, raise_all
from harness.lmeval import library
from harness.lmeval.configs import Config, Index, TaskFiles, is_file, listed_in
from harness.lmeval.reader import DEEPEST
from harness.spec.lmevalspec import LmEvalSpec
from harness.spec.mistakes import Loc
from harness.spec.yamlfile import YamlFile

MOST_MEMBERS = 20_000
"""The most tasks of a group, those of groups within it counted: more than lm-eval brings in all."""
_OF_GROUPS = ("group", "group_alias", "task", "aggregate_metric_list", "metadata")
_OWN_DATA = ("dataset_path", "custom_dataset", "class")


@dataclass(frozen=True)
class Leaf:
    """One task."""

    config: Config

    @property
    def name(self) -> str:
        return str(self.config.values["task"])

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        return (self,)


@dataclass(frozen=True)
class Branch:
    """A group, with the tasks and groups in it."""

    name: str
    config: Config
    members: tuple[Leaf | Branch, ...]

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """Every task in it; of several of one name the last, as in lm-eval."""
        return tuple({leaf.name: leaf for member in self.members for leaf in member.leaves}.values())


@dataclass(frozen=True)
class Located:
    """What `lm_eval:` names: one task, several (a tag), or a group."""

    top: tuple[Leaf | Branch, ...]
    group: str | None
    """The name of a group or of a tag with several tasks."""

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        return tuple({leaf.name: leaf for member in self.top for leaf in member.leaves}.values())

    @property
    def groups(self) -> list[Branch]:
        """Every group, from the outermost in."""

        def inside(member: Leaf | Branch) -> Iterator[Branch]:
            if isinstance(member, Branch):
                yield member
                yield from chain.from_iterable(map(inside, member.members))

        return list(chain.from_iterable(map(inside, self.top)))


def locate(spec: LmEvalSpec, file: YamlFile) -> Located:
    """Find the task or group that `lm_eval:` names, with all of its members.

    Raises InputErrors with everything that keeps it from being put together.
    """
    named, files = spec.lm_eval, TaskFiles()
    if Path(named).suffix not in (".yaml", ".yml") and "/" not in named:
        built_in = library.built_in()
        if named not in built_in:
            raise _unknown(named, built_in, file)
        paths = [library.built_in_folder() / path for path in built_in[named]]
        builder = _Builder(files, {})
        top = tuple(builder.build(files.config(path), None) for path in paths)
    else:
        path = Path(file.source.path.parent, named)
        if not is_file(path):
            raise file.error(("lm_eval",), f"there is no file {path}.")
        config = files.config(path)
        own = _beside(path, config, files) if "group" in config.values else {}
        builder = _Builder(files, own, path.parent)
        top = (builder.build(config, None),)
    raise_all(builder.errors)
    if len(top) > 1:
        return Located(top, named)
    return Located(top, top[0].name if isinstance(top[0], Branch) else None)


def _beside(path: Path, config: Config, files: TaskFiles) -> dict[str, list[Path]]:
    """The index of the folder that a group's file lies in. Raises InputError where its name stands for others too."""
    index = files.index(path.parent)
    group = config.values["group"]
    same = index.get(group, []) if isinstance(group, str) else []
    if same and [other.resolve() for other in same] != [path.resolve()]:
        others = ", ".join(map(str, same))
        raise config.error(
            ("group",), f"is {group!r}, the name of what is in {others} too; lm-eval takes one of them."
        )
    return index


def _unknown(named: str, built_in: Mapping[str, Any], file: YamlFile) -> InputError:
    near = nearest(named, built_in)
    also = [name for name in built_in if named.casefold() in name.casefold()][:3]
    hint = ", ".join(dict.fromkeys([*near, *also]))
    return file.error(
        ("lm_eval",),
        f"is {named!r}, and lm-eval has no task or group of that name"
        f"{f' (the nearest are {hint})' if hint else ''}; a task file of your own is named by its path, "
        f"such as {named}.yaml.",
    )


@dataclass
class _Builder:
    """Puts a task or a group together as lm-eval's TaskFactory does, of values alone."""

    files: TaskFiles
    own: Index
    folder: Path | None = None
    """Where `own` lies."""
    errors: list[InputError] = field(default_factory=list)
    count: int = 0
    _open: list[str] = field(default_factory=list)
    """The groups around the present one."""
    _missed: set[tuple[Path, Loc]] = field(default_factory=set)

    @cached_property
    def built_in(self) -> Mapping[str, Sequence[str]]:
        """Asked only where a name is none of `own`: it takes long the first time."""
        return library.built_in()

    def build(self, config: Config, laid_over: Config | None) -> Leaf | Branch:
        """A file's task, or its group. `laid_over`: the keys of the groups around it."""
        if "group" in config.values and "class" not in config.values:
            return self._group(str(config.values["group"]), config, laid_over)
        self._count(config)
        whole = laid_over.over(config) if laid_over else config
        if not isinstance(whole.values.get("task"), str):
            what = "is no name" if "task" in whole.values else "is missing"
            self.errors.append(
                config.error(("task",), f"{what}: lm-eval leaves out a file without one and says nothing.")
            )
            whole = Config(whole.file, {**whole.values, "task": ""}, whole.origins)
        return Leaf(whole.without("tag", "group", "task_list"))

    def _group(self, name: str, config: Config, laid_over: Config | None) -> Branch:
        self._count(config)
        if name in self._open or len(self._open) == DEEPEST:
            self.errors.append(
                config.error(("group",), f"is {name!r}, which contains itself, or lies too deep.")
            )
            return Branch(name, config, ())
        self._open.append(name)
        overrides = config.without(*_OF_GROUPS)
        if laid_over:
            overrides = laid_over.over(overrides)
        members: list[Leaf | Branch] = []
        for loc, item in listed_in(config.values.get("task"), ("task",)):
            if isinstance(item, str):
                members += self._named(item, name, config, loc, overrides)
            elif isinstance(item, dict) and all(isinstance(key, str) for key in item):
                members += self._written_out(config.part(loc), name, config, loc, overrides)
            else:
                self.errors.append(
                    config.error(loc, "is neither a name nor a mapping with the key task or group.")
                )
        self._open.pop()
        return Branch(name, config, tuple({member.name: member for member in members}.values()))

    def _count(self, config: Config) -> None:
        self.count += 1
        if self.count > MOST_MEMBERS:
            raise config.error(("task",), f"is part of a group with more than {MOST_MEMBERS:,} members.")

    def _written_out(
        self, item: Config, group: str, config: Config, loc: Loc, overrides: Config
    ) -> list[Leaf | Branch]:
        """A member with keys of its own: laid over the one of that name, or all there is of it."""
        key = "group" if "group" in item.values else "task"
        name = item.values.get(key)
        if not isinstance(name, str):
            self.errors.append(config.error(loc, "needs the key task or group, a name."))
            return []
        paths = self._paths(name)
        if key == "group" and not paths:
            return [self._group(f"{group}::{name}", item, overrides)]
        mine = item.without(key, "task") if key == "group" else item.without("task")
        if paths:
            return [self.build(found, mine.over(overrides)) for found in self._configs(paths)]
        return self._inline(name, group, mine.over(overrides), config, loc)

    def _named(
        self, name: str, group: str, config: Config, loc: Loc, overrides: Config
    ) -> list[Leaf | Branch]:
        if paths := self._paths(name):
            return [self.build(found, overrides) for found in self._configs(paths)]
        return self._inline(name, group, overrides, config, loc)

    def _inline(self, name: str, group: str, whole: Config, config: Config, loc: Loc) -> list[Leaf | Branch]:
        """A task that is written out in its group, as `GROUP::TASK`; without data of its own it is a misspelling."""
        if any(whole.values.get(key) is not None for key in _OWN_DATA):
            named = Config(
                whole.file,
                {**whole.values, "task": f"{group}::{name}"},
                {**whole.origins, "task": (config.file, loc)},
            )
            return [self.build(named.without("group"), None)]
        place = (config.file.source.path, loc)
        if place in self._missed:
            return []  # said already: groups may come in more than once
        self._missed.add(place)
        hint = did_you_mean(name, [*self.own, *self.built_in])
        unread = self.files.unreadable(self.folder) if self.folder else []
        also = f" These files cannot be read: {' '.join(map(str, unread))}" if unread else ""
        self.errors.append(config.error(loc, f"no file beside it is the task {name!r}{hint}.{also}"))
        return []

    def _paths(self, name: str) -> Sequence[Path]:
        built_in = () if name in self.own else self.built_in.get(name, ())
        return self.own.get(name) or [library.built_in_folder() / path for path in built_in]

    def _configs(self, paths: Sequence[Path]) -> Iterator[Config]:
        for path in paths:
            with collecting(self.errors):
                yield self.files.config(path)
