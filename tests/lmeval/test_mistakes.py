"""What an author gets wrong about an lm-eval task shows before any model loads, with file and line, all at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.errors import InputError
from harness.lmeval import library
from harness.lmeval.load import open_tasks
from harness.spec.task import Task, load_task
from tests.lmeval.worlds import CHOICE, config, rows, write_config, write_data, write_jsonl, write_task
from tests.snapshots import Snapshots


def opened(
    folder: Path, *, more: str = "", allow_code: bool = False, corpus: bool = False, **says: Any
) -> list[Task]:
    write_config(folder / "rooms.yaml", config(write_data(folder), **says))
    task = write_task(folder, more=more, corpus=corpus)
    return open_tasks([load_task(task)], allow_code=allow_code)


def refused(folder: Path, **says: Any) -> str:
    with pytest.raises(InputError) as caught:
        opened(folder, **says)
    return str(caught.value)


def sentence(folder: Path, **says: Any) -> str:
    """The one mistake, without the folders that differ from machine to machine."""
    (line,) = refused(folder, **says).splitlines()
    return line.replace(f"{folder}/", "").replace(str(Path.cwd()), "HERE")


def yaml(folder: Path, text: str) -> Path:
    path = folder / "rooms.yaml"
    path.write_text(text, encoding="utf-8")
    return path


BODY = """\
dataset_path: json
dataset_kwargs: {data_files: {test: TEST}}
test_split: test
doc_to_text: "{{question}}"
doc_to_target: "{{answer}}"
"""


def body(folder: Path) -> str:
    return BODY.replace("TEST", write_data(folder)["test"])


def test_several_mistakes_of_a_task_file_show_at_once_each_with_its_line(
    tmp_path: Path, snapshots: Snapshots
) -> None:
    path = yaml(
        tmp_path,
        "task: rooms\n"
        + body(tmp_path)
        + "output_typ: generate_until\n"
        + "metric_list:\n  - metric: exact_matsh\n"
        + "filter_list:\n  - name: strict\n    filter:\n      - function: regexp\n"
        + "generation_kwargs: {do_sample: true, temperature: 0.7}\n",
    )
    with pytest.raises(InputError) as caught:
        open_tasks([load_task(write_task(tmp_path))], allow_code=False)
    snapshots.check("lmeval/several.txt", str(caught.value).replace(f"{path.parent}/", "") + "\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("task: [a\n", "broken YAML"),
        ("dataset_path: json\n", "task: is missing: lm-eval leaves out a file without one and says nothing."),
        ("- task\n", "must be a mapping"),
        ("include: absent.yaml\ntask: rooms\n", "absent.yaml."),
        ("include: rooms.yaml\ntask: rooms\n", "includes itself"),
    ],
)
def test_a_file_that_lm_eval_would_leave_out_without_a_word_is_named(
    tmp_path: Path, text: str, said: str
) -> None:
    path = yaml(tmp_path, text)
    with pytest.raises(InputError) as caught:
        open_tasks([load_task(write_task(tmp_path))], allow_code=False)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


def test_code_runs_only_where_it_is_allowed_and_the_message_says_why(tmp_path: Path) -> None:
    (tmp_path / "utils.py").write_text(
        "from pathlib import Path\nPath(__file__).with_name('ran').touch()\n"
        "def text(doc):\n    return 'Q: ' + doc['question']\n",
        encoding="utf-8",
    )
    yaml(tmp_path, "task: rooms\n" + body(tmp_path).replace('"{{question}}"', "!function utils.text"))
    task = load_task(write_task(tmp_path))
    with pytest.raises(
        InputError, match=r"rooms.yaml:5:14: doc_to_text: is code \(utils.text\).*--allow-task-code"
    ):
        open_tasks([task], allow_code=False)
    assert not (tmp_path / "ran").exists()
    (found,) = open_tasks([task], allow_code=True)
    assert found.test[0].question == "Q: In which room is the drill number 0?"


def test_code_in_a_group_within_a_group_is_refused_too(tmp_path: Path) -> None:
    (tmp_path / "utils.py").write_text(
        "from pathlib import Path\nPath(__file__).with_name('ran').touch()\ndef text(doc):\n    return 'Q'\n",
        encoding="utf-8",
    )
    write_config(tmp_path / "one.yaml", config(write_data(tmp_path), "one"))
    (tmp_path / "inner.yaml").write_text(
        "group: inner\ntask: [{task: one, doc_to_text: !function utils.text}]\n", encoding="utf-8"
    )
    write_config(tmp_path / "outer.yaml", {"group": "outer", "task": ["inner"]})
    with pytest.raises(InputError, match=r"inner.yaml:2:\d+: .*doc_to_text: is code \(utils.text\)"):
        open_tasks([load_task(write_task(tmp_path, "outer.yaml"))], allow_code=False)
    assert not (tmp_path / "ran").exists()


def test_a_template_reaches_no_python_code(tmp_path: Path) -> None:
    """lm-eval renders templates without a sandbox, where this one would list every class there is."""
    said = refused(tmp_path, doc_to_text="{{ ''.__class__.__mro__[1].__subclasses__() }}")
    assert "lm-eval cannot open it (SecurityError" in said


def test_a_name_that_lm_eval_does_not_know_comes_with_the_nearest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "built_in", lambda: {"arc_easy": ["arc"], "hellaswag": ["hellaswag"]})
    with pytest.raises(
        InputError, match=r"ours.yaml:3:10: lm_eval: is 'hela_swag'.*the nearest are hellaswag"
    ):
        open_tasks([load_task(write_task(tmp_path, "hela_swag"))], allow_code=False)


def test_data_on_a_hub_are_named_with_the_way_to_fetch_them(tmp_path: Path) -> None:
    said = refused(tmp_path, dataset_path="allenai/ai2_arc", dataset_name="ARC-Easy", dataset_kwargs=None)
    assert (
        "dataset_path: its data are the data set 'allenai/ai2_arc' (ARC-Easy) of the Hugging Face hub" in said
    )
    assert 'datasets.load_dataset("allenai/ai2_arc", "ARC-Easy")' in said
    assert said.count("\n") == 0


def test_a_built_in_task_without_its_data_says_so_and_does_not_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "built_in", lambda: {"arc_easy": ["arc/arc_easy.yaml"]})
    with pytest.raises(
        InputError, match=r"arc_easy.yaml:\d+:\d+: dataset_path: its data are .*'allenai/ai2_arc'"
    ):
        open_tasks([load_task(write_task(tmp_path, "arc_easy"))], allow_code=False)


STOPPERS: list[dict[str, Any]] = [
    {"test_split": "tset"},
    {"test_split": "test[:50%]"},
    {"test_split": None},
    {"dataset_kwargs": {"data_files": {"test": "absent.jsonl"}}},
    {"dataset_kwargs": {"data_files": "https://example.org/a.jsonl"}},
    {"dataset_path": None},
    {"dataset_path": "pandas"},
    {"dataset_path": "script.py"},
    {"unsafe_code": True},
    {"doc_to_image": "picture"},
    {"output_type": "generate"},
    {"doc_to_text": "{{quetsion}}"},
    {"doc_to_target": "{{unless"},
    {"filter_list": [{"name": "x", "filter": [{"function": "take_first_k", "k": 0}]}]},
]


def test_what_would_stop_a_run_is_refused_before_it(tmp_path: Path, snapshots: Snapshots) -> None:
    lines = [f"{says}\n    {sentence(tmp_path, **says)}\n" for says in STOPPERS]
    snapshots.check("lmeval/task_files.txt", "".join(lines))


OWN_KEYS = [
    "train: tests\n",
    "train: test\n",
    "metrics: [acc]\n",
    "query: quetsion\n",
    "query: '{{quetsion}}'\n",
    "gold: docs\n",
]


def test_our_own_keys_are_held_against_the_data(tmp_path: Path, snapshots: Snapshots) -> None:
    lines = [f"{more}    {sentence(tmp_path, more=more)}\n" for more in OWN_KEYS]
    snapshots.check("lmeval/own_keys.txt", "".join(lines))


def test_a_document_that_process_docs_cannot_take_is_named(tmp_path: Path) -> None:
    (tmp_path / "utils.py").write_text(
        "def clean(docs):\n    return docs.map(lambda doc: {'size': 12 // (doc['right'] - 2)})\n",
        encoding="utf-8",
    )
    path = yaml(tmp_path, "task: rooms\nprocess_docs: !function utils.clean\n" + body(tmp_path))
    with pytest.raises(InputError) as caught:
        open_tasks([load_task(write_task(tmp_path))], allow_code=True)
    assert f"{path}:2:15: process_docs: fails on document 2 of 'test': ZeroDivisionError" in str(caught.value)


def test_a_document_without_a_field_of_the_template_is_named(tmp_path: Path) -> None:
    broken = [{key: value for key, value in row.items() if key != "question"} for row in rows(1)]
    data = {"test": str(write_jsonl(tmp_path / "t.jsonl", [*rows(3), *broken]))}
    write_config(
        tmp_path / "rooms.yaml", config(data, training_split=None, doc_to_text="{{question.strip()}}")
    )
    with pytest.raises(InputError, match="task 'rooms': document 3 cannot be put"):
        open_tasks([load_task(write_task(tmp_path))], allow_code=False)


def test_a_document_without_what_passages_are_looked_for_by_is_named(tmp_path: Path) -> None:
    """The data come in columns: a key that one line leaves out is there all the same, and empty."""
    lines = rows(4)
    del lines[2]["question"]
    lines[3]["question"] = " "
    data = {"test": str(write_jsonl(tmp_path / "t.jsonl", lines))}
    write_config(tmp_path / "rooms.yaml", config(data, training_split=None, doc_to_text="{{answer}}"))
    for query in ("question", "'{{question}}'"):
        with pytest.raises(InputError) as caught:
            open_tasks([load_task(write_task(tmp_path, more=f"query: {query}\n"))], allow_code=False)
        said = f"document 2 has nothing in {query} that passages could be looked for by. The same holds for 1 more."
        assert said.replace("'", "") in str(caught.value).replace("'", "")


def test_a_pattern_that_is_no_regular_expression_is_named_with_its_place(tmp_path: Path) -> None:
    steps = [{"function": "regex", "regex_pattern": "(\\d+"}, {"function": "take_first"}]
    said = refused(tmp_path, filter_list=[{"name": "number", "filter": steps}])
    assert "filter_list[0].filter[0].regex_pattern: is no regular expression: missing )" in said


def test_a_filter_that_fails_is_a_sentence(tmp_path: Path) -> None:
    steps = [{"function": "take_first_k", "k": "many"}]
    assert "its filters fail: " in refused(tmp_path, filter_list=[{"name": "some", "filter": steps}])


def test_a_metric_of_which_less_is_better_is_not_read_as_accuracy(tmp_path: Path) -> None:
    brier = [{"metric": "brier_score", "aggregation": "brier_score", "higher_is_better": False}]
    says = {**CHOICE, "metric_list": [*CHOICE["metric_list"], *brier]}
    said = refused(tmp_path, more="metrics: [brier_score]\n", **says)
    assert "is no mean over documents, so it cannot stand as accuracy" in said
    (task,) = opened(tmp_path / "all", **says)
    assert task.spec.metrics == ("acc", "acc_norm")


def test_a_task_file_says_either_or(tmp_path: Path) -> None:
    path = write_task(tmp_path, more="questions: {test: a.jsonl}\nmetrics: exact_match\ncorpsu: docs\n")
    with pytest.raises(InputError) as caught:
        load_task(path)
    text = str(caught.value)
    assert f"{path}:4:12: questions: cannot stand beside lm_eval" in text
    assert f"{path}:5:10: metrics: must be a list" in text
    assert f"{path}:6:1: corpsu: is not a known key (did you mean 'corpus'?)." in text


def test_a_corpus_needs_a_query(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    path = write_task(tmp_path, more="corpus: docs\n")
    with pytest.raises(InputError, match="query: is missing: with a corpus"):
        load_task(path)


PYTHON_TASK = """\
from lm_eval.api.task import ConfigurableTask, MultipleChoiceTask


class Old(MultipleChoiceTask):
    def __init__(self, config=None):
        self._config = type("Config", (), {"task": "rooms"})


Old.__abstractmethods__ = frozenset()


class Mixed(ConfigurableTask):
    def __init__(self, config=None):
        config = {key: value for key, value in config.items() if key != "class"}
        super().__init__(config=config)

    def construct_requests(self, doc, ctx, **kwargs):
        made = super().construct_requests(doc, ctx, **kwargs)
        made.request_type = "loglikelihood"
        return made
"""


def test_classes_are_taken_only_where_they_can_be_asked(tmp_path: Path) -> None:
    (tmp_path / "utils.py").write_text(PYTHON_TASK, encoding="utf-8")
    text = "task: rooms\n" + body(tmp_path)
    yaml(tmp_path, f"{text}class: !function utils.Old\n")
    task = load_task(write_task(tmp_path))
    with pytest.raises(InputError, match="does not build on lm-eval's ConfigurableTask"):
        open_tasks([task], allow_code=True)
    yaml(tmp_path, f"{text}class: !function utils.Mixed\n")
    with pytest.raises(InputError, match="document 0 makes requests of the kinds loglikelihood; a task"):
        open_tasks([task], allow_code=True)
