"""What a task file of ours becomes that names a task of lm-eval's: its questions, prompts and what it cannot have."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.engines.engine import Engine
from harness.engines.store import ModelFolder
from harness.errors import InputError
from harness.finetune.encoding import encode_example
from harness.lmeval import library
from harness.lmeval.configs import TaskFiles
from harness.lmeval.load import open_tasks
from harness.lmeval.opened import Opened
from harness.lmeval.prompts import LmEvalPrompts
from harness.records import Passage, Ranked
from harness.run.obstacles import obstacle
from harness.run.prompts import Prompt, prompts_of
from harness.spec.task import Task, load_task
from tests.lmeval.worlds import CHOICE, config, rows, write_config, write_data, write_jsonl, write_task
from tests.run.worlds import FallibleEngine, context_of, system
from tests.tiny import tiny_engine

PASSAGES = tuple(
    Ranked(Passage(f"d{n}#0", f"d{n}", f"Title {n}", f"Text {n}."), 1 - n / 10) for n in range(3)
)


ROLLING: dict[str, Any] = {
    "output_type": "loglikelihood_rolling",
    "doc_to_target": "{{question}}",
    "metric_list": None,
    "generation_kwargs": None,
}


def opened(folder: Path, *, more: str = "", corpus: bool = False, **says: Any) -> Task:
    write_config(folder / "rooms.yaml", config(write_data(folder), **says))
    (task,) = open_tasks([load_task(write_task(folder, corpus=corpus, more=more))], allow_code=False)
    return task


def built(task: Task, engine: Engine, strategy: str) -> Prompt:
    """The prompt of the first document."""
    return prompts_of(task, engine).prompt(system(task, strategy).context, task.test[0], PASSAGES)


def prompt(task: Task, model: ModelFolder, strategy: str) -> str:
    text = built(task, tiny_engine(model), strategy).request.prompt
    assert isinstance(text, str)
    return text


def behind(task: Task) -> Opened:
    prompts = prompts_of(task, FallibleEngine())
    assert isinstance(prompts, LmEvalPrompts)
    return prompts.opened


def test_documents_become_questions(tmp_path: Path) -> None:
    task = opened(tmp_path, corpus=True, **CHOICE)
    first = task.test[1]
    assert (first.id, first.question) == ("1", "In which room is the saw number 1?")
    assert first.choices == ("red", "blue", "green", "white")
    assert (first.answers, first.gold_docs) == (("blue",), ("saw",))
    assert [question.id for question in task.train] == [f"train-{n}" for n in range(6)]
    assert task.spec.metrics == ("acc", "acc_norm")
    assert task.dev == ()


def test_several_answers_are_all_right(tmp_path: Path) -> None:
    task = opened(tmp_path, doc_to_target="{{answers}}")
    assert task.test[0].answers == ("red", "the red room")
    assert task.test[0].question == "Q: In which room is the drill number 0?\nA:"


def test_a_training_document_that_is_asked_is_left_out(tmp_path: Path) -> None:
    data = write_data(tmp_path)
    write_jsonl(Path(data["train"]), [*rows(2, offset=40), *rows(1)])
    write_config(tmp_path / "rooms.yaml", config(data))
    (task,) = open_tasks([load_task(write_task(tmp_path))], allow_code=False)
    assert [question.id for question in task.train] == ["train-0", "train-1"]
    assert "document train-2 is left out, since it is also the test document 0" in task.left_out[0]


def test_passages_stand_in_front_of_the_document_and_behind_the_examples(
    tmp_path: Path, tiny_model: ModelFolder
) -> None:
    task = opened(tmp_path, corpus=True, more="examples: {k: 2}\nretrieval: {k: 2}\n")
    documents = "Documents:\n\nTitle 1\nText 1.\n\nTitle 0\nText 0.\n\n"
    asked = "Q: In which room is the drill number 0?\nA:"
    assert prompt(task, tiny_model, "base") == asked
    assert prompt(task, tiny_model, "rag") == documents + asked
    both = prompt(task, tiny_model, "few-shot+rag")
    assert both.endswith(documents + asked)
    assert both.count("Documents:") == 1
    assert both.startswith("Q: In which room is the ")


def test_a_template_says_itself_where_passages_stand(tmp_path: Path, tiny_model: ModelFolder) -> None:
    text = "{% if context %}Read this.\n{{context}}\n{% endif %}Q: {{question}}\nA:"
    task = opened(tmp_path, corpus=True, more="retrieval: {k: 1}\n", doc_to_text=text)
    assert prompt(task, tiny_model, "base") == "Q: In which room is the drill number 0?\nA:"
    shown = "Read this.\nDocuments:\n\nTitle 0\nText 0.\nQ: In which room is the drill number 0?\nA:"
    assert prompt(task, tiny_model, "rag") == shown


def test_a_column_of_that_name_is_the_tasks_own(tmp_path: Path, tiny_model: ModelFolder) -> None:
    data = {
        "test": str(write_jsonl(tmp_path / "t.jsonl", [{**row, "context": "Own text."} for row in rows(2)]))
    }
    says = config(data, training_split=None, doc_to_text="{{context}} {{question}}")
    write_config(tmp_path / "rooms.yaml", says)
    (task,) = open_tasks([load_task(write_task(tmp_path, corpus=True))], allow_code=False)
    assert prompt(task, tiny_model, "base") == "Own text. In which room is the drill number 0?"
    assert prompt(task, tiny_model, "rag").startswith("Documents:\n\nTitle 2")
    assert prompt(task, tiny_model, "rag").endswith("\n\nOwn text. In which room is the drill number 0?")


def test_passages_enter_the_users_turn_of_a_chat(tmp_path: Path, tiny_model: ModelFolder) -> None:
    task = opened(tmp_path, corpus=True, more="chat_template: true\nsystem: Be short.\n", **CHOICE)
    text = prompt(task, tiny_model, "few-shot+rag")
    turns = text.split("<|end|>")
    assert turns[0] == "<|system|>Be short."
    assert [turn.split("|>")[0] for turn in turns[1:-1]] == ["<|user", "<|assistant"] * 4 + ["<|user"]
    assert "Documents:" in turns[-2]
    assert not any("Documents:" in turn for turn in turns[:-2])
    assert turns[-1] == "<|assistant|>"


def test_passages_over_the_budget_are_dropped_whole(tmp_path: Path, tiny_model: ModelFolder) -> None:
    """The tiny model's tokens are bytes: what is asked has 43, each passage 18 and the heading 12."""
    task = opened(tmp_path, corpus=True, more="retrieval: {max_prompt_tokens: 80}\n")
    found = built(task, tiny_engine(tiny_model), "rag")
    assert (found.shown, found.dropped) == (1, 2)
    assert "Title 0" in found.request.prompt
    assert found.facts.tokens == found.facts.longest <= 80


def test_a_fine_tune_reads_the_prompt_that_is_asked_and_learns_the_right_answer(
    tmp_path: Path, tiny_model: ModelFolder
) -> None:
    engine = tiny_engine(tiny_model)
    chat = engine.model.chat
    for name, says, reply in (
        ("words", {}, " red"),
        ("options", CHOICE, " red"),
        ("likelihood", {"output_type": "loglikelihood", "doc_to_target": " {{answer}}!", "generation_kwargs": None,
                        "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}]}, " red!"),
    ):  # fmt: skip
        task = opened(tmp_path / name, **says)
        prompts = prompts_of(task, engine)
        example = encode_example(chat, prompts.example((), task.train[0], ()))
        asked = "Q: In which room is the drill number 40?\nA:"
        assert chat.decode(example.prompt) == asked
        assert example.target == (*chat.encode(reply), chat.end_token)
        assert prompts.prompt((), task.train[0], ()).request.prompt == asked


@pytest.mark.parametrize(
    ("says", "strategy", "why"),
    [
        ({}, "few-shot", None),
        ({}, "rag", "the task names no corpus"),
        ({"training_split": None}, "lora", "no training questions"),
        ({"training_split": None}, "few-shot", "examples from the test documents"),
        ({"num_fewshot": 0}, "few-shot", "says num_fewshot: 0"),
        ({"num_fewshot": 9}, "few-shot", "it shows 9 examples, and the task has 6"),
        ({"fewshot_split": "test"}, "few-shot", "examples from the test documents"),
        (
            ROLLING,
            "rag",
            "whole texts",
        ),
        (
            ROLLING,
            "lora",
            None,
        ),
    ],
)
def test_what_a_task_cannot_have_is_said(
    tmp_path: Path, says: dict[str, Any], strategy: str, why: str | None
) -> None:
    task = opened(tmp_path, **says)
    found = obstacle(task, system(task, strategy), FallibleEngine())
    assert (found is None) if why is None else (found is not None and why in found.why)


def test_the_number_of_examples_is_the_tasks_own_unless_ours_says_another(tmp_path: Path) -> None:
    assert opened(tmp_path / "a", num_fewshot=2).spec.examples.k == 2
    assert opened(tmp_path / "b", num_fewshot=2, more="examples: {k: 3}\n").spec.examples.k == 3
    assert opened(tmp_path / "c").spec.examples.k == 4


def test_each_member_of_a_group_is_a_task(tmp_path: Path) -> None:
    data = write_data(tmp_path)
    write_config(tmp_path / "one.yaml", config(data, "one"))
    write_config(tmp_path / "two.yaml", config(data, "two", tag="few"))
    write_config(tmp_path / "three.yaml", config(data, "three", **CHOICE))
    inner = {"group": "inner", "task": ["three"]}
    write_config(tmp_path / "group.yaml", {"group": "outer", "task": ["one", "few", "inner"]})
    write_config(tmp_path / "inner.yaml", inner)
    found = open_tasks([load_task(write_task(tmp_path, "group.yaml"))], allow_code=False)
    assert [task.name for task in found] == ["rooms.one", "rooms.two", "rooms.three"]
    assert found[2].spec.metrics == ("acc", "acc_norm")
    assert found[0].spec.description == "one, of the lm-eval group outer."


def test_a_group_without_tasks_is_refused(tmp_path: Path) -> None:
    write_config(tmp_path / "group.yaml", {"group": "outer", "task": []})
    with pytest.raises(InputError, match="is the group 'outer', which has no task in it"):
        open_tasks([load_task(write_task(tmp_path, "group.yaml"))], allow_code=False)


def test_a_group_may_be_written_out_in_another(tmp_path: Path) -> None:
    data = write_data(tmp_path)
    for name in ("one", "two"):
        write_config(tmp_path / f"{name}.yaml", config(data, name))
    inner = {"group": "inner", "task": ["two"]}
    write_config(tmp_path / "group.yaml", {"group": "outer", "task": ["one", inner]})
    found = open_tasks([load_task(write_task(tmp_path, "group.yaml"))], allow_code=False)
    assert [task.name for task in found] == ["rooms.one", "rooms.two"]


def test_a_member_that_is_not_there_is_named_with_what_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "built_in", dict)
    write_config(tmp_path / "one.yaml", config(write_data(tmp_path), "one"))
    (tmp_path / "two.yaml").write_text("task: [two\n", encoding="utf-8")
    write_config(tmp_path / "group.yaml", {"group": "all", "task": ["one", "two"]})
    with pytest.raises(InputError) as caught:
        open_tasks([load_task(write_task(tmp_path, "group.yaml"))], allow_code=False)
    assert f"{tmp_path / 'group.yaml'}:5:3: task[1]: no file beside it is the task 'two'" in str(caught.value)
    assert f"{tmp_path / 'two.yaml'}:2:" in str(caught.value)


def test_the_fingerprint_follows_documents_and_settings_but_not_places(tmp_path: Path) -> None:
    one, other = opened(tmp_path / "a"), opened(tmp_path / "b", doc_to_text="{{question}}")
    again = opened(tmp_path / "a")
    assert one.fingerprint == again.fingerprint != other.fingerprint


def test_names_that_lm_eval_brings_are_listed_once_a_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "tasks"
    data = write_data(tmp_path)
    write_config(folder / "a" / "one.yaml", config(data, "one"))
    write_config(folder / "b" / "two.yaml", config(data, "two", tag="few"))
    write_config(
        folder / "c" / "all.yaml", {"group": "all", "task": ["one", {"group": "in", "task": ["few"]}]}
    )
    monkeypatch.setattr(library, "built_in_folder", lambda: folder)
    expected = {"all": ["c/all.yaml"], "few": ["b/two.yaml"], "one": ["a/one.yaml"], "two": ["b/two.yaml"]}
    assert library.built_in() == expected
    monkeypatch.setattr(TaskFiles, "index", lambda *_: pytest.fail("read again"))
    assert library.built_in() == expected
    (kept,) = (tmp_path / "cache" / "lm-eval").iterdir()
    assert json.loads(kept.read_text()) == expected


def test_nothing_of_lm_eval_is_imported_where_none_of_its_tasks_is_named(tmp_path: Path) -> None:
    own, theirs = Path(__file__).parents[2] / "tasks" / "general.yaml", write_task(tmp_path)
    code = (
        "import sys; from pathlib import Path; from harness.lmeval.load import open_tasks; "
        "from harness.spec.task import load_task; "
        f"open_tasks([load_task(Path({str(own)!r}))], allow_code=False); load_task(Path({str(theirs)!r})); "
        "print([name for name in ('lm_eval', 'datasets', 'torch') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_aggregate_that_overflows_is_none_and_those_shown_as_means_are_left_out(tmp_path: Path) -> None:
    """The perplexity of a log-likelihood of −1,000 a word is e to the 1,000."""
    listed = [{"metric": "word_perplexity", "aggregation": "weighted_perplexity", "higher_is_better": False}]
    task = opened(tmp_path, **{**ROLLING, "metric_list": listed})
    aggregates = behind(task).aggregates
    assert aggregates([{"word_perplexity": [-1000.0, 1]}], ()) == {"word_perplexity": None}
    assert aggregates([{"word_perplexity": [-2.0, 1]}], ()) == {"word_perplexity": pytest.approx(7.389056)}
    assert behind(opened(tmp_path / "b")).aggregates([{"exact_match": 1.0}], ("exact_match",)) == {}


@pytest.mark.parametrize(
    ("says", "strategy"),
    [({}, "base"), ({}, "few-shot"), ({}, "rag"), (CHOICE, "base"), (CHOICE, "rag"), (ROLLING, "base")],
)
def test_a_request_is_kept_as_lm_eval_made_it(
    tmp_path: Path,
    tiny_model: ModelFolder,
    monkeypatch: pytest.MonkeyPatch,
    says: dict[str, Any],
    strategy: str,
) -> None:
    """It is not made a second time: that takes long, and a task's code need not make the same again."""
    task = opened(tmp_path, corpus=True, **says)
    context = replace(context_of(task, tmp_path / "cache"), engine=tiny_engine(tiny_model))
    made: list[Prompt] = []
    prompt = LmEvalPrompts.prompt

    def watched(self: LmEvalPrompts, *args: Any) -> Prompt:
        made.append(prompt(self, *args))
        return made[-1]

    monkeypatch.setattr(LmEvalPrompts, "prompt", watched)
    prompts = context.prompts(system(task, strategy), task.test)
    monkeypatch.setattr(Opened, "requests", None)
    assert [one.request for one in prompts] == [one.request for one in made]
    assert [*prompts] == made
    assert prompts.bounds()
