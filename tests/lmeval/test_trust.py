"""No file that a task leads to runs code unless the user says so: not by a tag, a path, a link or a folder's name.

Each hostile file comes with code that leaves a mark on disk. The names are tried with and without the flag, so that a
file which could do nothing anyway proves nothing.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.errors import InputError
from harness.lmeval import library
from harness.lmeval.load import open_tasks
from harness.spec.task import load_task
from tests.lmeval.worlds import rows, write_data, write_jsonl, write_task

EVIL = """\
from pathlib import Path
Path({mark!r}).touch()
def f(*args, **options):
    Path({mark!r}).touch()
    return args[0] if args else []
"""
TASK = """\
task: rooms
dataset_path: json
dataset_kwargs: {{data_files: {{test: {test}}}}}
test_split: test
doc_to_text: "{{{{question}}}}"
doc_to_target: "{{{{answer}}}}"
"""


@dataclass(frozen=True)
class World:
    folder: Path

    @property
    def mark(self) -> Path:
        return self.folder / "RAN"

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("@HERE@", str(self.folder)), encoding="utf-8")
        return path

    def evil(self, name: str = "evil.py") -> Path:
        return self.write(name, EVIL.format(mark=str(self.mark)))

    def task(self, more: str = "", name: str = "rooms.yaml") -> Path:
        test = write_data(self.folder)["test"]
        return self.write(name, TASK.format(test=test) + more)

    def try_to_open(self, named: str = "rooms.yaml", *, allow_code: bool = False) -> str:
        """The sentence of the refusal, or nothing where the task was opened."""
        task = load_task(write_task(self.folder, named))
        try:
            open_tasks([task], allow_code=allow_code)
        except InputError as error:
            return str(error)
        return ""


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.chdir(tmp_path)
    made = World(tmp_path)
    made.evil()
    return made


TAGS = {
    "a function": "process_docs: !function evil.f\n",
    "a key": "metadata:\n  ? !function evil.f\n  : 1\n",
    "a key inside a list": "metadata: {list: [{? !function evil.f : 1}]}\n",
    "a key of a filter": "filter_list:\n  - name: x\n    filter: [{function: x, ? !function evil.f : 1}]\n",
    "an anchor": "metadata: {keep: &it !function evil.f}\nprocess_docs: *it\n",
    "a merge": "metadata: {keep: &it {process_docs: !function evil.f}}\n<<: *it\n",
    "a merge of several": "metadata: [&a {repeats: 1}, &b {process_results: !function evil.f}]\n<<: [*a, *b]\n",
    "the second of two": "process_docs: null\nprocess_docs: !function evil.f\n",
    "a metric": "metric_list:\n  - {metric: !function evil.f, aggregation: mean, higher_is_better: true}\n",
    "an aggregation": "metric_list:\n  - {metric: exact_match, aggregation: !function evil.f}\n",
    "an option of a metric": "metric_list:\n  - {metric: exact_match, aggregation: mean, o: !function evil.f}\n",
    "a filter": "filter_list:\n  - name: x\n    filter: [{function: !function evil.f}]\n",
    "what a filter calls": "filter_list:\n  - name: x\n    filter: [{function: custom, filter_fn: !function evil.f}]\n",
    "examples": "fewshot_config: {samples: !function evil.f}\n",
    "a sampler": "fewshot_config: {sampler: !function evil.f}\n",
    "data": "custom_dataset: !function evil.f\n",
    "a class": "class: !function evil.f\n",
    "an option of the data": "dataset_name: !function evil.f\n",
    "a name that imports": "process_docs: !function os.getcwd\n",
    "a name of lm-eval's": "custom_dataset: !function lm_eval.tasks._yaml_loader._import_fun_from_str\n"
    "dataset_kwargs: {path_str: @HERE@/evil.f}\n",
    "a name in a folder above": "process_docs: !function ...evil.f\n",
}  # fmt: skip
REFUSED_ANYWAY = {
    "a metric by its path": ("metric_list: [{metric: @HERE@/evil.py}]\n", "which lm-eval does not know"),
    "a metric of a hub": ("metric_list:\n  - {metric: evil, hf_evaluate: true}\n", "of a hub"),
    "an aggregation by its path": (
        "metric_list:\n  - {metric: exact_match, aggregation: @HERE@/evil.py}\n",
        "which lm-eval does not know",
    ),
    "a tag of Python's": ("metadata: !!python/object/apply:os.system ['touch @HERE@/RAN']\n", "a constructor"),
    "a name of Python's": ("metadata: !!python/name:evil.f x\n", "could not determine a constructor"),
    "a tag of nobody's": ("metadata: !import evil\n", "could not determine a constructor"),
    "data that are a script": ("dataset_path: @HERE@/evil.py\n", "runs code when it is read"),
    "data that unpickle": ("dataset_path: pandas\n", "runs code when it is read"),
    "code of a data set": ("dataset_kwargs: {trust_remote_code: true}\n", "asks to run code"),
    "data written elsewhere": (
        "dataset_kwargs: {cache_dir: @HERE@/x, data_files: {test: @HERE@/data/test.jsonl}}\n",
        "is not taken here",
    ),
    "what the model writes": ("unsafe_code: true\n", "is run as a program"),
    "a prompt of another file": ("use_prompt: '@HERE@/prompts.yaml:x'\n", "of another file or package"),
    "a filter by its path": ("filter_list:\n  - {name: x, filter: [{function: evil.f}]}\n", "no filter of lm-eval's"),
    "a tag on a mapping": ("process_docs: !function {a: b}\n", "expected a scalar node"),
}  # fmt: skip


@pytest.mark.parametrize("name", TAGS)
def test_code_that_a_file_names_anywhere_waits_for_the_flag(world: World, name: str) -> None:
    world.task(TAGS[name])
    assert "add --allow-task-code" in world.try_to_open()
    assert not world.mark.exists()


@pytest.mark.parametrize("name", REFUSED_ANYWAY)
def test_what_runs_code_without_naming_it_is_refused(world: World, name: str) -> None:
    text, said = REFUSED_ANYWAY[name]
    world.task(text)
    assert said in world.try_to_open()
    assert not world.mark.exists()


def test_the_mark_shows_code_that_runs(world: World) -> None:
    world.task(TAGS["a function"])
    world.try_to_open(allow_code=True)
    assert world.mark.exists()


GROUPS = {
    "a function laid over a member": "group: all\ntask:\n  - {task: rooms, process_docs: !function evil.f}\n",
    "a metric laid over a member": "group: all\ntask: [{task: rooms, metric_list: [{metric: @HERE@/evil.py}]}]\n",
    "a function laid over all members": "group: all\nprocess_docs: !function evil.f\ntask: [rooms]\n",
    "a metric laid over all members": "group: all\nmetric_list: [{metric: @HERE@/evil.py}]\ntask: [rooms]\n",
    "a function in a group within": "group: all\ntask: [{group: in, process_docs: !function evil.f, task: [rooms]}]\n",
    "an aggregate": "group: all\ntask: [rooms]\naggregate_metric_list: [{metric: x, aggregation: !function evil.f}]\n",
    "a task written out": "group: all\ntask:\n  - {task: new, dataset_path: @HERE@/evil.py}\n",
    "a class written out": "group: all\ntask:\n  - {task: new, class: !function evil.f}\n",
    "what the model writes": "group: all\ntask: [{task: rooms, unsafe_code: true}]\n",
}  # fmt: skip


@pytest.mark.parametrize("name", GROUPS)
def test_what_a_group_lays_over_its_members_is_looked_at(world: World, name: str) -> None:
    world.task()
    world.write("all.yaml", GROUPS[name])
    assert world.try_to_open("all.yaml")
    assert not world.mark.exists()


def test_an_include_is_looked_for_beside_the_target_of_a_link(world: World) -> None:
    """Beside the link lies a harmless file of the same name."""
    world.task("include: base.yaml\n", "real/rooms.yaml")
    world.write("real/base.yaml", "process_docs: !function evil.f\n")
    world.evil("real/evil.py")
    world.write("base.yaml", "repeats: 1\n")
    (world.folder / "rooms.yaml").symlink_to("real/rooms.yaml")
    assert f"{world.folder}/real/base.yaml:1:15: process_docs: is code (evil.f)" in world.try_to_open()
    assert not world.mark.exists()


def test_a_chain_of_includes_is_followed_to_its_end(world: World) -> None:
    for n in range(5):
        world.write(f"{n}.yaml", f"include: [{n + 1}.yaml]\n")
    world.write("5.yaml", "metadata: {deep: [{er: !function evil.f}]}\n")
    world.task("include: 0.yaml\n")
    assert "5.yaml:1:24: metadata.deep[0].er: is code" in world.try_to_open()


def test_a_file_that_changes_after_it_was_read_changes_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = world.task()
    from harness.lmeval import load

    def swapped(*args: object) -> object:
        world.task(TAGS["a function"])
        world.write("base.yaml", TAGS["a function"])
        return load_data(*args)  # type: ignore[arg-type]

    load_data = load.load_data
    monkeypatch.setattr(load, "load_data", swapped)
    assert world.try_to_open() == ""
    assert "evil" in path.read_text(encoding="utf-8")
    assert not world.mark.exists()


def built_in(name: str) -> Path:
    return library.built_in_folder() / name


def test_code_that_lm_eval_brings_needs_no_flag_also_over_data_of_ones_own(world: World) -> None:
    """A built-in task over rows in the shape of its data set; its own `process_docs` makes questions of them."""
    row = {
        "ind": 1,
        "activity_label": "Sawing",
        "ctx_a": "A man has a saw.",
        "ctx_b": "he",
        "ctx": "A man has a saw. he",
        "endings": ["saws wood.", "eats it.", "flies off.", "sleeps."],
        "label": "0",
    }
    data = write_jsonl(world.folder / "rows.jsonl", [row, {**row, "ind": 2}])
    world.write(
        "rooms.yaml",
        f"include: {built_in('hellaswag/hellaswag.yaml')}\ntask: mine\ndataset_path: json\ntraining_split: null\n"
        f"dataset_kwargs: {{data_files: {{validation: {data}}}}}\n",
    )
    (task,) = open_tasks([load_task(write_task(world.folder))], allow_code=False)
    assert task.test[0].question == "Sawing: A man has a saw. He"
    assert task.test[0].answers == ("saws wood.",)


@pytest.mark.parametrize(
    "name", ["ruler/niah_single_1.yaml", "humaneval/humaneval.yaml", "cruxeval/cruxeval_input.yaml"]
)
def test_code_of_lm_evals_that_runs_other_code_waits_for_the_flag(world: World, name: str) -> None:
    """Such as a tokenizer's own code, whose folder a task file may name."""
    world.write("rooms.yaml", f"include: {built_in(name)}\ntask: mine\nunsafe_code: false\n")
    assert "which itself runs other code" in world.try_to_open()


def test_a_file_outside_that_names_code_of_lm_evals_is_not_lm_evals(world: World) -> None:
    shutil.copytree(built_in("hellaswag"), world.folder / "lm_eval" / "tasks" / "hellaswag")
    assert "is code (utils.process_docs)." in world.try_to_open("lm_eval/tasks/hellaswag/hellaswag.yaml")


def test_a_module_that_lies_where_python_looks_first_is_not_lm_evals(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of lm-eval's that names a module which is not beside it: Python may find another in this folder."""
    home = world.folder / "installed" / "tasks"
    monkeypatch.setattr("harness.lmeval.trust.built_in_folder", lambda: home)
    monkeypatch.syspath_prepend(str(world.folder))
    world.task("process_docs: !function evil.f\n", "installed/tasks/a/rooms.yaml")
    assert "is code (evil.f)" in world.try_to_open("installed/tasks/a/rooms.yaml")
    assert not world.mark.exists()


def test_rows_are_data(world: World) -> None:
    """Texts of the data that look like templates or Python are what the model reads."""
    write_jsonl(
        world.folder / "data" / "test.jsonl", [{**rows(1)[0], "question": "{{ 7 * 7 }} __import__('os')"}]
    )
    world.write("rooms.yaml", TASK.format(test=world.folder / "data" / "test.jsonl"))
    (task,) = open_tasks([load_task(write_task(world.folder))], allow_code=False)
    assert task.test[0].question == "{{ 7 * 7 }} __import__('os')"
