"""The same task twice: as lm-eval runs its exported form (its own HFLM, nothing of ours), and as `compare` runs it."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.engines.store import ModelFolder
from harness.files import sha256_text
from harness.records import AnswerRow
from harness.run.compare import compare
from harness.run.folder import ANSWERS
from harness.run.manifest_file import read_manifest
from harness.run.rows import read_rows
from harness.run.settings import Settings
from harness.run.tools import Tools
from harness.scoring.table import METRICS, Scored
from harness.spec.task import Task
from tests.fakes import Silent, WordEmbedder
from tests.run.worlds import model_of
from tests.tiny import tiny_engine


@dataclass(frozen=True)
class Answered:
    """One document as one of the two programs answered it. `reply` of a choice: the log-likelihoods."""

    prompt_sha256: str
    reply: str | tuple[float, ...]
    scores: dict[str, float]


def hflm(model: ModelFolder) -> Any:
    from lm_eval.models.huggingface import HFLM

    logging.getLogger("lm_eval").setLevel(logging.ERROR)
    return HFLM(pretrained=str(model.path), dtype="float32", device="cpu", batch_size=8)


def lm_eval(
    folder: Path, name: str, model: Any, *, shots: int | None = None
) -> tuple[dict[str, Answered], dict[str, Any]]:
    """Question id → document, and the results of the task (or group) as a whole."""
    from lm_eval.evaluator import simple_evaluate
    from lm_eval.tasks import TaskManager

    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        found = simple_evaluate(
            model=model,
            tasks=[name],
            task_manager=TaskManager(include_path=str(folder), include_defaults=False),
            num_fewshot=shots,
            apply_chat_template=True,
            fewshot_as_multiturn=True,
            bootstrap_iters=0,
        )
    documents = {row["doc"]["id"]: _document(row) for part in found["samples"].values() for row in part}
    return documents, {**found["results"], **found.get("groups", {})}[name]


def _document(row: dict[str, Any]) -> Answered:
    (prompt,) = {arguments[0] for arguments in row["arguments"]}
    replies = [response[0] for response in row["resps"]]
    reply = replies[0] if isinstance(replies[0], str) else tuple(likelihood for likelihood, _ in replies)
    return Answered(sha256_text(prompt), reply, {name: row[name] for name in row["metrics"]})


def tools_of(model: ModelFolder, folder: Path) -> Tools:
    engine = tiny_engine(model)
    return Tools((model_of(engine),), WordEmbedder, WordEmbedder.name, folder / "cache", Silent())


def ours(task: Task, tools: Tools, folder: Path, *strategies: str) -> dict[str, dict[str, Answered]]:
    """Strategy → question id → document."""
    settings = Settings(tasks=(str(task.path),), strategies=strategies, latency_queries=0, use_cache=False)
    run = compare(settings, [task], tools, folder / "run", resume=False, command="harness compare")
    questions = {question.id: question for question in task.test}
    manifest = read_manifest(run)
    found: dict[str, dict[str, Answered]] = {name: {} for name in strategies}
    for row in read_rows(run / ANSWERS, AnswerRow).all:
        scored = Scored(
            row.prediction, questions[row.question_id], task.own.answer.refusal, row.choice_logprobs
        )
        scores = {name: METRICS[name].score(scored) for name in task.spec.metrics}
        reply = row.choice_logprobs or row.prediction
        answered = Answered(row.prompt_sha256, reply, scores)
        found[manifest.name(task.name, row.system)][row.question_id] = answered
    return found
