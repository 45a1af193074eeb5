"""Protects systems of one task that cut its corpus differently: each its own passages, ids and index."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from harness.corpus.inventory import Corpora
from harness.run.contexts import RunContexts
from harness.run.folder import RunFolder
from harness.run.plan import Job, Plan
from harness.spec.system import System
from tests.run.worlds import make_task, make_tools, run_of, system


def cut_into(chunk_tokens: int, rag: System) -> System:
    assert rag.retrieved is not None
    way = replace(rag.retrieved, chunk_tokens=chunk_tokens, overlap_tokens=0)
    return replace(rag, name=f"rag[{chunk_tokens}]", context=(way,))


def test_systems_of_a_task_may_cut_its_corpus_differently(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    rag = system(task, "rag")
    fine = cut_into(16, rag)
    jobs = (Job(task.name, rag), Job(task.name, fine))
    folder = RunFolder.create(tmp_path / "run", run_of([task], {task.name: [rag, fine]}))
    tools = make_tools(tmp_path / "cache")
    contexts = RunContexts(Plan({task.name: task}, jobs, {}), tools, folder, Corpora(), 0)
    contexts.prepare()

    context = contexts.of(jobs[0])
    whole, short = (context.prompts(job.system, task.test[:2])[0].retrieved for job in jobs)
    assert all("~" not in item.passage.chunk_id for item in whole), "the task's own cut keeps plain ids"
    assert all("~" in item.passage.chunk_id for item in short)
    assert max(len(i.passage.text) for i in short) < max(len(i.passage.text) for i in whole)
    first, other = (folder.manifest.index_of(task.name, job.system.retrieved) for job in jobs)
    assert first
    assert other
    assert first.key != other.key
    assert first.passages != other.passages
    assert folder.manifest.indexes == {task.name: first}
    assert folder.manifest.other_indexes == {task.name: (other,)}


def test_an_index_of_an_older_run_is_that_of_all_its_systems(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    rag = system(task, "rag")
    contexts_folder = RunFolder.create(tmp_path / "run", run_of([task], {task.name: [rag]}))
    tools = make_tools(tmp_path / "cache")
    plan = Plan({task.name: task}, (Job(task.name, rag),), {})
    RunContexts(plan, tools, contexts_folder, Corpora(), 0).prepare()
    old = {task.name: replace(contexts_folder.manifest.indexes[task.name], search=None)}
    contexts_folder.update(indexes=old)
    RunContexts(plan, tools, contexts_folder, Corpora(), 0).prepare()  # resumed: the same index
    assert contexts_folder.manifest.index_of(task.name, rag.retrieved) is not None
    assert contexts_folder.manifest.other_indexes == {}
