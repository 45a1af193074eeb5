"""How many workers there are, and what each takes of a machine."""

from __future__ import annotations

import pytest

from harness.cluster.machines import Machine, Share
from harness.cluster.open import shares, sharing
from harness.errors import InputError

GB = 10**9


def machine(cpus: int, memory_gb: int, gpus: int = 0) -> Machine:
    return Machine("node", cpus, gpus, memory_gb * GB)


@pytest.mark.parametrize(
    ("machines", "limit", "expected"),
    [
        ([machine(2, 16)], None, (Share(1, 0, 4 * GB), 2)),  # a core each
        ([machine(8, 10)], None, (Share(4, 0, 4 * GB), 2)),  # memory for two, which share the cores
        ([machine(8, 64)], 2, (Share(4, 0, 4 * GB), 2)),
        ([machine(4, 64), machine(4, 64)], None, (Share(1, 0, 4 * GB), 8)),
        ([machine(4, 64), machine(2, 2)], None, (Share(1, 0, 4 * GB), 4)),  # the small one has no room
    ],
)
def test_workers_have_as_many_processors_as_memory_leaves_them(
    machines: list[Machine], limit: int | None, expected: tuple[Share, int]
) -> None:
    assert shares(machines, 4 * GB, limit, gpu=False) == expected


def test_each_gpu_has_a_worker() -> None:
    share, count = shares([machine(32, 256, gpus=8), machine(4, 16)], 4 * GB, None, gpu=True)
    assert (share, count) == (Share(4, 1, 0), 8)
    assert sharing([machine(32, 256, gpus=8)], share) == 1


def test_without_room_for_one_it_says_what_lacks() -> None:
    with pytest.raises(InputError, match=r"needs 4\.0 GB, and the largest has 3\.0 GB"):
        shares([machine(8, 3), machine(8, 2)], 4 * GB, None, gpu=False)


def test_workers_on_a_machine_share_it() -> None:
    assert sharing([machine(8, 64)], Share(2, 0, 0)) == 4
