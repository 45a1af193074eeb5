"""The user's turns of `rag`: each test question behind the passages that retrieval finds for it."""

from __future__ import annotations

from harness.corpus.documents import read_corpus
from harness.corpus.inventory import tell
from harness.corpus.retrievers import retrievers_of
from harness.corpus.window import tell_cut_questions
from harness.errors import InputError
from harness.export.lm_eval import Turn
from harness.run.plan import setup_of
from harness.run.prepare import TaskContext
from harness.run.settings import Settings, one_model
from harness.run.tools import Tools, load_tools
from harness.run.wording import user_turn
from harness.spec.strategy import STRATEGIES, named
from harness.spec.task import Task


def passages_of(task: Task, model: str | None, embedder: str | None) -> dict[str, Turn]:
    """The turns as these models make them; raises InputError and ModelUnavailable for what cannot be had."""
    return turns_with_passages(
        task, load_tools(Settings(tasks=(), models=one_model(model), embedder=embedder))
    )


def turns_with_passages(task: Task, tools: Tools) -> dict[str, Turn]:
    """Question id → turn, with as many passages as the prompt's budget allows the model of `tools`.

    Raises InputError where the task names no corpus.
    """
    if task.corpus is None:
        raise InputError(
            f"{task.name} names no corpus, so there are no passages to write beside its questions."
        )
    system = setup_of(tools.model.engine, tools.embedder_name, 0)(task, STRATEGIES[named("retrieved")])
    assert system.retrieved is not None
    embedder = tools.embedder()
    corpus = read_corpus(task.corpus)
    tell(task.name, corpus.inventory, tools.progress)
    tell_cut_questions(task.name, task.test, embedder, system.retrieved, tools.progress)
    retrievers = retrievers_of(
        corpus, embedder, cache=tools.cache, progress=tools.progress, reranker=tools.reranker
    )
    prompts = TaskContext(task, tools.model.engine, retrievers, 0).prompts(system, task.test)
    turns = {}
    for question, prompt in zip(task.test, prompts, strict=True):
        passages = [ranked.passage for ranked in prompt.retrieved[: prompt.shown]]
        turn = user_turn(task, question, passages, task.own.answer.citations)
        turns[question.id] = Turn(turn.content, tuple(passage.chunk_id for passage in passages))
    return turns
