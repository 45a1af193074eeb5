"""What comes of a job's batches, over workers that the test has in hand."""

from __future__ import annotations

import pickle
from dataclasses import replace

from harness.cluster.engine import ClusterEngine
from harness.cluster.executor import ClusterExecutor
from harness.cluster.pool import TRIES
from harness.engines.engine import Completion, Message, Request
from harness.engines.scripted import ScriptedEngine
from harness.run.batches import Answers, Batch
from harness.run.executor import Work
from tests.cluster.test_pool import World

JOB = tuple(Request((Message("user", text),)) for text in "abc")
BATCHES = [Batch(number, (number,)) for number in range(3)]


def mapped(world: World) -> tuple[ClusterExecutor, Work]:
    executor = ClusterExecutor(world.pool, lambda: world.pool)
    engine = ClusterEngine(ScriptedEngine(lambda _prompt, _adapter: ""), 0, executor)
    return executor, Work(engine, None, JOB.__getitem__, JOB[:2], lambda: 0.0)


def finish(world: World) -> None:
    """Whoever is at work is done."""
    for worker in world.workers:
        if worker.at and not worker.at[-1][1].done():
            worker.finish([Completion("x", 1, "stop")])


def test_what_is_ready_together_comes_together() -> None:
    world = World(3)
    executor, work = mapped(world)
    ready = executor.map(work, (_begun(world, batch) for batch in BATCHES))
    together = next(ready)
    assert {answers.batch.number for answers in together} == {0, 1}
    finish(world)
    assert [answers.batch.number for answers in next(ready)] == [2]


def test_requests_are_made_when_they_are_sent() -> None:
    """The text of all that wait for a worker would fill the memory."""
    world, made = World(2), list[int]()
    executor, work = mapped(world)

    def request(place: int) -> Request:
        made.append(place)
        return JOB[place]

    next(executor.map(replace(work, request=request), (_begun(world, batch) for batch in BATCHES)))
    assert not made
    unit = world.workers[1].at[0][0]
    assert pickle.loads(pickle.dumps(unit)).requests == (JOB[1],)
    assert made == [1]


def _begun(world: World, batch: Batch) -> Batch:
    """When the last batch is asked for, the first two are done."""
    if batch is BATCHES[-1]:
        world.begin()
        finish(world)
    return batch


def test_a_batch_that_is_given_up_has_failures_and_the_others_answers() -> None:
    world = World(1)
    executor, work = mapped(world)

    def asked(batch: Batch) -> Batch:
        if batch is BATCHES[1]:
            for _ in range(TRIES):
                world.begin()
                world.workers[-1].die()
        return batch

    (given_up,) = next(executor.map(work, map(asked, BATCHES[:2])))
    assert isinstance(given_up, Answers)
    assert not given_up.completions
    assert not given_up.failures[0].final, "asked again, it may have an answer"
