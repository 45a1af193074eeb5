"""What `lm_eval:` in a task file leads to: a task, a group or a tag, and the files behind it. Nothing is opened."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.errors import InputError, nearest
from harness.lmeval import library, survey
from harness.spec.lmevalspec import LmEvalSpec
from harness.spec.yamlfile import YamlFile


@dataclass(frozen=True)
class Found:
    """Where `lm_eval:` leads: what lm-eval calls it, the folders it has to look at, and the task files behind it."""

    named: str
    folders: tuple[Path, ...]
    files: tuple[survey.TaskFile, ...]
    group: str | None
    errors: tuple[InputError, ...] = ()


def locate(spec: LmEvalSpec, file: YamlFile) -> Found:
    """Find the task file or group that `lm_eval:` names, and the files of all of its members."""
    named = spec.lm_eval
    if Path(named).suffix not in (".yaml", ".yml") and "/" not in named:
        return _built_in(named, file)
    path = Path(file.source.path.parent, named)
    if not path.is_file():
        raise wrong(file, f"there is no file {path}.")
    top = survey.read(path)
    if "group" not in top.config:
        return Found(str(path), (), (top,), None)
    missing = [name for name in library.member_names(top.config) if name not in _paths(path.parent)]
    known = library.built_in() if missing else {}
    folders = tuple(library.built_in_folder() / part for name in missing for part in known.get(name, ()))
    group = str(top.config["group"])
    same = _paths(path.parent).get(group, [])
    if [one.resolve() for one in same] != [path.resolve()]:
        others = ", ".join(map(str, same))
        raise top.error(
            ("group",), f"is {group!r}, the name of what is in {others} too; lm-eval takes one of them."
        )
    return _group(group, top, (*folders, path.parent))


def _built_in(named: str, file: YamlFile) -> Found:
    known = library.built_in()
    if named not in known:
        near = nearest(named, known)
        also = [name for name in known if named.casefold() in name.casefold()][:3]
        hint = ", ".join(dict.fromkeys([*near, *also]))
        raise wrong(
            file,
            f"is {named!r}, and lm-eval has no task or group of that name"
            f"{f' (the nearest are {hint})' if hint else ''}; a task file of your own is named by its path, "
            f"such as {named}.yaml.",
        )
    folders = tuple(library.built_in_folder() / part for part in known[named])
    tops = [survey.read(path) for path in _paths(*folders)[named]]
    if "group" in tops[0].config:
        return _group(named, tops[0], folders)
    return Found(named, folders, tuple(tops), named if len(tops) > 1 else None)


def _group(named: str, top: survey.TaskFile, folders: tuple[Path, ...]) -> Found:
    members, errors = survey.members(top, _paths(*folders))
    return Found(named, folders, (top, *members), str(top.config["group"]), tuple(errors))


def _paths(*folders: Path) -> dict[str, list[Path]]:
    """Name of each task, group and tag in these folders → its task file, or those of the tag's tasks."""
    index = library.manager(*folders).task_index
    return {
        name: [entry.yaml_path] if entry.yaml_path else [index[one].yaml_path for one in sorted(entry.tags)]
        for name, entry in index.items()
    }


def wrong(file: YamlFile, sentence: str) -> InputError:
    """A mistake in what a task file of ours names."""
    return file.error(("lm_eval",), sentence)
