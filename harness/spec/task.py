"""A task file and its question files → a `Task`, or all their mistakes at once, before any model loads."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import InputError, InputErrors, collecting, did_you_mean, raise_all, shown
from harness.files import sha256_json
from harness.quantities import counted, listed
from harness.records import Question, TaskGroup
from harness.spec.copies import near_test
from harness.spec.lmevalspec import KEYS_OF_LM_EVAL, SECTIONS_OF_LM_EVAL, LmEvalSpec
from harness.spec.questions import QuestionFile, across, leaks, read_questions
from harness.spec.spelled import as_on_disk
from harness.spec.starter import left_as_they_came
from harness.spec.taskspec import Answer, TaskSpec
from harness.spec.yamlfile import YamlFile, load_yaml, validate

ROLES = ("test", "train", "dev")
_SUFFIXES = (".yaml", ".yml")
FOLDER_FILE = "task.yaml"
"""The task file of a folder that holds a whole task."""


@dataclass(frozen=True)
class Task:
    """A task that passed every check. Question ids are unique over test, train and dev.

    One whose file names an lm-eval task has no questions until `harness.lmeval` has opened it.
    """

    spec: TaskSpec | LmEvalSpec
    path: Path
    test: tuple[Question, ...]
    train: tuple[Question, ...]
    dev: tuple[Question, ...]
    corpus: str | None
    """The corpus as an absolute path, or as an absolute glob pattern."""
    files: dict[str, str]
    """sha256 of the task file ("spec") and of each question file ("test", "train", "dev")."""
    lines: dict[str, str]
    """Where each question stands, by id: "file:line"."""
    left_out: tuple[str, ...] = ()
    """One sentence for each train or dev question that was left out, as it is a test question too."""
    remarks: tuple[str, ...] = ()
    """One sentence for each thing that its author should look at, though a run can do with it."""
    prompts: Callable[[Any], Any] | None = None
    """Engine → the task's own `run.prompts.TaskPrompts`; None where the task file says how its questions are put."""
    groups: tuple[TaskGroup, ...] = ()
    """The groups of lm-eval's that it is in."""
    obstacles: Mapping[str, str] = field(default_factory=dict)
    """Kinds of context that the task cannot have, each with the reason as a clause for the report."""

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def own(self) -> TaskSpec:
        """The file of a task that asks questions of its own, and says itself how."""
        assert isinstance(self.spec, TaskSpec)
        return self.spec

    @property
    def fingerprint(self) -> str:
        """Names what the task asks and how, wherever its files lie and whatever its description says.

        The corpus is left out, as an index carries a hash of its own.
        """
        return fingerprint_of(self.spec.model_dump(mode="json"), self.files)


def fingerprint_of(spec: Mapping[str, Any], files: Mapping[str, str]) -> str:
    """The fingerprint of a task, from its file's content as plain values and the hash of each file, by role."""
    asked = {key: value for key, value in spec.items() if key not in ("description", "corpus", "questions")}
    questions = {role: files[role] for role in ROLES if role in files}
    if (spec.get("questions") or {}).get("near_copies") == "leave_out":
        questions["near_copies"] = "leave_out"
    return sha256_json({"spec": asked, "questions": questions})


def load_task(path: Path) -> Task:
    """Read and check a task file and its question files.

    Raises InputErrors with all mistakes of all of them (the first 20 spelled out), or InputError where
    the task file itself cannot be read.
    """
    file = load_yaml(path)
    if "lm_eval" in file.values:
        return _load_lm_eval(file)
    if KEYS_OF_LM_EVAL & file.values.keys() and "questions" not in file.values:
        raise InputError(
            "this is a task file of lm-eval's own. Put it into a folder of its own, and name it in a task file: "
            "`lm_eval: FOLDER/FILE.yaml` (docs/lm-eval.md).",
            path=path,
        )
    corpus, paths = _corpus(file), _question_paths(file)
    spec, errors = validate(file, TaskSpec)
    files, file_errors = _read_files(
        paths, spec.answer if spec else _answer_of(file), spec.metrics if spec else ()
    )
    raise_all([*errors, *file_errors, *across(files)])
    assert spec is not None  # it is None only with errors
    lines = {question.id: read.place(question) for read in files.values() for question in read.questions}
    leaked = leaks(files)
    near = near_test(files) if spec.questions.near_copies == "leave_out" else {}
    near = {id_: place for id_, place in near.items() if id_ not in leaked}
    out = {*leaked, *near}

    def kept(role: str) -> tuple[Question, ...]:
        return tuple(q for q in files[role].questions if q.id not in out) if role in files else ()

    return Task(
        spec=spec,
        path=path,
        test=files["test"].questions,
        train=kept("train"),
        dev=kept("dev"),
        corpus=corpus,
        files={"spec": file.source.sha256, **{role: read.sha256 for role, read in files.items()}},
        lines=lines,
        left_out=(
            *(
                f"{lines[id_]}: left out, since it is also the test question at {place}; test questions stay unseen."
                for id_, place in leaked.items()
            ),
            *_near_left_out(near, lines),
        ),
        remarks=(*left_as_they_came(files.values()), *(() if corpus else _gold_of_nothing(files.values()))),
    )


def _gold_of_nothing(files: Iterable[QuestionFile]) -> Iterator[str]:
    """A remark: questions name gold documents of a task that names no documents."""
    places = [read.place(question) for read in files for question in read.questions if question.gold_docs]
    if places:
        yield (
            f"{places[0]}: names gold documents, and the task file names no `corpus` to look for them in: "
            f"{counted(len(places), 'question does', 'questions do')} so, and recall and `oracle` are missing."
        )


def _near_left_out(near: Mapping[str, str], lines: Mapping[str, str]) -> Iterator[str]:
    """One sentence for all of them: where copies are natural there are many."""
    for id_, place in [*near.items()][:1]:
        count = counted(len(near), "train or dev question is", "train and dev questions are")
        yield (
            f"{lines[id_]}: left out (questions.near_copies), since it is nearly the test question at {place} or of "
            f"its cluster; {count} left out so."
        )


def _load_lm_eval(file: YamlFile) -> Task:
    """A task file that names an lm-eval task, checked by itself; the task is neither looked for nor opened."""
    corpus = _corpus(file)
    for section in SECTIONS_OF_LM_EVAL:
        if section in file.values:
            file.note(
                (section,), "cannot stand beside lm_eval, whose task brings its own; leave one of them out."
            )
            file.values.pop(section)
    spec, errors = validate(file, LmEvalSpec)
    raise_all(errors)
    assert spec is not None  # it is None only with errors
    files = {"spec": file.source.sha256}
    return Task(spec, file.source.path, (), (), (), corpus, files, lines={})


def _answer_of(file: YamlFile) -> Answer | None:
    """The answer section of a task file that is wrong elsewhere, so that its questions can be checked too."""
    from pydantic import ValidationError

    try:
        return Answer.model_validate(file.values.get("answer"))
    except ValidationError:
        return None


def _question_paths(file: YamlFile) -> dict[str, Path]:
    """The question files that are there, by role; notes those that are not.

    Works on the plain values, as does `_corpus`: the rest of the task file may be wrong.
    """
    section = file.values.get("questions")
    paths: dict[str, Path] = {}
    for role in ROLES:
        name = section.get(role) if isinstance(section, dict) else None
        if not isinstance(name, str) or not name.strip():
            continue  # absent, or reported by the model
        path = Path(as_on_disk(os.path.normpath(file.source.path.parent / name)))
        same = next((other for other in paths if paths[other] == path), None)
        if same:
            file.note(("questions", role), f"is the same file as questions.{same}.")
        elif not os.path.exists(path):  # noqa: PTH110 - never raises, however long the name
            file.note(("questions", role), f"there is no file {path}.")
        else:
            paths[role] = path
    return paths


def _read_files(
    paths: dict[str, Path], answer: Answer | None, metrics: Sequence[str]
) -> tuple[dict[str, QuestionFile], list[InputError]]:
    files: dict[str, QuestionFile] = {}
    errors: list[InputError] = []
    for role, path in paths.items():
        with collecting(errors):
            files[role] = read_questions(path, answer, metrics)
            errors += files[role].errors
    return files, errors


def _corpus(file: YamlFile) -> str | None:
    """The corpus as an absolute path or pattern; notes one that is not there."""
    written = file.values.get("corpus")
    if not isinstance(written, str) or not written.strip():
        return None
    # Not resolve(): `..` goes by name here, as it does in the messages.
    base = os.path.abspath(file.source.path.parent)  # noqa: PTH100
    plain = as_on_disk(os.path.normpath(Path(base, written)))
    if os.path.exists(plain):  # noqa: PTH110
        return plain
    pattern = as_on_disk(os.path.normpath(Path(glob.escape(base), written)))
    if glob.has_magic(written) and _matches(pattern):
        return pattern
    what = "no file matches the pattern" if glob.has_magic(written) else "there is no folder or file"
    file.note(("corpus",), f"{what} {os.path.normpath(file.source.path.parent / written)}.")
    return None


def _matches(pattern: str) -> bool:
    try:
        return next(glob.iglob(pattern, recursive=True), None) is not None  # noqa: PTH207 - the pattern is absolute
    except (OSError, ValueError):
        return False


def load_tasks(names: Sequence[str], tasks_dir: Path) -> list[Task]:
    """Load the named tasks (all of `tasks_dir` where none is named), each once, in that order.

    Raises InputErrors with the mistakes of all of them, and where two have the same name.
    """
    tasks: list[Task] = []
    errors: list[InputError] = []
    for path in find_tasks(names, tasks_dir):
        with collecting(errors):
            tasks.append(load_task(path))
    errors += taken_names(tasks)
    if errors:
        raise InputErrors(errors)
    return tasks


def taken_names(tasks: Sequence[Task]) -> list[InputError]:
    """A mistake for each task whose name an earlier one has."""
    first: dict[str, Task] = {}
    return [
        InputError(f"the name {task.name!r} is taken already, by {first[task.name].path}.", path=task.path)
        for task in tasks
        if first.setdefault(task.name, task) is not task
    ]


def find_tasks(names: Sequence[str], tasks_dir: Path) -> list[Path]:
    """The task files meant by `names`: a task in `tasks_dir` (by `name:` or file name), or the path of a file or of a
    task folder.

    No names: every task in `tasks_dir`, files before folders. Raises InputErrors for names that mean nothing.
    """
    if not names:
        return _all_tasks(tasks_dir)
    paths: dict[str, Path] = {}
    errors: list[InputError] = []
    for name in names:
        with collecting(errors):
            path = _find(name, tasks_dir)
            paths.setdefault(os.path.realpath(path), path)
    if errors:
        raise InputErrors(errors)
    return list(paths.values())


def _all_tasks(tasks_dir: Path) -> list[Path]:
    if not tasks_dir.is_dir():
        raise InputError(
            f"there is no folder {tasks_dir} with tasks; name a task file, write the examples with `harness init`, or "
            "start a task of your own with `tasks new`."
        )
    paths = sorted(path for path in tasks_dir.iterdir() if path.suffix in _SUFFIXES and path.is_file())
    folders = sorted(path for path in tasks_dir.glob(f"*/{FOLDER_FILE}") if path.is_file())
    if not paths and not folders:
        raise InputError(f"there is no task file (*.yaml) in {tasks_dir}; start one with `tasks new`.")
    return [*paths, *folders]


def called(path: Path, tasks_dir: Path) -> str:
    """What a task is called by its path alone: its file, or its folder in `tasks_dir`."""
    return path.parent.name if path.name == FOLDER_FILE and path.parent != tasks_dir else path.stem


def _in_folder(path: Path) -> Path:
    """The task file that a path means. Raises InputError for a folder that has none."""
    if not path.is_dir():
        return path
    if not (path / FOLDER_FILE).is_file():
        raise InputError(f"this folder has no {FOLDER_FILE}, so it is no task.", path=path)
    return path / FOLDER_FILE


def _find(name: str, tasks_dir: Path) -> Path:
    if Path(name).suffix.lower() in _SUFFIXES or Path(name).name != name:
        if not os.path.exists(name):  # noqa: PTH110
            raise InputError(f"there is no task file {shown(name)}.")
        return _in_folder(Path(name))
    if (Path(name) / FOLDER_FILE).is_file():
        return Path(name) / FOLDER_FILE
    paths = _all_tasks(tasks_dir)
    declared = {path: declared_text(path, "name") for path in paths}
    matching = [path for path in paths if declared[path] == name] or [
        path for path in paths if called(path, tasks_dir) == name
    ]
    if len(matching) > 1:
        raise InputError(f"{name!r} may be {listed(map(str, matching))}; give the path of the one you mean.")
    if not matching:
        names = {called(path, tasks_dir) for path in paths}
        known = sorted(names | {declared[path] or called(path, tasks_dir) for path in paths})
        hint = did_you_mean(name, known, cutoff=0.5)
        raise InputError(
            f"there is no task {shown(name)} in {tasks_dir}{hint}. The tasks are: {', '.join(known)}."
        )
    return matching[0]


def declared_text(path: Path, key: str) -> str | None:
    """What a task file says of itself at a top key; None where it cannot say, which loading it will explain."""
    try:
        value = load_yaml(path).values.get(key)
    except InputError:
        return None
    return value if isinstance(value, str) else None
