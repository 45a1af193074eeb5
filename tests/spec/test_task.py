"""A task as a whole: everything checked before a model loads, found by name, fast and without torch."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from harness.errors import InputError, InputErrors, shown
from harness.spec.task import find_tasks, load_task, load_tasks
from tests.snapshots import Snapshots

YAML = """\
name: {name}
probes: knowledge
questions:
  test: q/test.jsonl
  train: q/train.jsonl
prompt:
  system: Answer with a short phrase.
answer:
  type: text
  max_tokens: 8
metrics: [contains]
"""


def rows(path: Path, *questions: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in questions), encoding="utf-8")


def make(folder: Path, stem: str = "t", *, name: str | None = None, more: str = "") -> Path:
    """A task of two questions in `folder`."""
    rows(folder / "q/test.jsonl", {"id": "a", "question": "Who?", "answers": ["Ann"], "gold_docs": ["staff"]})
    rows(folder / "q/train.jsonl", {"id": "b", "question": "Where?", "answers": ["here"]})
    path = folder / f"{stem}.yaml"
    path.write_text(YAML.format(name=name or stem) + more, encoding="utf-8")
    return path


def refused(path: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        load_task(path)
    return str(caught.value).replace(f"{path.parent}/", "").splitlines()


def test_a_task_carries_its_questions_hashes_and_places(tmp_path: Path) -> None:
    path = make(tmp_path)
    task = load_task(path)
    assert task.name == "t"
    assert [question.id for question in task.test + task.train + task.dev] == ["a", "b"]
    assert set(task.files) == {"spec", "test", "train"}
    assert task.lines == {"a": f"{tmp_path}/q/test.jsonl:1", "b": f"{tmp_path}/q/train.jsonl:1"}
    assert task.corpus is None


def test_mistakes_of_all_files_come_at_once(tmp_path: Path) -> None:
    path = make(tmp_path, more="corpus: docs\nmetrcs: [f1]\n")
    path.write_text(path.read_text().replace("max_tokens: 8", "max_tokens: none"))
    rows(tmp_path / "q/test.jsonl", {"id": "a", "question": "Who?", "answers": []})
    rows(tmp_path / "q/train.jsonl", {"id": "a", "question": "Where?", "answers": ["x"]}, {"id": "c"})
    assert [line.split(" is ")[0].split(": must")[0] for line in refused(path)] == [
        "t.yaml:10:15: answer.max_tokens",
        "t.yaml:12:9: corpus: there",
        "t.yaml:13:1: metrcs:",
        "q/test.jsonl:1: 'answers'",
        "q/train.jsonl:2: 'question'",
        "q/train.jsonl:2: 'answers'",
        "q/train.jsonl:1: the id 'a'",
    ]


def test_questions_are_checked_against_the_answer_even_where_the_rest_is_wrong(tmp_path: Path) -> None:
    path = make(tmp_path, name="not a name")
    path.write_text(path.read_text().replace("type: text", "type: label\n  labels: [Ann, Bob]"))
    assert [line.split(":")[0] for line in refused(path)] == ["t.yaml", "t.yaml", "q/train.jsonl"]


TO_NOTHING = [
    ("q/test.jsonl", "q/tset.jsonl"),
    ("q/train.jsonl", "q/../q/test.jsonl"),
    ("q/train.jsonl", "q"),
    ("q/train.jsonl", '"a\\0b"'),
    ("q/train.jsonl", "x" * 300),
    ("name: t", "name: t\ncorpus: nix/*.md"),
    ("name: t", "name: t\ncorpus: nix"),
]


def test_a_path_to_nothing_is_refused_where_it_stands(tmp_path: Path, snapshots: Snapshots) -> None:
    lines = []
    for old, new in TO_NOTHING:
        path = make(tmp_path)
        path.write_text(path.read_text().replace(old, new))
        (sentence,) = refused(path)
        lines.append(f"{shown(new)}\n    {sentence}\n".replace("\0", "\\0"))
    snapshots.check("spec/paths.txt", "".join(lines))


def test_an_unanswerable_training_question_needs_a_refusal_to_train_on(tmp_path: Path) -> None:
    path = make(tmp_path)
    rows(tmp_path / "q/train.jsonl", {"id": "b", "question": "When?", "answers": [], "answerable": False})
    assert "needs answer.refusal" in refused(path)[0]
    path.write_text(path.read_text().replace("metrics", "  refusal: no idea\nmetrics"))
    assert load_task(path).train[0].answerable is False


@pytest.mark.parametrize(
    ("written", "kept"), [("docs", "docs"), ("docs/*.md", "docs/*.md"), ("./docs/a.md", "docs/a.md")]
)
def test_a_corpus_is_found_from_the_task_file_and_made_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, kept: str
) -> None:
    make(tmp_path, more=f"corpus: {written}\n")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/a.md").write_text("text", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert load_task(Path("t.yaml")).corpus == str(tmp_path / kept)


def test_a_folder_with_brackets_in_its_name_does_not_disturb_a_glob(tmp_path: Path) -> None:
    folder = tmp_path / "tasks [old]"
    path = make(folder, more='corpus: "*.md"\n')
    (folder / "a.md").write_text("text", encoding="utf-8")
    assert load_task(path).corpus is not None


def test_the_fingerprint_follows_the_content_and_not_the_place(tmp_path: Path) -> None:
    first = load_task(make(tmp_path / "one"))
    moved = make(tmp_path / "two", more="description: the same task\n")
    assert load_task(moved).fingerprint == first.fingerprint
    assert load_task(make(tmp_path / "two", more="examples: {k: 2}\n")).fingerprint != first.fingerprint
    other = make(tmp_path / "two")
    rows(tmp_path / "two/q/test.jsonl", {"id": "a", "question": "Who is it?", "answers": ["Ann"]})
    assert load_task(other).fingerprint != first.fingerprint


def test_gold_documents_of_a_task_without_documents_are_remarked(tmp_path: Path) -> None:
    (remark,) = load_task(make(tmp_path)).remarks
    assert "q/test.jsonl:1: names gold documents, and the task file names no `corpus`" in remark


def test_no_names_mean_every_task_file_in_order(tmp_path: Path) -> None:
    for stem in ("b", "a"):
        make(tmp_path, stem)
    (tmp_path / "c.yml").write_text(YAML.format(name="c"), encoding="utf-8")
    (tmp_path / "task.schema.json").write_text("{}", encoding="utf-8")
    assert [path.name for path in find_tasks([], tmp_path)] == ["a.yaml", "b.yaml", "c.yml"]
    assert [task.name for task in load_tasks([], tmp_path)] == ["a", "b", "c"]


def test_a_name_is_the_name_in_the_file_or_the_file_name_or_a_path(tmp_path: Path) -> None:
    first, second = make(tmp_path, "x", name="handbook"), make(tmp_path, "y", name="x")
    (tmp_path / "broken.yaml").write_text("name: [", encoding="utf-8")
    assert find_tasks(["handbook"], tmp_path) == [first]
    assert find_tasks(["y"], tmp_path) == [second]
    assert find_tasks(["x"], tmp_path) == [second]  # what a task calls itself goes before its file's name
    thrice = find_tasks([str(first), "handbook", "y"], tmp_path / "q" / "..")
    assert [path.resolve() for path in thrice] == [first, second]  # one file under two paths is one task
    assert find_tasks(["broken"], tmp_path) == [tmp_path / "broken.yaml"]


def test_a_folder_with_a_task_file_is_a_task(tmp_path: Path) -> None:
    make(tmp_path, "x", name="handbook")
    (tmp_path / "faq").mkdir()
    (tmp_path / "faq/task.yaml").write_text(YAML.format(name="q"), encoding="utf-8")
    (tmp_path / "empty").mkdir()
    assert find_tasks([], tmp_path) == [tmp_path / "x.yaml", tmp_path / "faq/task.yaml"]
    for name in ("q", "faq", str(tmp_path / "faq"), str(tmp_path / "faq/task.yaml")):
        assert find_tasks([name], tmp_path) == [tmp_path / "faq/task.yaml"]
    with pytest.raises(InputError, match=r"empty: this folder has no task\.yaml, so it is no task"):
        find_tasks([str(tmp_path / "empty")], tmp_path)


def test_unknown_names_are_refused_with_the_nearest(tmp_path: Path) -> None:
    make(tmp_path, "x", name="handbook")
    with pytest.raises(InputErrors) as caught:
        find_tasks(["handbok", "zzz", "no/such.yaml", "x"], tmp_path)
    said = [str(error).replace(str(tmp_path), "TASKS") for error in caught.value.errors]
    assert said == [
        "there is no task 'handbok' in TASKS (did you mean 'handbook'?). The tasks are: handbook, x.",
        "there is no task 'zzz' in TASKS. The tasks are: handbook, x.",
        "there is no task file 'no/such.yaml'.",
    ]


def test_a_name_that_two_files_claim_must_be_given_as_a_path(tmp_path: Path) -> None:
    make(tmp_path, "x", name="same")
    make(tmp_path, "y", name="same")
    with pytest.raises(InputError, match="give the path of the one you mean"):
        find_tasks(["same"], tmp_path)
    with pytest.raises(InputErrors, match=r"y\.yaml: the name 'same' is taken already, by .*x\.yaml"):
        load_tasks([], tmp_path)


def test_a_folder_without_tasks_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no task file .* `tasks new`"):
        load_tasks([], tmp_path)
    with pytest.raises(InputError, match=r"there is no folder .* `tasks new`"):
        load_tasks([], tmp_path / "tasks")
    with pytest.raises(InputError, match="there is no folder"):
        find_tasks(["x"], tmp_path / "tasks")


def test_the_mistakes_of_several_tasks_come_together(tmp_path: Path) -> None:
    make(tmp_path, "a", more="x1: 1\n")
    make(tmp_path, "b", more="x2: 1\n")
    make(tmp_path, "c")
    (tmp_path / "d.yaml").write_text("", encoding="utf-8")
    with pytest.raises(InputErrors) as caught:
        load_tasks([], tmp_path)
    assert [Path(str(error).split(":")[0]).name for error in caught.value.errors] == [
        "a.yaml",
        "b.yaml",
        "d.yaml",
    ]


def test_a_thousand_questions_take_well_under_a_second(tmp_path: Path) -> None:
    path = make(tmp_path)
    many = [
        {"id": f"q{n}", "question": f"What is {n}?", "answers": [str(n)], "split": "x"} for n in range(1000)
    ]
    rows(tmp_path / "q/test.jsonl", *many)
    start = time.process_time()
    assert len(load_task(path).test) == 1000
    assert time.process_time() - start < 0.5


def test_checking_a_task_imports_nothing_heavy() -> None:
    heavy = ["torch", "transformers", "pandas", "scipy", "numpy", "faiss", "sentence_transformers"]
    code = (
        f"import harness.spec.task, harness.spec.schema, sys; print([m for m in {heavy} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_tasks_that_ship_are_in_order() -> None:
    folder = Path(__file__).parents[2] / "tasks"
    tasks = {task.name: task for task in load_tasks([], folder)}
    assert {"knowledge", "behaviour", "general"} <= set(tasks)


def test_a_task_file_of_lm_evals_is_one_mistake_and_not_one_a_key(tmp_path: Path) -> None:
    path = tmp_path / "rooms.yaml"
    path.write_text("task: rooms\ndataset_path: json\noutput_type: generate_until\n", encoding="utf-8")
    with pytest.raises(
        InputError, match=r"^\S+rooms.yaml: this is a task file of lm-eval's own\. Put it into a"
    ):
        load_task(path)
