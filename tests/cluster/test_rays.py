"""What Ray says of lost workers, in the words of a run."""

from __future__ import annotations

import pytest

from harness.cluster import rays


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("The actor died because its node has died. Node Id: 4f2e", "its machine is gone"),
        ("The actor is dead because its worker process has died. Node Id: 4f2e", "its process ended"),
    ],
)
def test_a_lost_worker_is_told_from_a_lost_machine(said: str, why: str) -> None:
    assert rays._why(RuntimeError(said)) == why
