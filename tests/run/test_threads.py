"""Work from several threads: everything once, results as they come, errors and stops that lose nothing finished."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from harness.run.threads import as_they_come


def one_by_one(work: Callable[[int], int], count: int, threads: int) -> Iterator[int]:
    """The results without the lists that they come in."""
    for ready in as_they_come(work, range(count), threads):
        assert ready
        yield from ready


@pytest.mark.parametrize("threads", [1, 4, 16])
@pytest.mark.parametrize("count", [0, 1, 3, 40])
def test_each_item_is_worked_on_once(threads: int, count: int) -> None:
    assert sorted(one_by_one(lambda item: item * 10, count, threads)) == [item * 10 for item in range(count)]


def test_so_many_threads_work_at_once_and_results_come_as_they_are_ready() -> None:
    """Four items wait for each other: with fewer threads nobody would ever be let through."""
    barrier, late = threading.Barrier(4, timeout=30), threading.Event()

    def work(item: int) -> int:
        barrier.wait()
        if item == 0:
            assert late.wait(30)
        return item

    results = one_by_one(work, 4, 4)
    first = [next(results) for _ in range(3)]
    late.set()
    assert sorted(first) == [1, 2, 3]
    assert [*results] == [0]


def test_after_an_error_what_was_begun_is_yielded_and_nothing_more_begun() -> None:
    begun: list[int] = []
    raised = threading.Event()

    def work(item: int) -> int:
        begun.append(item)
        if item == 1:
            raised.set()
            raise ValueError("gone")
        assert raised.wait(30)
        return item

    got: list[int] = []
    with pytest.raises(ValueError, match="gone"):
        got.extend(one_by_one(work, 100, 2))
    assert got == [] or got == [0], "extend keeps what was yielded before the error"
    assert len(begun) <= 3


def test_a_closed_iterator_begins_nothing_more_and_waits_for_nothing() -> None:
    begun: list[int] = []
    never = threading.Event()

    def work(item: int) -> int:
        begun.append(item)
        if item:
            never.wait(30)
        return item

    results = as_they_come(work, range(100), 2)
    assert next(results) == [0]
    results.close()
    seen = len(begun)
    never.set()
    assert seen <= 3
    assert len(begun) <= seen + 1
