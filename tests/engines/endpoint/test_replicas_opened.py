"""One model on several servers: which belong together is found out before the first question; one is timed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.errors import InputError, ModelUnavailable, NoAnswer
from tests.engines.endpoint.replicas import Servers, ask_all, asked_of, world_of
from tests.servers import Body, status


def llama(vocabulary: int) -> list[Body]:
    return [{"id": "served", "meta": {"n_vocab": vocabulary, "n_ctx_train": 4096}}]


@pytest.mark.parametrize(
    ("first", "other", "words"),
    [
        (None, [{"id": "another"}], "it has no model 'served', but another"),
        (None, [{"id": "served", "max_model_len": 2048}], "its window of 'served' is 2,048, not 4,096"),
        (llama(32000), llama(128256), "its vocabulary of 'served' is 128,256, not 32,000"),
        (
            [{"id": "served", "root": "org/seven"}],
            [{"id": "served", "root": "org/seven-base"}],
            "its 'served' is org/seven-base, not org/seven",
        ),
    ],
)
def test_a_server_with_another_model_is_refused(
    servers: Servers, first: list[Body] | None, other: list[Body], words: str
) -> None:
    servers[0].models, servers[1].models = first or servers[0].models, other
    with pytest.raises(InputError) as caught:
        world_of(servers)
    a, b = servers[0].url, servers[1].url
    assert str(caught.value).startswith(f"{b} is no server of the model of {a}: {words}. Leave it out")
    assert asked_of(servers) == {}


@pytest.mark.parametrize(
    "other",
    [
        [],
        [{"id": "served"}],
        [{"id": "served", "max_model_len": 4096, "root": "/models/seven"}, {"id": "more"}],
    ],
)
def test_what_a_server_does_not_say_is_no_difference(servers: Servers, other: list[Body]) -> None:
    servers[1].models = other
    ask_all(world_of(servers[:2]), 8)


def test_an_adapter_has_to_be_on_every_server(servers: Servers) -> None:
    servers[0].models = [*servers[0].models, {"id": "tuned", "parent": "served"}]
    adapters = {"task": {"model": "tuned"}}
    with pytest.raises(InputError, match="it has no model 'tuned', but served"):
        world_of(servers, adapters=adapters)


def test_servers_that_are_away_at_the_start_are_left_out(servers: Servers) -> None:
    servers[0].stop()
    world = world_of(servers[:2])
    ask_all(world, 20)
    assert [note.split(" (")[0] for note in world.progress.notes] == [
        f"served: {servers[0].url} is left out: the server cannot be reached"
    ]
    assert world.engine.identity.server == servers[0].url, "its name is that of the first, there or not"
    servers[1].stop()
    with pytest.raises(ModelUnavailable, match="cannot be reached"):
        world_of(servers[:2])


def test_a_key_that_one_refuses_is_said_at_once_and_in_no_message(servers: Servers) -> None:
    servers[1].get_faults.append(status(401, "Incorrect key sk-very-secret"))
    with pytest.raises(ModelUnavailable) as caught:
        world_of(servers, environment={"KEY": "sk-very-secret"}, key_env="KEY")
    assert servers[1].url in str(caught.value)
    assert "secret" not in str(caught.value)
    world = world_of(servers, environment={"KEY": "sk-very-secret"}, key_env="KEY")
    ask_all(world, 12)
    assert {server.headers[-1]["authorization"] for server in servers} == {"Bearer sk-very-secret"}


def test_a_server_that_is_named_twice_is_one(servers: Servers) -> None:
    same = [servers[0].url, servers[0].url.removesuffix("v1"), servers[1].url]
    assert world_of(servers[:1], endpoints=same).engine.concurrency == 8


def test_one_server_alone_is_timed(servers: Servers) -> None:
    world = world_of(servers)
    for _ in range(5):
        world.time()
    assert [len(server.asked) for server in servers] == [5, 0, 0]
    assert world.progress.notes == [f"served: {servers[0].url} is timed, and no other server."]
    servers[0].stop()
    with pytest.raises(NoAnswer):
        world.time()
    world.time()
    assert world.progress.notes[-1] == f"served: {servers[1].url} is timed, and no other server."


def test_servers_on_one_host_are_one_machine(servers: Servers) -> None:
    far = [f"http://10.255.255.{n}:9/v1" for n in (1, 2)]
    world = world_of(servers)
    assert world.engine.facts().machines == 1
    addresses = [server.client.address for server in world.engine._servers.all]
    for server, address, url in zip(world.engine._servers.all[1:], addresses[1:], far, strict=True):
        server.client.address = replace(address, url=url)
    assert world.engine.facts().machines == 3
    world.engine._servers.leave_out(world.engine._servers.all[1], "gone")
    assert world.engine.facts().machines == 2
