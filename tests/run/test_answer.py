"""The answer pass: bounded batches that a resume cannot change, evidence as each batch is done, an honest cache."""

from __future__ import annotations

import json
import random
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from harness.engines.engine import AdapterRef, Continuation, Wanted
from harness.run.answer import AnswerPass
from harness.run.answer_cache import AnswerCache
from harness.run.batches import BATCH_ROWS, BATCH_TOKENS, plan_batches
from harness.run.folder import RunFolder
from harness.run.plan import Job
from harness.run.prepare import ReadyJob, ready
from harness.spec.task import Task
from tests.fakes import RecordingEngine, Silent
from tests.run.worlds import FallibleEngine, Killed, context_of, make_task, reply, rows, run_of, system

WRITTEN, SCORED = Wanted(), Wanted(continuations=(Continuation("x"),))


@pytest.mark.parametrize("seed", range(8))
def test_batches_hold_every_question_once_sorted_by_length_and_bounded(seed: int) -> None:
    rng = random.Random(seed)
    count = rng.randint(1, 120)
    tokens = [rng.randint(1, 3000) for _ in range(count)]
    wanted = [SCORED if rng.random() < 0.3 else WRITTEN for _ in range(count)]
    batches = plan_batches(wanted, tokens)
    places = [at for batch in batches for at in batch.places]
    assert sorted(places) == list(range(count))
    assert [batch.number for batch in batches] == list(range(len(batches)))
    for batch in batches:
        lengths = [tokens[at] for at in batch.places]
        assert len(lengths) <= BATCH_ROWS
        assert len(lengths) * max(lengths) <= BATCH_TOKENS or len(lengths) == 1
        assert len({wanted[at].scored for at in batch.places}) == 1
    for kind in (WRITTEN, SCORED):
        lengths = [tokens[at] for b in batches for at in b.places if wanted[at] is kind]
        assert lengths == sorted(lengths, reverse=True)


def test_batches_worked_by_hand() -> None:
    """Two of 4000 tokens fit into 8192, three do not; 17 short ones are 16 and 1."""
    tokens = [10, 4000, 4000, 4000] + [10] * 16
    batches = plan_batches([WRITTEN] * len(tokens), tokens)
    assert [len(batch.places) for batch in batches] == [2, 2, 16]
    assert batches[0].places == (1, 2)
    assert batches[1].places == (3, 0)


class World:
    """One job over the 24 questions of the workshop, and a way to answer it."""

    def __init__(self, folder: Path, task: Task, strategy: str = "rag") -> None:
        self.job = Job(task.name, system(task, strategy))
        self.ready: ReadyJob = ready(self.job, context_of(task, folder / "cache"))
        self.folder = RunFolder.create(folder / "run", run_of())
        self.cache: AnswerCache | None = None

    def answer(self, engine: RecordingEngine, adapter: str | None = None) -> None:
        answers = AnswerPass(engine, self.folder, self.cache, Silent(), engine.clock)
        answers.run(self.ready, AdapterRef(Path(adapter), adapter) if adapter else None)

    def text(self, place: int) -> str:
        return RecordingEngine(reply).text(self.ready.prompts[place].request)

    def rows(self, name: str = "answers") -> list[dict[str, Any]]:
        return rows(self.folder.path, name)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, make_task(tmp_path))


def test_a_row_holds_the_whole_evidence_of_an_answer(world: World) -> None:
    world.answer(FallibleEngine())
    by_id = {row["question_id"]: row for row in world.rows()}
    assert list(by_id) != sorted(by_id), "rows come as batches do, longest first"
    for place, (asked, shown) in enumerate(zip(world.ready.questions, world.ready.prompts, strict=True)):
        row = by_id[asked.id]
        assert row["system"] == world.job.system.id
        assert row["prediction"] == reply(world.text(place), None)
        assert row["prompt_tokens"] == len(world.text(place))
        assert row["completion_tokens"] == 1
        assert row["prompt_sha256"] == shown.facts.sha256
        assert row["finish_reason"] == "stop"
        assert row["shown_passages"] == 3
        assert row["retrieved"] == [
            {"doc_id": r.passage.doc_id, "chunk_id": r.passage.chunk_id, "score": pytest.approx(r.score)}
            for r in shown.retrieved
        ]
        assert (row["cached"], row["adapter"], row["seed"]) == (False, None, 0)


def test_what_was_retrieved_is_kept_once_with_its_text(world: World) -> None:
    world.answer(FallibleEngine())
    kept = [row["chunk_id"] for row in world.rows("passages")]
    used = {item["chunk_id"] for row in world.rows() for item in row["retrieved"]}
    assert sorted(kept) == sorted(used)


def test_batch_rows_hold_wall_time_and_tokens(world: World) -> None:
    """The fake clock gives each batch a second, each answer has one word."""
    world.answer(FallibleEngine())
    batches = world.rows("batches")
    assert [row["batch"] for row in batches] == list(range(len(batches)))
    assert sum(row["questions"] for row in batches) == 24
    assert all(row["wall_s"] == 1.0 for row in batches)
    assert sum(row["completion_tokens"] for row in batches) == 24


def test_each_batch_is_on_disk_before_the_next_one_starts(world: World) -> None:
    engine = FallibleEngine(batch=2)
    with pytest.raises(Killed):
        world.answer(engine)
    assert [row["batch"] for row in world.rows()] == [0] * len(engine.batches[0])


def test_a_resumed_batch_is_computed_with_the_same_questions(world: World) -> None:
    """Padding can change a last digit: what is answered already must not change who answers together."""
    first = FallibleEngine()
    world.answer(first)
    path = world.folder.path / "answers.jsonl"
    whole = path.read_text().splitlines(keepends=True)
    path.write_text("".join(whole[:3]))
    world.folder = RunFolder.resume(world.folder.path)
    again = FallibleEngine()
    world.answer(again)
    assert again.batches == first.batches
    after = path.read_text().splitlines()
    assert len(after) == len(whole), "the three that were there are not written twice"
    assert sorted(json.loads(line)["question_id"] for line in after) == sorted(
        asked.id for asked in world.ready.questions
    )


def test_a_finished_job_is_not_computed_again(world: World) -> None:
    world.answer(FallibleEngine())
    engine = FallibleEngine(batch=1)
    world.answer(engine)
    assert engine.batches == []


def test_cached_answers_say_so_and_write_no_batch_row(world: World, tmp_path: Path) -> None:
    world.cache = AnswerCache(tmp_path / "answers.sqlite", Silent())
    world.answer(FallibleEngine())
    fresh = {row["question_id"]: row for row in world.rows()}
    second = World(tmp_path / "second", make_task(tmp_path))
    second.cache = world.cache
    engine = FallibleEngine(batch=1)
    second.answer(engine)
    assert engine.batches == []
    assert second.rows("batches") == []
    for row in second.rows():
        assert row == {**fresh[row["question_id"]], "cached": True}


def test_an_adapter_is_not_given_the_base_models_cached_answers(world: World, tmp_path: Path) -> None:
    world.cache = AnswerCache(tmp_path / "answers.sqlite", Silent())
    world.answer(FallibleEngine())
    second = World(tmp_path / "second", make_task(tmp_path))
    second.cache = world.cache
    engine = FallibleEngine()
    second.answer(engine, adapter="a" * 64)
    assert len(engine.batches) == len(world.rows("batches"))
    assert {row["cached"] for row in second.rows()} == {False}


def test_a_batch_known_in_part_is_computed_whole(world: World, tmp_path: Path) -> None:
    world.cache = AnswerCache(tmp_path / "answers.sqlite", Silent())
    engine = FallibleEngine()
    answers = AnswerPass(engine, world.folder, world.cache, Silent(), engine.clock)
    keys = answers.keys(world.ready, None)
    first = plan_batches(world.ready.prompts.wanted, world.ready.prompts.tokens)[0].places
    world.answer(FallibleEngine())
    known = world.cache.get(dict(zip(keys, world.ready.prompts.wanted, strict=True)))
    second = World(tmp_path / "second", make_task(tmp_path))
    second.cache = AnswerCache(tmp_path / "part.sqlite", Silent())
    second.cache.put({keys[first[0]]: known[keys[first[0]]]})
    second.answer(engine)
    assert len(engine.batches[0]) == len(first)


def test_choices_are_scored_and_their_log_likelihoods_kept(tmp_path: Path) -> None:
    test = [
        {"id": f"c{n}", "question": f"Which is it, {n}?", "answers": ["left"], "choices": ["left", "right"]}
        for n in range(3)
    ]
    task = make_task(tmp_path, answer="choice", test=test, with_train=False, with_corpus=False)
    world = World(tmp_path, task, "base")
    world.answer(FallibleEngine())
    for row in world.rows():
        assert (row["prediction"], row["choice_logprobs"]) == ("left", [-1.0, -2.0])
        assert (row["finish_reason"], row["completion_tokens"]) == ("choice", 0)


def test_the_engine_is_told_with_each_batch_what_all_prompts_of_its_job_share(tmp_path: Path) -> None:
    """It may be read once, whatever batch they are in. Two of them tell."""
    jobs: list[Any] = []

    class Watching(RecordingEngine):
        def complete(self, requests: Any, adapter: Any = None, *, job: Any = ()) -> Any:
            jobs.append(job)
            return super().complete(requests, adapter, job=job)

    world = World(tmp_path, make_task(tmp_path), "few-shot")
    world.answer(Watching(reply))
    assert len(jobs) > 1
    assert all(job is jobs[0] for job in jobs), "the same object, so that an engine need not look again"
    texts = [world.text(place) for place in range(len(world.ready.prompts))]
    two = [RecordingEngine(reply).text(request) for request in jobs[0]]
    assert set(two) < set(texts)
    assert beginning(two) == beginning(texts)


def beginning(texts: list[str]) -> str:
    """What all texts begin with."""
    return "".join(row[0] for row in takewhile(lambda row: len({*row}) == 1, zip(*texts, strict=False)))
