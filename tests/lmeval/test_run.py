"""A run of lm-eval tasks leaves the evidence of any other: answers, times, scores, and what a report makes of them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.results.checks import Status
from harness.analysis.results.run import TaskResult
from harness.engines.store import ModelFolder
from harness.engines.transformers_engine import TransformersEngine
from harness.errors import InputError
from harness.lmeval.load import open_tasks
from harness.report.write import write_reports
from harness.run.answer import AnswerPass
from harness.run.compare import compare, dry_run
from harness.run.estimate import Estimate
from harness.run.settings import Settings
from harness.run.tools import Tools
from harness.spec.task import Task, load_task
from tests.fakes import FakeClock, Silent, WordEmbedder
from tests.lmeval.peer import grouped, peer
from tests.lmeval.test_same_numbers import EXACT, FILTERS, KINDS
from tests.lmeval.worlds import CHOICE, config, write_config, write_data, write_task
from tests.lmeval.worlds import rows as documents
from tests.run.worlds import Killed, answers_of, manifest, model_of, names, rows
from tests.tiny import tiny_engine

SHORT = "finetune: {max_epochs: 1, rank: 2}\n"
STRATEGIES = ("base", "few-shot", "rag", "few-shot+rag", "lora", "lora+rag", "oracle")


@pytest.fixture(scope="module")
def engine(tiny_model: ModelFolder) -> TransformersEngine:
    return tiny_engine(tiny_model)


def tasks(folder: Path, says: dict[str, Any], more: str = "") -> list[Task]:
    write_config(folder / "rooms.yaml", config(write_data(folder), **says))
    return open_tasks([load_task(write_task(folder, corpus=True, more=SHORT + more))], allow_code=False)


def go(
    folder: Path,
    found: Sequence[Task],
    engine: TransformersEngine,
    strategies: Sequence[str] = STRATEGIES,
    *,
    name: str = "run",
    resume: bool = False,
    timed: int = 2,
) -> Path:
    settings = Settings(
        tasks=(str(found[0].path),),
        strategies=tuple(strategies),
        latency_queries=timed,
        use_cache=name != "fresh",
    )
    embedder = WordEmbedder(FakeClock())
    tools = Tools((model_of(engine),), lambda: embedder, embedder.name, folder / "cache", Silent())
    return compare(settings, found, tools, folder / name, resume=resume, command="harness compare")


def measured(run: Path) -> TaskResult:
    return write_reports(run).tasks["rooms"]


@pytest.mark.parametrize(
    ("kind", "metrics"),
    [
        ("generation with filters", {"exact_match,strict", "exact_match,plain"}),
        ("multiple choice", {"acc", "acc_norm"}),
        ("loglikelihood", {"acc", "perplexity"}),
    ],
)
def test_every_strategy_answers_and_is_timed_and_scored(
    kind: str, metrics: set[str], engine: TransformersEngine, tmp_path: Path
) -> None:
    found = tasks(tmp_path, KINDS[kind].says)
    run = go(tmp_path, found, engine)
    known, answers, timings = names(run), rows(run, "answers"), rows(run, "timings")
    assert len(answers) == len(STRATEGIES) * 8
    assert all(set(row["metrics"]) == metrics for row in answers)
    assert {(known[row["system"]], row["merged"]) for row in timings} == {
        *((name, True) for name in STRATEGIES if name != "oracle"), ("lora", False), ("lora+rag", False)
    }  # fmt: skip
    assert all(row["prompt_tokens"] > 0 for row in answers)
    retrieved = {known[row["system"]] for row in answers if row["retrieved"]}
    assert retrieved == {"rag", "few-shot+rag", "lora+rag", "oracle"}
    task = measured(run)
    assert task.primary_metric in metrics
    assert task.not_applicable == {}
    assert task.strategies["lora"].accuracy.n == 8
    retrieval = task.strategies["rag"].retrieval
    assert retrieval
    assert retrieval.recall_at_k["3"] is not None
    assert {check.check: check.status for check in task.validity}["same_prompts"] == Status.PASS


def test_whole_texts_are_measured_for_base_and_lora_without_an_accuracy(
    engine: TransformersEngine, tmp_path: Path
) -> None:
    found = tasks(tmp_path, KINDS["whole texts"].says)
    run = go(tmp_path, found, engine, ("base", "rag", "lora"))
    task, known = measured(run), names(run)
    assert set(task.strategies) == {"base", "lora"}
    assert "nothing can stand" in task.not_applicable["rag"].why
    for name, figures in task.strategies.items():
        assert figures.accuracy.mean is None
        scores = [
            row["metrics"]["word_perplexity"] for row in rows(run, "answers") if known[row["system"]] == name
        ]
        assert figures.aggregates["word_perplexity"] == pytest.approx(perplexity(scores))
    texts = {str(at): f"{row['question']} {row['answer']}" for at, row in enumerate(documents())}
    read = {row["question_id"]: row["prompt_tokens"] for row in rows(run, "answers")}
    assert read == {name: len(text) + 1 for name, text in texts.items()}, "a byte a token, behind the first"
    checks = {check.check: check.status for check in task.validity}
    assert checks["adapter_fits_training"] == Status.NOT_APPLICABLE
    assert "no accuracy" in (run / "report.html").read_text(encoding="utf-8")
    short = (run / "report.md").read_text(encoding="utf-8")
    assert "word_perplexity of all answers, without an interval: base " in short


def perplexity(pairs: list[list[float]]) -> float:
    """e to the mean loss a word, over all words together."""
    loss, words = (sum(column) for column in zip(*pairs, strict=True))
    return float(2.718281828459045 ** (-loss / words))


def test_lm_evals_own_aggregate_stands_beside_the_means(engine: TransformersEngine, tmp_path: Path) -> None:
    listed = [*EXACT, {"metric": "bleu", "aggregation": "bleu", "higher_is_better": True}]
    found = tasks(tmp_path, {"metric_list": listed, "filter_list": FILTERS})
    assert found[0].spec.metrics == ("exact_match,strict", "exact_match,plain")
    run = go(tmp_path, found, engine, ("base",), timed=0)
    base = measured(run).strategies["base"]
    assert set(base.aggregates) == {"bleu,strict", "bleu,plain"}
    assert set(base.metrics) == {"exact_match,strict", "exact_match,plain"}


def test_a_report_needs_neither_a_model_nor_lm_eval(engine: TransformersEngine, tmp_path: Path) -> None:
    run = go(tmp_path, tasks(tmp_path, CHOICE), engine, ("base",), timed=0)
    code = (
        "import sys; from pathlib import Path; from harness.report.write import write_reports; "
        f"write_reports(Path({str(run)!r})); "
        "print([name for name in ('lm_eval', 'torch', 'datasets') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_killed_run_goes_on_and_a_second_one_takes_answers_from_the_cache(
    engine: TransformersEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = tasks(tmp_path, {})
    strategies = ("base", "rag")
    whole = go(tmp_path, found, engine, strategies, name="fresh", timed=0)
    write, calls = AnswerPass._keep, []

    def killed(*args: Any, **named: Any) -> None:
        write(*args, **named)
        calls.append(1)
        raise Killed

    monkeypatch.setattr(AnswerPass, "_keep", killed)
    with pytest.raises(Killed):
        go(tmp_path, found, engine, strategies, timed=0)
    monkeypatch.setattr(AnswerPass, "_keep", write)
    resumed = go(tmp_path, found, engine, strategies, resume=True, timed=0)
    assert answers_of(resumed) == answers_of(whole)
    assert manifest(resumed)["status"] == "complete"
    again = go(tmp_path, found, engine, strategies, name="again", timed=0)
    assert all(row["cached"] for row in rows(again, "answers"))
    assert [row["metrics"] for row in rows(again, "answers")] == [
        row["metrics"] for row in rows(resumed, "answers")
    ]


def test_a_changed_task_is_not_gone_on_with(engine: TransformersEngine, tmp_path: Path) -> None:
    go(tmp_path, tasks(tmp_path, {}), engine, ("base",), timed=0)
    changed = tasks(tmp_path, {"doc_to_text": "{{question}}"})
    with pytest.raises(InputError, match="task 'rooms' has changed since the run began"):
        go(tmp_path, changed, engine, ("base",), resume=True, timed=0)


@pytest.mark.parametrize("weighted", [True, False])
def test_groups_run_as_tasks_of_one_run_and_show_lm_evals_own_aggregate(
    engine: TransformersEngine, tiny_model: ModelFolder, tmp_path: Path, weighted: bool
) -> None:
    """The independent source is lm-eval's `evaluate` over the same group and model."""
    for name, size in (("one", 3), ("two", 8)):
        data = write_data(tmp_path / name, test=size)
        write_config(tmp_path / f"{name}.yaml", config(data, name, **CHOICE))
    listed = [
        {"metric": "acc", "weight_by_size": weighted},
        {"metric": "acc_norm", "weight_by_size": weighted},
    ]
    inner = {"group": "inner", "task": ["two"], "aggregate_metric_list": listed[:1]}
    group = {"group": "all", "task": ["one", inner], "aggregate_metric_list": listed}
    write_config(tmp_path / "rooms.yaml", group)
    found = open_tasks([load_task(write_task(tmp_path))], allow_code=False)
    results = write_reports(go(tmp_path, found, engine, ("base",), timed=0))
    assert list(results.tasks) == ["rooms.one", "rooms.two"]
    assert results.tasks["rooms.two"].description == "two, of the lm-eval group all."
    theirs = grouped(peer(tiny_model.path, None), tmp_path, "all")
    assert results.groups["rooms"].tasks == ("rooms.one", "rooms.two")
    for metric in ("acc", "acc_norm"):
        ours = results.groups["rooms"].strategies["base"][metric]
        assert ours.value == pytest.approx(theirs["all"][f"{metric},none"])
        assert ours.n == 11
    (nested,) = (group for name, group in results.groups.items() if name != "rooms")
    assert nested.tasks == ("rooms.two",)
    peer.cache_clear()


def planned(folder: Path, engine: TransformersEngine, says: dict[str, Any]) -> Estimate:
    found = tasks(folder, says)
    settings = Settings(tasks=(str(found[0].path),), strategies=("base", "few-shot", "rag"))
    embedder = WordEmbedder(FakeClock())
    tools = Tools((model_of(engine),), lambda: embedder, embedder.name, folder / "cache", Silent())
    return dry_run(settings, found, tools, None)


def test_examples_beyond_the_window_leave_their_strategy_out(
    tmp_path: Path, engine: TransformersEngine
) -> None:
    """The question with its reply fits, the question behind five examples does not: nothing is cut."""
    most = {"until": ["\n"], "max_gen_toks": engine.window - 100}
    plan = planned(tmp_path, engine, {"generation_kwargs": most, "num_fewshot": 5})
    assert {row.system for row in plan.jobs} == {"base", "rag"}
    assert "longer than the" in plan.not_applicable["rooms"]["few-shot"].why


def test_a_document_longer_than_the_window_is_refused_and_not_cut(
    tmp_path: Path, engine: TransformersEngine
) -> None:
    with pytest.raises(
        InputError, match=r"question '0' makes a prompt of 7,\d\d\d tokens, and .* reads 4,096, 4 of them"
    ):
        planned(tmp_path, engine, {"doc_to_text": "{{question * 200}}"})
