"""The executor over workers that answer at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import pytest

from harness.cluster.executor import ClusterExecutor
from harness.cluster.pool import Pool, WorkerLost
from harness.cluster.units import Done, Hello, NameTraining, Refused, Unit
from harness.errors import HarnessError
from harness.finetune.trainer import Training
from harness.run.estimate import Estimate
from harness.run.pace import Kind, Pace
from harness.spec.system import LoRA
from tests.fakes import FakeClock, Silent

HELLO = Hello("node", "host", "log", "1", {}, "a processor", 1, None)


class AtOnce:
    """A worker whose unit is done when it begins."""

    def __init__(self, name: str, do: Callable[[Unit[Any]], Any]) -> None:
        self.name, self._do = name, do

    def ready(self) -> Future[Hello | Refused]:
        return _future(HELLO)

    def do(self, unit: Unit[Any]) -> Future[Done[Any] | Refused]:
        try:
            return _future(Done(self._do(unit), 1.0))
        except WorkerLost as lost:
            failed: Future[Any] = Future()
            failed.set_exception(lost)
            return failed

    def end(self) -> None:
        pass


def _future(value: Any) -> Future[Any]:
    done: Future[Any] = Future()
    done.set_result(value)
    return done


def executor(do: Callable[[Unit[Any]], Any], workers: int = 2) -> ClusterExecutor:
    def pool() -> Pool:
        return Pool(lambda number: AtOnce(f"worker-{number}", do), workers, lambda _said: None)

    return ClusterExecutor(pool(), pool)


def unit(number: int) -> Any:
    return NameTraining(number, Training("lora", LoRA(task="t"), (), (), 0))


def test_units_come_in_order_and_not_all_are_made_at_once() -> None:
    made: list[int] = []

    def units() -> Any:
        for number in range(100):
            made.append(number)
            yield unit(number)

    came = executor(lambda asked: asked.model).in_order(units())
    first = next(came)[1].value
    assert first == 0
    assert len(made) < 20
    assert [done.value for _, done in came] == list(range(1, 100))


def test_strands_go_on_side_by_side() -> None:
    meeting, places = threading.Barrier(3, timeout=30), list[int]()
    executor(lambda _unit: None).together([lambda: places.append(meeting.wait())] * 3)
    assert sorted(places) == [0, 1, 2], "one after the other, the first would have waited in vain"


def test_the_first_error_stops_the_strands_that_wait_for_workers() -> None:
    begun = threading.Event()

    def never(_unit: Unit[Any]) -> Any:
        begun.set()
        raise WorkerLost("never ends")

    spread = executor(never)
    spread.pool.start = lambda number: Waiting(f"worker-{number}")

    def fails() -> None:
        raise HarnessError("the disk is full.")

    with pytest.raises(HarnessError, match="the disk is full"):
        spread.together([lambda: spread.wait(unit(0)), fails])
    with pytest.raises(HarnessError, match="stopped"):
        spread.check()


class Waiting(AtOnce):
    """A worker that never gets ready."""

    def __init__(self, name: str) -> None:
        super().__init__(name, lambda _unit: None)

    def ready(self) -> Future[Hello | Refused]:
        return Future()


def test_each_keeps_the_order() -> None:
    assert executor(lambda _unit: None).each(lambda item: item * 2, [3, 1, 2]) == [6, 2, 4]


def test_what_is_timed_has_a_pool_of_its_own() -> None:
    spread = executor(lambda asked: asked.model)
    spread.wait(unit(1))
    with spread.alone():
        assert spread.wait(unit(2)).value == 2
        assert not spread.pool._workers
    assert spread.wait(unit(3)).value == 3


def test_a_plan_says_how_long_workers_take_and_what_their_machines_cost() -> None:
    planned = Estimate((), {}, 0, 0, 0, None, None, None, seconds=3600.0, training_s=3600.0, timing_s=60.0)
    assert (
        planned.time_in_words
        == "this takes about 2.02 h here (60.0 min to answer, 60.0 min to train and 60.0 s to time)"
    )
    spread = replace(planned, workers=8, machines=2, usd_per_hour=1.2, longest_s=1800.0)
    assert spread.whole_s == 1860.0, "no shorter than its longest training"
    assert str(spread.time_in_words).startswith(
        "this takes about 31.0 min on 8 workers of 2 machines, some $1.24 at $1.20 an hour and machine ("
    )


def test_what_is_left_is_shared_out_among_workers() -> None:
    clock = FakeClock()
    steps = {(Kind.ANSWERS, name): 100.0 for name in "abcd"}
    pace = Pace(steps, Silent(), clock, workers=2)
    with pace.step((Kind.ANSWERS, "a"), "a"):
        clock.now += 100.0
    assert pace.left == pytest.approx(200.0), (
        "two should have done 200 s of work in 100 s: a first step counts a half"
    )
