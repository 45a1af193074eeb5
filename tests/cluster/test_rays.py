"""What Ray says of lost workers, in the words of a run."""

from __future__ import annotations

import signal

import pytest

from harness.cluster import rays


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("The actor died because its node has died. Node Id: 4f2e", "its machine is gone"),
        (
            "its worker process has died. Node Id: 4f2e. (1) SIGKILL by OOM killer due to high memory usage.",
            "its process ended",
        ),
        ("Task was killed due to the node running low on memory.", "its machine ran out of memory"),
    ],
)
def test_a_lost_worker_is_told_from_a_lost_machine(said: str, why: str) -> None:
    assert rays._why(RuntimeError(said)) == why


def test_signals_are_the_runs_own_beside_ray() -> None:
    """Ray ends a process at SIGTERM, and a run that is asked to stop says how to go on."""
    pytest.importorskip("ray")
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    with rays.joined(rays.LOCAL, "signals"):
        assert [signal.getsignal(number) for number in numbers] == before
    assert [signal.getsignal(number) for number in numbers] == before
