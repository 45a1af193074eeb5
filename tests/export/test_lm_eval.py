"""An exported task, run by lm-eval itself: the prompts, replies and scores of our own run, document by document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.engines.store import ModelFolder
from harness.errors import HarnessError, InputError
from harness.export.lm_eval import Turn, export
from harness.export.passages import turns_with_passages
from harness.lmeval.load import open_tasks
from harness.run.compare import compare
from harness.run.plan import limited
from harness.run.prompts import pick_examples, prompts_of
from harness.run.settings import Effort, Settings
from harness.scoring.table import METRICS
from harness.spec.context import Examples
from harness.spec.task import Task, load_task
from tests.export.peer import Answered, hflm, lm_eval, ours, tools_of
from tests.run.worlds import lines, make_task, make_tools, rows

ROOT = Path(__file__).parents[2]

CHOICES = [
    {"id": "digit", "question": "7", "choices": ["x", "a long option"], "answers": ["x"]},
    {"id": "two right", "question": "Second?", "choices": ["red", "blue", "green"], "answers": ["green", "blue"]},
    {"id": "last", "question": "Third?", "choices": ["one", "three", "fourteen"], "answers": ["fourteen"]},
]  # fmt: skip
TEXTS = [
    {"id": "many", "question": "One of three?", "answers": ["uno", "the one", "1"]},
    {"id": "braces", "question": "What is {{ 7 * 7 }} {% raw %} {labels}?", "answers": ["49"]},
    {"id": "none", "question": "Who knows?", "answers": [], "answerable": False},
]
LABELS = [
    {"id": "one", "question": "Kite?", "answers": ["up"]},
    {"id": "both", "question": "Lift?", "answers": ["up", "down"]},
]
OBJECTS = [
    {"id": "a", "question": "A?", "answers": ['{"a": 1}']},
    {"id": "b", "question": "B?", "answers": ['{"b": true}']},
]
TEXT = (
    "answer: {type: text, max_tokens: 8, stop: [e], refusal: not known}\nmetrics: [f1, contains, refusal]\n"
)
LABEL = "answer: {type: label, max_tokens: 6, labels: [up, down]}\nmetrics: [label]\n"
OF_A_KIND = [
    {"id": "parts", "question": "Which two?", "answers": ["a and e"], "parts": ["a", "e"]},
    {"id": "number", "question": "How many?", "answers": ["7 days"], "tolerance": "200%"},
    {"id": "yes", "question": "Is it?", "answers": ["yes"]},
    {"id": "pattern", "question": "Which vowel?", "answers": ["a"], "pattern": "[aeiou]"},
]
KINDS: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "text": (TEXT, TEXTS),
    "text of a kind": ("answer: {type: text, max_tokens: 8}\nmetrics: [kind_match, f1]\n", OF_A_KIND),
    "label": (LABEL, LABELS),
    "json": (
        "answer: {type: json, max_tokens: 8}\nmetrics: [exact_json, json_fields, json_valid]\n",
        OBJECTS,
    ),
    "choice": ("answer: {type: choice, max_tokens: 1}\nmetrics: [choice, choice_per_char]\n", CHOICES),
    "text and choice": (TEXT, [*TEXTS, *CHOICES]),
}


def made(folder: Path, kind: str, *, system: str = "Reply shortly.", question: str = "{question}") -> Task:
    """A task of three training questions, two of which are examples."""
    head, test = KINDS[kind]
    lines(folder / "test.jsonl", test)
    lines(folder / "train.jsonl", [{**test[0], "id": f"t{n}", "question": f"Example {n}?"} for n in range(3)])
    words = json.dumps({"system": system, "question": question}, ensure_ascii=False)
    text = (
        "name: made\nprobes: knowledge\nquestions: {test: test.jsonl, train: train.jsonl}\n"
        f"examples: {{k: 2}}\nprompt: {words}\n{head}"
    )
    (folder / "made.yaml").write_text(text, encoding="utf-8")
    return load_task(folder / "made.yaml")


def called(metric: str) -> str:
    """The name of a metric in the exported task."""
    return METRICS[metric].lm_eval or metric


def assert_same(theirs: dict[str, Answered], mine: dict[str, Answered]) -> None:
    assert set(theirs) == set(mine)
    for name, document in mine.items():
        other = theirs[name]
        assert other.prompt_sha256 == document.prompt_sha256, name
        assert other.scores == {called(key): score for key, score in document.scores.items()}, name
        if isinstance(document.reply, str):
            assert other.reply == document.reply
        else:
            assert other.reply == pytest.approx(document.reply, abs=1e-3)


# Equal results


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_answer_scores_as_ours_bare_and_with_examples(
    tmp_path: Path, tiny_model: ModelFolder, kind: str
) -> None:
    task = made(tmp_path, kind)
    export(task, tmp_path / "out")
    mine = ours(task, tools_of(tiny_model, tmp_path), tmp_path, "base", "few-shot")
    for strategy, shots in (("base", None), ("few-shot", 2)):
        theirs, total = lm_eval(tmp_path / "out", "made", hflm(tiny_model), shots=shots)
        assert_same(theirs, mine[strategy])
        for metric in task.spec.metrics:
            mean = sum(document.scores[metric] for document in mine[strategy].values()) / len(task.test)
            assert total[f"{called(metric)},none"] == pytest.approx(mean)


@pytest.mark.parametrize(
    ("system", "question"),
    [
        ('Reply as {"a": {"b": 1}}. {{ 7 * 7 }} {% if x %} {# no #}', "Say {# {{#:\n{question}"),
        ("prompt", "{question}\r\n\tIn short: "),
        ("Übung 🙂 \"quoted\" \\ back\\nslash: yes", "{question}"),
        ("yes", "  {question}  "),
        ("{{ Übung 🙂 \"quoted\" \\ back\\nslash\r\n", "{question}"),
    ],
)  # fmt: skip
def test_what_looks_like_a_template_reaches_the_model_as_it_is(
    tmp_path: Path, tiny_model: ModelFolder, system: str, question: str
) -> None:
    task = made(tmp_path, "label", system=system, question=question)
    export(task, tmp_path / "out")
    theirs, _ = lm_eval(tmp_path / "out", "made", hflm(tiny_model))
    assert_same(theirs, ours(task, tools_of(tiny_model, tmp_path), tmp_path, "base")["base"])


def test_with_passages_it_measures_rag(tmp_path: Path, tiny_model: ModelFolder) -> None:
    task = make_task(tmp_path)
    task = limited(task, Effort(4, None, None, 0), 0)
    tools = tools_of(tiny_model, tmp_path)
    files = export(task, tmp_path / "out", lambda: turns_with_passages(task, tools))
    assert files[0] == tmp_path / "out/workshop_rag/workshop_rag.yaml"
    mine = ours(task, tools, tmp_path, "rag", "few-shot+rag")
    for strategy, shots in (("rag", None), ("few-shot+rag", 4)):
        theirs, _ = lm_eval(tmp_path / "out", "workshop_rag", hflm(tiny_model), shots=shots)
        assert_same(theirs, mine[strategy])
    (row, *_) = read(tmp_path / "out/workshop_rag/test.jsonl")
    assert row["retrieved"]
    assert row["prompt"].startswith("Documents:\n\n")


@pytest.mark.models
@pytest.mark.slow
def test_the_tasks_that_ship_score_the_same_in_lm_eval(
    tmp_path: Path, default_base_folder: ModelFolder
) -> None:
    theirs_lm, tools = hflm(default_base_folder), tools_of(default_base_folder, tmp_path)
    for name, count in (("knowledge", 4), ("behaviour", 2), ("general", 10)):
        task = limited(load_task(ROOT / "tasks" / f"{name}.yaml"), Effort(count, None, None, 0), 0)
        export(task, tmp_path / "out")
        theirs, _ = lm_eval(tmp_path / "out", name, theirs_lm)
        assert len(theirs) == count
        mine = ours(task, tools, tmp_path / name, "base")["base"]
        assert_same(theirs, mine)
        assert name != "general" or any(document.scores["contains"] for document in mine.values())


# The files


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_only_tasks_whose_metrics_lm_eval_lacks_bring_code(tmp_path: Path) -> None:
    brought = {}
    for kind in KINDS:
        (tmp_path / kind).mkdir()
        files = export(made(tmp_path / kind, kind), tmp_path / kind / "out")
        brought[kind] = "metrics.py" in [path.name for path in files]
    bare = {"label", "choice"}
    assert brought == {kind: kind not in bare for kind in KINDS}


def test_examples_open_the_training_questions_in_the_order_of_few_shot(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    export(task, tmp_path / "out")
    written = [row["id"] for row in read(tmp_path / "out/workshop/train.jsonl")]
    shown = [question.id for question in pick_examples(task, Examples(task.spec.examples.k))]
    assert written[: len(shown)] == shown
    assert sorted(written) == sorted(question.id for question in task.train)


def test_nothing_is_overwritten_and_nothing_loaded_for_it(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    mine = tmp_path / "out/workshop_rag/mine"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine", encoding="utf-8")

    def turns() -> dict[str, Turn]:
        raise AssertionError("the folder is looked at first")

    with pytest.raises(InputError, match="workshop_rag: exists already"):
        export(task, tmp_path / "out", turns)
    assert [path.name for path in mine.parent.iterdir()] == ["mine"]


def test_an_export_that_cannot_be_written_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, text: str) -> None:
        if path.name == "train.jsonl":
            raise HarnessError("could not write")
        path.write_text(text, encoding="utf-8")

    monkeypatch.setattr("harness.export.lm_eval.write_text", full)
    with pytest.raises(HarnessError, match="could not write"):
        export(make_task(tmp_path), tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_folder_that_lm_eval_would_take_for_a_pattern_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="pattern"):
        export(make_task(tmp_path), tmp_path / "out[1]")
    assert not (tmp_path / "out[1]").exists()


def test_a_column_of_dates_is_refused_as_the_loader_would_change_it(tmp_path: Path) -> None:
    dates = [{"id": str(n), "question": f"Day {n}?", "answers": [f"2024-01-0{n}"]} for n in (1, 2)]
    task = make_task(tmp_path, test=dates, with_train=False, with_corpus=False)
    with pytest.raises(InputError, match=r"workshop cannot be exported: .*'target' would be a date"):
        export(task, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_passages_need_a_corpus(tmp_path: Path) -> None:
    task = make_task(tmp_path, with_corpus=False)
    with pytest.raises(InputError, match="workshop names no corpus"):
        turns_with_passages(task, make_tools(tmp_path / "cache"))


# Back again


@pytest.mark.parametrize("kind", ["text", "label", "json", "choice"])
def test_an_exported_task_taken_in_as_one_of_lm_evals_asks_and_scores_as_before(
    tmp_path: Path, tiny_model: ModelFolder, kind: str
) -> None:
    task = made(tmp_path, kind)
    export(task, tmp_path / "out")
    back = tmp_path / "back.yaml"
    back.write_text(
        "name: back\nprobes: knowledge\nlm_eval: out/made/made.yaml\nchat_template: true\n", encoding="utf-8"
    )
    (taken_in,) = open_tasks([load_task(back)], allow_code=True)
    tools = tools_of(tiny_model, tmp_path)
    words, again = (
        [
            tools.model.engine.show(
                prompts_of(one, tools.model.engine).prompt((), question, ()).request, ()
            ).text
            for question in one.test
        ]
        for one in (task, taken_in)
    )
    assert again == words
    mine = ours(task, tools, tmp_path, "base")["base"]
    settings = Settings(tasks=(str(back),), strategies=("base",), latency_queries=0, use_cache=False)
    run = compare(settings, [taken_in], tools, tmp_path / "again", resume=False, command="harness compare")
    answers = {int(row["question_id"]): row for row in rows(run, "answers")}
    for place, question in enumerate(task.test):
        scores = {called(name): score for name, score in mine[question.id].scores.items()}
        assert answers[place]["metrics"] == scores
        if not question.choices:
            assert answers[place]["prediction"] == mine[question.id].reply
