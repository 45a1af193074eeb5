"""Files are put together as lm-eval puts them together: its own loader and its own TaskManager are the other source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.errors import InputError
from harness.lmeval import library
from harness.lmeval.configs import TaskFiles
from harness.lmeval.load import Wanted, open_tasks
from harness.lmeval.reader import Code
from harness.lmeval.taskfiles import locate
from harness.records import Question
from harness.run.plan import sample
from harness.spec.lmevalspec import LmEvalSpec
from harness.spec.task import load_task
from harness.spec.yamlfile import load_yaml
from tests.lmeval.worlds import config, rows, write_config, write_data, write_jsonl, write_task


def as_theirs(value: Any) -> Any:
    """Our values as lm-eval's loader gives them where it imports nothing: functions as their paths."""
    if isinstance(value, Code):
        return str(value.file.parent / value.name)
    if isinstance(value, dict):
        return {as_theirs(key): as_theirs(part) for key, part in value.items()}
    return [as_theirs(part) for part in value] if isinstance(value, list) else value


def theirs(path: Path) -> Any:
    library.import_lm_eval()
    from lm_eval.tasks._yaml_loader import load_yaml as load

    return load(path, resolve_func=False)


TRICKY = """\
task: twice
task: rooms
doc_to_choice: [no, yes, "no", on, 1e-4, 0o17, 017, 1:30, ~]
metadata: {version: 1.0, 1: one, date: 2024-02-03}
base: &base {until: ["."], max_gen_toks: 4}
generation_kwargs:
  <<: *base
  max_gen_toks: 8
process_docs: !function utils.clean
description: >
  Two lines
  in one.
include: [a.yaml, b.yaml]
"""


def test_a_file_reads_as_lm_eval_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "rooms.yaml"
    path.write_text(TRICKY, encoding="utf-8")
    (tmp_path / "a.yaml").write_text("task: a\nrepeats: 2\ntask_list: [x]\n", encoding="utf-8")
    (tmp_path / "b.yaml").write_text("repeats: 3\ngen_prefix: b\ninclude: c.yaml\n", encoding="utf-8")
    (tmp_path / "c.yaml").write_text("num_fewshot: 1\nrepeats: 4\n", encoding="utf-8")
    values = as_theirs(TaskFiles().config(path).values)
    assert values == theirs(path)
    assert (values["task"], values["repeats"], values["doc_to_choice"][:2]) == ("rooms", 3, [False, True])


@pytest.mark.parametrize(
    "folder", ["arc", "bbh", "glue", "gsm8k", "hellaswag", "leaderboard", "mmlu", "squadv2"]
)
def test_the_files_that_lm_eval_brings_read_as_it_reads_them(folder: str) -> None:
    files = TaskFiles()
    paths = sorted((library.built_in_folder() / folder).glob("**/*.yaml"))
    assert paths
    for path in paths:
        assert as_theirs(files.config(path).values) == theirs(path), path


def group(tmp_path: Path, data: dict[str, str]) -> Path:
    """Members by name, with keys and data laid over them, a tag, groups by name and written out, tasks written out."""
    other = str(write_jsonl(tmp_path / "data" / "other.jsonl", rows(3, offset=90)))
    write_config(tmp_path / "one.yaml", config(data, "one"))
    write_config(tmp_path / "two.yaml", config(data, "two", tag="few"))
    write_config(tmp_path / "three.yaml", config(data, "three", tag=["few", "many"]))
    write_config(tmp_path / "inner.yaml", {"group": "inner", "task": ["one"], "gen_prefix": "from inner"})
    new = {key: value for key, value in config(data, "new").items() if key != "description"}
    members = [
        {
            "task": "one",
            "task_alias": "first",
            "dataset_kwargs": {"data_files": {"test": other}},
            "training_split": None,
        },
        "few",
        {"group": "within", "task": ["two"], "target_delimiter": ""},
        {"group": "inner", "repeats": 2},
        new,
    ]
    return write_config(
        tmp_path / "all.yaml",
        {"group": "all", "task": members, "description": "From all. ", "metadata": {"version": 2}},
    )


def test_a_group_is_put_together_as_lm_eval_does(tmp_path: Path) -> None:
    """Here the last of two tasks of one name counts, in lm-eval too."""
    path = group(tmp_path, write_data(tmp_path))
    task = write_task(tmp_path, "all.yaml")
    spec = load_task(task).spec
    assert isinstance(spec, LmEvalSpec)
    located = locate(spec, load_yaml(task))
    lm_eval = library.import_lm_eval()
    with library.offline():
        manager = lm_eval.tasks.TaskManager(include_path=str(path.parent), include_defaults=False)
        loaded = manager.load("all")
    assert [leaf.name for leaf in located.leaves] == list(loaded["tasks"])
    assert {found.name for found in located.groups} == set(loaded["groups"])
    for leaf in located.leaves:
        their_config = loaded["tasks"][leaf.name].config
        for key, value in leaf.config.values.items():
            if key != "metadata":
                assert as_theirs(value) == getattr(their_config, key), (leaf.name, key)


def test_every_member_of_a_group_has_its_own_data(tmp_path: Path) -> None:
    other = str(write_jsonl(tmp_path / "data" / "other.jsonl", rows(3, offset=90)))
    own = {"dataset_kwargs": {"data_files": {"test": other}}, "training_split": None}
    write_config(tmp_path / "one.yaml", {**config({"test": "absent.jsonl"}, "one")})
    written_out = {**config({"test": other}, "new", training_split=None)}
    del written_out["training_split"]
    write_config(tmp_path / "all.yaml", {"group": "all", "task": [{"task": "one", **own}, written_out]})
    found = open_tasks([load_task(write_task(tmp_path, "all.yaml"))], allow_code=False)
    assert [(task.name, len(task.test)) for task in found] == [("rooms.one", 3), ("rooms.all-new", 3)]


def test_only_what_is_asked_becomes_a_question(tmp_path: Path) -> None:
    """A run that trains nothing asks the sample that the plan would take, and fingerprints the whole all the same."""
    write_config(tmp_path / "rooms.yaml", config(write_data(tmp_path, test=30)))
    task = load_task(write_task(tmp_path))
    (whole,) = open_tasks([task], allow_code=False)
    (part,) = open_tasks([task], allow_code=False, wanted=Wanted(5, 3, training=False))
    expected: tuple[Question, ...] = sample(whole.test, 5, 3)
    assert part.test == expected
    assert part.train == ()
    assert part.fingerprint == whole.fingerprint
    (trained,) = open_tasks([task], allow_code=False, wanted=Wanted(5, 3, training=True))
    assert (trained.test, trained.train) == (whole.test, whole.train)


def test_no_index_is_read_for_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "built_in", lambda: pytest.fail("read"))
    write_config(tmp_path / "rooms.yaml", config(write_data(tmp_path)))
    assert open_tasks([load_task(write_task(tmp_path))], allow_code=False)


def test_a_built_in_task_of_two_kinds_of_requests_is_refused_before_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """squadv2 asks for a reply and for a log-likelihood of each document. Its data set lies here, in its shape."""
    monkeypatch.chdir(tmp_path)
    row = {"id": "1", "title": "Saws", "context": "The saw is red.", "question": "Which colour?",
           "answers": {"text": ["red"], "answer_start": [11]}}  # fmt: skip
    for split in ("train", "validation"):
        write_jsonl(tmp_path / "lighteval" / "squad_v2" / f"{split}.jsonl", [row])
    path = next((library.built_in_folder() / "squadv2").glob("*.yaml"))
    monkeypatch.setattr(library, "built_in", lambda: {"squadv2": [f"squadv2/{path.name}"]})
    task = load_task(write_task(tmp_path, "squadv2"))
    with pytest.raises(InputError, match="requests of the kinds generate_until, loglikelihood"):
        open_tasks([task], allow_code=True)


BOMBS = {
    "aliases": "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40)),
    "merges": "a0: &a0 {k: v}\n"
    + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 40)),
    "itself": "metadata: &a [*a]\n",
    "nesting": "metadata: " + "[" * 900 + "]" * 900 + "\n",
    "filters": "filter_list: [" + "{name: x, filter: [{function: take_first}]}, " * 5000 + "]\n",
    "sixties": f"metadata: {'1:' * 400_000}1\n",
    "repeats": "repeats: 1000000000\n",
    "a pattern": "filter_list: [{name: x, filter: [{function: regex, regex_pattern: '(a+)+$'}]}]\n",
    "length": "metadata: '" + "x" * 1_000_001 + "'\n",
}


@pytest.mark.parametrize("name", BOMBS)
def test_what_grows_without_end_is_refused(tmp_path: Path, name: str) -> None:
    path = write_config(tmp_path / "rooms.yaml", {})
    text = "\n".join(f"{key}: {value!r}" for key, value in config(write_data(tmp_path)).items())
    path.write_text(f"{text}\n{BOMBS[name]}", encoding="utf-8")
    with pytest.raises(InputError):
        open_tasks([load_task(write_task(tmp_path))], allow_code=False)


def test_groups_that_double_are_given_up(tmp_path: Path) -> None:
    for place in range(30):
        write_config(tmp_path / f"{place}.yaml", {"group": f"g{place}", "task": [f"g{place + 1}"] * 2})
    write_config(tmp_path / "30.yaml", {"group": "g30", "task": []})
    with pytest.raises(InputError, match="more than 20,000 members"):
        open_tasks([load_task(write_task(tmp_path, "0.yaml"))], allow_code=False)


def test_a_group_in_itself_is_named(tmp_path: Path) -> None:
    write_config(tmp_path / "a.yaml", {"group": "a", "task": ["b"]})
    write_config(tmp_path / "b.yaml", {"group": "b", "task": ["a"]})
    with pytest.raises(InputError, match="is 'a', which contains itself"):
        open_tasks([load_task(write_task(tmp_path, "a.yaml"))], allow_code=False)
