"""The pool, with workers that do what the test says."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import pytest

from harness.cluster.pool import EARLY, PATIENCE_S, STARTS, TRIES, Pool, UnitLost, WorkerLost
from harness.cluster.units import Answer, Done, Hello, NameTraining, Refused, Train, Unit
from harness.engines.engine import Message, Request
from harness.errors import HarnessError, ModelUnavailable, TrainingFailed
from harness.finetune.trainer import Training
from harness.spec.system import LoRA

HELLO = Hello("node", "host", "worker.err", "1", {}, "a processor", 1, None)


@dataclass(eq=False)
class ByHand:
    """A worker that the test makes ready, and that ends what it is at when the test says."""

    name: str
    begun: Future[Any] = field(default_factory=Future)
    at: list[tuple[Unit[Any], Future[Any]]] = field(default_factory=list)
    ended: bool = False

    def ready(self) -> Future[Hello | Refused]:
        return self.begun

    def do(self, unit: Unit[Any]) -> Future[Done[Any] | Refused]:
        self.at.append((unit, Future()))
        return self.at[-1][1]

    def end(self) -> None:
        self.ended = True

    @property
    def unit(self) -> Unit[Any]:
        return self.at[-1][0]

    def finish(self, value: Any = "done") -> None:
        self.at[-1][1].set_result(value if isinstance(value, Refused) else Done(value, 1.0))

    def die(self, why: str = "its process ended") -> None:
        self.at[-1][1].set_exception(WorkerLost(why))


class World:
    def __init__(self, count: int, clock: Callable[[], float] = lambda: 0.0) -> None:
        self.workers: list[ByHand] = []
        self.said: list[str] = []
        self.pool = Pool(self.start, count, self.said.append, clock)

    def start(self, number: int) -> ByHand:
        self.workers.append(ByHand(f"worker-{number}"))
        return self.workers[-1]

    def begin(self) -> None:
        for worker in self.workers:
            if not worker.begun.done():
                worker.begun.set_result(HELLO)


def answer(text: str, model: int = 0) -> Unit[Any]:
    return Answer(model, (Request((Message("user", text),)),), None, ())


TRAIN = Train(0, Training("lora", LoRA(task="t"), (), (), 0), "key")


def test_workers_are_started_when_there_is_work() -> None:
    world = World(2)
    assert not world.workers
    done = world.pool.submit(answer("a"))
    assert len(world.workers) == 2
    world.begin()
    world.workers[0].finish("b")
    assert done.result(0).value == "b"


def test_a_worker_gets_what_needs_the_weights_that_it_has() -> None:
    world = World(1)
    asked = [answer("a", 0), answer("b", 1), answer("c", 0)]
    for unit in asked:
        world.pool.submit(unit)
    world.begin()
    (worker,) = world.workers
    for _ in asked:
        worker.finish()
    assert [unit for unit, _ in worker.at] == [asked[0], asked[2], asked[1]]


def test_trainings_go_first_and_leave_half_of_the_workers_to_answers() -> None:
    world = World(2)
    units: list[Unit[Any]] = [answer("a"), answer("b"), TRAIN, TRAIN]
    for unit in units:
        world.pool.submit(unit)
    world.begin()
    at_work = [worker.unit for worker in world.workers]
    assert sum(isinstance(unit, Train) for unit in at_work) == 1


def test_naming_a_training_waits_for_no_answer() -> None:
    """Else trainings would begin when everything is answered that the weights at hand can answer."""
    world = World(1)
    name = NameTraining(0, TRAIN.training)
    for unit in (answer("a"), answer("b"), answer("c"), name):
        world.pool.submit(unit)
    world.begin()
    (worker,) = world.workers
    assert worker.unit is name


@pytest.mark.parametrize(("trainings", "at_once"), [(2, 2), (3, 1)])
def test_once_there_are_answers_to_see_the_last_trainings_all_go(trainings: int, at_once: int) -> None:
    """Of more than there are workers, half of these leave the others to answers as before."""
    world = World(2)
    for unit in [TRAIN] * trainings + [answer(f"{n}") for n in range(2 * EARLY + 2)]:
        world.pool.submit(unit)
    world.begin()
    trains, answers = world.workers
    assert isinstance(trains.unit, Train)
    for _ in range(2 * EARLY):
        assert isinstance(answers.unit, Answer)
        answers.finish()
    assert sum(isinstance(worker.unit, Train) for worker in world.workers) == at_once


def test_what_a_lost_worker_had_is_done_by_another() -> None:
    world = World(2)
    done = world.pool.submit(answer("a"))
    world.begin()
    first = world.workers[0]
    first.die()
    assert first.ended
    assert len(world.workers) == 3, "another one is started in its place"
    world.workers[1].finish("b")
    assert done.result(0).value == "b"
    assert "worker-1 was lost (its process ended" in world.said[0]
    assert "worker.err on host" in world.said[0]


def test_a_unit_that_loses_each_worker_is_given_up_and_the_others_go_on() -> None:
    world = World(1)
    lost, other = world.pool.submit(answer("a")), world.pool.submit(answer("b"))
    for _ in range(TRIES):
        world.begin()
        world.workers[-1].die("its machine ran out of memory")
    with pytest.raises(
        UnitLost, match="3 workers, one after the other: at last, its machine ran out of memory"
    ):
        lost.result(0)
    world.begin()
    world.workers[-1].finish("b")
    assert other.result(0).value == "b"


def test_a_refusal_is_the_error_that_it_was() -> None:
    world = World(1)
    done = world.pool.submit(TRAIN)
    world.begin()
    world.workers[0].finish(Refused.of(TrainingFailed("the loss is no number.")))
    with pytest.raises(TrainingFailed, match=r"the loss is no number\."):
        done.result(0)


def test_a_bug_in_a_worker_is_raised_and_the_worker_goes_on() -> None:
    world = World(1)
    wrong, right = world.pool.submit(answer("a")), world.pool.submit(answer("b"))
    world.begin()
    world.workers[0].at[-1][1].set_exception(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        wrong.result(0)
    world.workers[0].finish("b")
    assert right.result(0).value == "b"


def test_workers_that_never_start_end_the_run() -> None:
    world = World(1)
    done = world.pool.submit(answer("a"))
    for _ in range(STARTS):
        world.workers[-1].begun.set_exception(WorkerLost("no module named harness"))
    with pytest.raises(ModelUnavailable, match="no worker starts; the last one: no module named harness"):
        done.result(0)


def test_a_bug_in_a_worker_that_begins_ends_the_run_with_its_traceback() -> None:
    """Else the driver would wait for a worker that has long said why there is none."""
    world = World(1)
    done = world.pool.submit(answer("a"))
    world.workers[0].begun.set_exception(ImportError("no module named torch"))
    with pytest.raises(ImportError, match="torch"):
        done.result(0)
    assert len(world.workers) == 1


def test_a_worker_that_must_not_work_here_ends_the_run() -> None:
    world = World(1)

    def met(_hello: Hello) -> None:
        raise HarnessError("host has other versions.")

    world.pool.met = met
    done = world.pool.submit(answer("a"))
    world.begin()
    with pytest.raises(HarnessError, match="other versions"):
        done.result(0)


def test_the_driver_waits_for_a_worker_but_not_for_ever() -> None:
    now = 0.0
    world = World(1, lambda: now)
    done = world.pool.submit(answer("a"))
    now = PATIENCE_S
    world.pool.check()
    assert not done.done()
    now += 1.0
    with pytest.raises(ModelUnavailable, match="no machine with room"):
        world.pool.check()
    with pytest.raises(ModelUnavailable):
        done.result(0)


def test_the_driver_waits_for_no_worker_where_none_can_come() -> None:
    world = World(1)
    world.pool.why_over = lambda: "Ray ended."
    done = world.pool.submit(answer("a"))
    with pytest.raises(ModelUnavailable, match="Ray ended"):
        world.pool.check()
    with pytest.raises(ModelUnavailable, match="Ray ended"):
        done.result(0)


def test_stopping_ends_every_worker_and_whoever_waits() -> None:
    world = World(2)
    waiting = [world.pool.submit(answer(text)) for text in "abc"]
    world.begin()
    world.pool.stop()
    assert all(worker.ended for worker in world.workers)
    for done in waiting:
        with pytest.raises(HarnessError, match="stopped"):
            done.result(0)


def test_after_stopping_none_is_started_for_a_worker_that_was_starting() -> None:
    world = World(1)
    world.pool.submit(answer("a"))
    world.pool.stop()
    world.workers[0].begun.set_exception(WorkerLost("the cluster was left"))
    assert len(world.workers) == 1


def test_after_closing_later_units_start_new_workers() -> None:
    world = World(1)
    world.pool.submit(answer("a"))
    world.begin()
    world.workers[0].finish()
    world.pool.close()
    world.pool.submit(answer("b"))
    assert len(world.workers) == 2
