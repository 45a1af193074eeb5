"""What to do next: it stands with an open verdict, a failed check, a requirement that is not met and a strategy that
was left out. Apart from all results, since runs keep it, and flags need it and must be quick.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import PurePath


@dataclass(frozen=True, slots=True)
class Step:
    """What to do next. `text`: a sentence without its full stop, and `figures` holds every number in it. `line`: the
    command, or the line of a task file, that does it; empty where there is none.
    """

    text: str
    line: str = ""
    figures: dict[str, float | str | None] = field(default_factory=dict)

    @property
    def in_words(self) -> str:
        return f"{self.text}: {self.line}" if self.line else f"{self.text}."

    def at(self, run: PurePath) -> Step:
        """The step with the run's folder in the place of `RUN`."""
        words = (shlex.quote(str(run)) if word == "RUN" else word for word in self.line.split(" "))
        return replace(self, line=" ".join(words))


def typed(*words: object) -> str:
    """A command of ours as it is copied into a shell, whatever is in its paths and names."""
    return shlex.join(("harness", *map(str, words)))


SWITCHES = frozenset(
    ("--quick", "--dry-run", "--json", "--no-cache", "--learning-curve", "--allow-task-code", "--ray", "--in-house",
     "--citations")
)  # fmt: skip
"""Flags of `compare` that take no value, or need none."""
_OF_ONE_RUN = frozenset(("--quick", "--dry-run", "--json", "--no-cache", "--output", "--resume"))
"""Those that say nothing of what is compared, or that it was a trial."""
_REPLACES = {"--model": ("--models", "--endpoints", "--revision", "--dtype")}


def compare_again(command: str | None, task: str, *flags: str, without: str = "") -> str:
    """The command that compares a task as a run did: the same models, strategies and terms.

    `command`: of the run (None: it kept none). `flags`: each with its value, if it has one (`--seeds 3`); they take the
    place of the run's own. `without`: a flag of the run that is to go.
    """
    new = [flag.split(" ")[0] for flag in flags]
    left_out = {*_OF_ONE_RUN, without, *new, *(old for flag in new for old in _REPLACES.get(flag, ()))}
    given = [*_flags(command)] if command else []
    kept = [part for flag, parts in given if flag and flag not in left_out for part in parts]
    return " ".join((typed("compare", _as_named(given, task), *kept), *flags))


def validate_again(command: str | None, task: str) -> str:
    """The command that validates a task of a run, named as the run's own command names it."""
    return typed("tasks", "validate", _as_named([*_flags(command)] if command else [], task))


def _as_named(given: Iterable[tuple[str, list[str]]], task: str) -> str:
    """What a command line calls a task: its path where it gives one, else its name."""
    names = (parts[0] for flag, parts in given if not flag)
    return next((name for name in names if _means(PurePath(name), task)), task)


def _means(path: PurePath, task: str) -> bool:
    """Whether a path is that of a task: its file, its folder, or the file in its folder."""
    return task in (path.stem, path.name) or (path.name == "task.yaml" and path.parent.name == task)


def _flags(command: str) -> Iterator[tuple[str, list[str]]]:
    """Each flag of a command line with its value, as it stands there; a task, under no flag."""
    try:
        tokens = shlex.split(command)[2:]
    except ValueError:  # no shell has run this
        return
    while tokens:
        token, *tokens = tokens
        flag, equals, _ = token.partition("=")
        value = tokens[:1] if tokens and not tokens[0].startswith("-") else []
        if not token.startswith("-"):
            yield "", [token]
        elif equals or not value or (flag in SWITCHES and ":" not in value[0]):
            yield flag, [token]
        else:
            yield flag, [token, *value]
            del tokens[0]
