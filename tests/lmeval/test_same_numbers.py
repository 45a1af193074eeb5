"""Per document, the same responses and the same metrics as lm-eval's own Hugging Face model in this environment.

The independent source is lm-eval: its HFLM, its `evaluate`, float32, batch size 1; the fine-tune as `peft=`. The tiny
model goes through every kind of task; the default model, which reads and writes sense, through most of them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from harness.engines.engine import AdapterRef
from harness.engines.store import ModelFolder
from harness.engines.transformers_engine import TransformersEngine
from harness.lmeval.load import open_tasks
from harness.records import AnswerRow
from harness.run.answer import AnswerPass
from harness.run.folder import ANSWERS, RunFolder
from harness.run.plan import Job
from harness.run.prepare import TaskContext, ready
from harness.run.rows import read_rows
from harness.spec.context import Examples
from harness.spec.system import LoRA, System
from harness.spec.task import Task, load_task
from tests.fakes import Silent
from tests.lmeval.peer import evaluated, peer
from tests.lmeval.worlds import CHOICE, config, write_config, write_data, write_task
from tests.run.worlds import run_of
from tests.tiny import random_adapter, tiny_engine


def less(metric: str, aggregation: str) -> dict[str, Any]:
    """A metric of which less is better."""
    return {"metric": metric, "aggregation": aggregation, "higher_is_better": False}


MEAN = {"aggregation": "mean", "higher_is_better": True}
FILTERS = [
    {
        "name": "strict",
        "filter": [{"function": "regex", "regex_pattern": "([a-z]+)"}, {"function": "take_first"}],
    },
    {"name": "plain", "filter": [{"function": "remove_whitespace"}, {"function": "take_first"}]},
]
EXACT = [{"metric": "exact_match", "ignore_case": True, "ignore_punctuation": True, **MEAN}]


@dataclass(frozen=True)
class Kind:
    """A kind of task: what its file says, and how it is asked."""

    says: dict[str, Any]
    shots: int = 0
    ours: str = ""
    """Lines of our task file."""
    peers: dict[str, Any] = field(default_factory=dict)
    """The same for lm-eval's `evaluate`."""


CHAT = Kind({}, ours="chat_template: true\n", peers={"chat": True})
KINDS = {
    "generation with filters": Kind({"filter_list": FILTERS, "metric_list": EXACT}),
    "multiple choice": Kind(CHOICE),
    "several answers": Kind({"doc_to_target": "{{answers}}", "metric_list": EXACT}),
    "several right options": Kind({**CHOICE, "doc_to_target": "{{[right, 0]}}"}),
    "three examples": Kind(
        {"filter_list": FILTERS, "metric_list": EXACT}, shots=3, ours="examples: {k: 3}\n"
    ),
    "chat template": CHAT,
    "chat template, examples, options": Kind(
        CHOICE,
        shots=3,
        ours="examples: {k: 3}\nchat_template: true\nsystem: Be short.\n",
        peers={"chat": True, "system": "Be short."},
    ),
    "chat template and a beginning of the answer": Kind(
        {"gen_prefix": "The room is"}, ours="chat_template: true\n", peers={"chat": True}
    ),
    "loglikelihood": Kind(
        {
            "output_type": "loglikelihood",
            "doc_to_target": " {{answer}}",
            "generation_kwargs": None,
            "metric_list": [{"metric": "acc", **MEAN}, less("perplexity", "perplexity")],
        }
    ),
    "mutual information": Kind({**CHOICE, "metric_list": [{"metric": "acc_mutual_info", **MEAN}]}),
    "options as contexts": Kind(
        {
            **CHOICE,
            "doc_to_text": "{{right}}",
            "doc_to_choice": "{{options}}",
            "doc_to_target": "is where it stands",
        }
    ),
    "a context that ends in a blank": Kind(
        {**CHOICE, "doc_to_text": "Q: {{question}}\nA: ", "target_delimiter": ""}
    ),
    "whole texts": Kind(
        {
            "output_type": "loglikelihood_rolling",
            "doc_to_text": "",
            "doc_to_target": "{{question}} {{answer}}",
            "generation_kwargs": None,
            "metric_list": [less("word_perplexity", "weighted_perplexity")],
        }
    ),
}
WITH_DEFAULT = (
    "generation with filters",
    "multiple choice",
    "several answers",
    "three examples",
    "chat template, examples, options",
    "loglikelihood",
)


@dataclass(frozen=True)
class Side:
    model: Path
    engine: TransformersEngine
    adapter: AdapterRef


def side(model: ModelFolder, folder: Path) -> Side:
    engine = tiny_engine(model)
    return Side(model.path, engine, random_adapter(engine, folder, 5, 0.15))


@pytest.fixture(scope="module")
def tiny(tiny_model: ModelFolder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Side]:
    yield side(tiny_model, tmp_path_factory.mktemp("adapter"))
    peer.cache_clear()


@pytest.fixture(scope="module")
def default(default_base_folder: ModelFolder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Side]:
    yield side(default_base_folder, tmp_path_factory.mktemp("adapter"))
    peer.cache_clear()


def opened(folder: Path, kind: Kind, documents: int) -> Task:
    write_config(folder / "rooms.yaml", config(write_data(folder, test=documents), **kind.says))
    (task,) = open_tasks([load_task(write_task(folder, more=kind.ours))], allow_code=False)
    return task


def answered(
    task: Task, engine: TransformersEngine, adapter: AdapterRef | None, shots: int, folder: Path
) -> list[AnswerRow]:
    """The answer pass of a run over the whole task, under base weights or the adapter."""
    context = (Examples(shots),) if shots else ()
    system = System("asked", "asked", engine.identity.model, LoRA(task.name) if adapter else None, context)
    job = ready(Job(task.name, system), TaskContext(task, engine, None, 0))
    run = RunFolder.create(folder, run_of())
    answers = AnswerPass(engine, run, None, Silent(), time.perf_counter)
    answers.run(job, adapter)
    return read_rows(run.path / ANSWERS, AnswerRow).all


def assert_same(task: Task, row: AnswerRow, theirs: dict[tuple[str, str], dict[str, Any]]) -> None:
    filters = [name for doc, name in theirs if doc == row.question_id]
    assert filters, "lm-eval did not answer this document"
    for name in filters:
        sample = theirs[row.question_id, name]
        for metric in sample["metrics"]:
            ours = (row.metrics or {})[metric if name == "none" else f"{metric},{name}"]
            assert ours == pytest.approx(sample[metric], abs=1e-4), (row.question_id, metric)
        (first, *_) = sample["resps"]
        if isinstance(first[0], str):
            assert row.prediction == first[0]
        elif row.choice_logprobs and task.test[0].choices:
            logprobs = [response[0][0] for response in sample["resps"][: len(row.choice_logprobs)]]
            assert row.choice_logprobs == pytest.approx(logprobs, abs=1e-3)
        else:
            total = first[0] if isinstance(first[0], float) else first[0][0]
            assert sum(row.choice_logprobs or ()) == pytest.approx(total, abs=1e-3)


def compare_all(where: Side, kind: Kind, tmp_path: Path, documents: int) -> None:
    task = opened(tmp_path, kind, documents)
    replies = {}
    for name, adapter in (("base", None), ("lora", where.adapter)):
        rows = answered(task, where.engine, adapter, kind.shots, tmp_path / name)
        theirs = evaluated(
            peer(where.model, adapter and adapter.folder),
            tmp_path / "rooms.yaml",
            shots=kind.shots,
            **kind.peers,
        )
        assert len(rows) == documents
        for row in rows:
            assert_same(task, row, theirs)
        replies[name] = [(row.prediction, row.choice_logprobs) for row in rows]
    if not kind.shots:  # examples hold the default model to their form, whatever the adapter
        assert replies["base"] != replies["lora"], "an adapter that changes nothing would show nothing"


@pytest.mark.parametrize("name", KINDS)
def test_the_tiny_model_answers_as_lm_evals_own(name: str, tiny: Side, tmp_path: Path) -> None:
    compare_all(tiny, KINDS[name], tmp_path, documents=8)


@pytest.mark.models
@pytest.mark.parametrize("name", WITH_DEFAULT)
def test_the_default_model_answers_as_lm_evals_own(name: str, default: Side, tmp_path: Path) -> None:
    compare_all(default, KINDS[name], tmp_path, documents=3)
