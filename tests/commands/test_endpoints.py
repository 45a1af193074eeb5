"""`compare --endpoints`: one model on several servers gives the evidence of one, however a run goes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main
from tests.commands import test_servers
from tests.commands.test_servers import QUESTIONS, ROOT, accuracy, reply, task
from tests.run.worlds import manifest, rows
from tests.servers import Body, Fault, Handler, ScriptedServer, hang_up, plainly, status

_impatient = test_servers._impatient
Servers = list[ScriptedServer]
FLAGS = ("--strategies", "base", "--guard", "none", "--latency-queries", "0", "--no-cache")


@pytest.fixture
def servers() -> Iterator[Servers]:
    with ExitStack() as stack:
        yield [stack.enter_context(ScriptedServer(reply)) for _ in range(3)]


def further(servers: Servers) -> list[str]:
    urls = ",".join(server.url for server in servers)
    return ["--endpoints", urls] if servers else []


def compare(servers: Servers, output: str, *more: str) -> int:
    file = str(task(Path.cwd()))
    model = ["--model", servers[0].reference, *further(servers[1:])]
    return main(["compare", file, *model, *FLAGS, "--output", output, *more])


def evidence(run: Path) -> list[Any]:
    """The answers of a run, without what depends on how it went: how often each was asked for."""
    return sorted(json.dumps({**row, "attempts": 0}, sort_keys=True) for row in rows(run, "answers"))


def asked(servers: Servers) -> Counter[str]:
    return Counter(reply(body["messages"]) for server in servers for body in server.asked)


def test_two_and_three_servers_give_the_evidence_of_one(servers: Servers, tmp_path: Path) -> None:
    for count in (1, 2, 3):
        for server in servers:
            server.asked.clear()
        assert compare(servers[:count], f"run{count}") == 0
        assert asked(servers) == {str(n): 1 for n in range(QUESTIONS)}
        assert all(server.asked for server in servers[:count])
    one, two, three = (evidence(tmp_path / f"run{count}") for count in (1, 2, 3))
    assert one == two == three
    assert len(one) == QUESTIONS
    kept = manifest(tmp_path / "run3")
    assert kept["model"]["server"] == servers[0].url
    assert kept["model"]["endpoints"] == [server.url for server in servers[1:]]
    page = (tmp_path / "run3" / "report.md").read_text()
    assert str(servers[2].port) in page
    assert "; timed at one server" in page


@pytest.mark.parametrize("fault", [status(500), status(429), hang_up, plainly('{"choices": [')])
def test_a_server_that_fails_costs_no_answer(servers: Servers, tmp_path: Path, fault: Fault) -> None:
    servers[1].always = fault
    assert compare(servers[:2], "run") == 0
    assert accuracy(tmp_path / "run") == (1.0, QUESTIONS)
    assert {row["attempts"] for row in rows(tmp_path / "run", "answers")} <= {1, 2}


def test_a_run_that_lost_all_its_servers_goes_on_at_others(servers: Servers, tmp_path: Path) -> None:
    first, second, third = servers
    assert compare([third], "unbroken") == 0

    def dies(handler: Handler, body: Body) -> None:
        gone = len(first.asked) + len(second.asked) > QUESTIONS // 2
        (hang_up if gone else handler.server.script.answer)(handler, body)

    first.always = second.always = dies
    assert compare([first, second], "run") == 1
    answered = len(rows(tmp_path / "run", "answers"))
    assert 0 < answered < QUESTIONS
    first.stop()
    second.stop()
    third.asked.clear()
    assert main(["compare", "--resume", "run", "--endpoints", third.url]) == 0
    assert len(third.asked) == QUESTIONS - answered
    # What a server is called is a detail of how it is run: the answers are those of the same system.
    assert [_nameless(row) for row in evidence(tmp_path / "run")] == [
        _nameless(row) for row in evidence(tmp_path / "unbroken")
    ]
    assert len({row["system"] for row in rows(tmp_path / "run", "answers")}) == 1
    assert manifest(tmp_path / "run")["model"]["endpoints"] == [second.url, third.url]


def _nameless(row: str) -> dict[str, Any]:
    return {name: value for name, value in json.loads(row).items() if name != "system"}


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL on this platform")
def test_a_killed_run_goes_on_and_asks_nothing_twice(servers: Servers, tmp_path: Path) -> None:

    def slowly(messages: list[dict[str, str]]) -> str:
        time.sleep(0.5)
        return reply(messages)

    for server in servers:
        server.reply = slowly
    (tmp_path / "models.yaml").write_text(
        f"models:\n- model: {servers[0].reference}\n  concurrency: 2\n  endpoints: [{servers[1].url}]\n"
    )
    command = ["compare", str(task(tmp_path)), "--models", "models.yaml", *FLAGS, "--output", "run"]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    process = subprocess.Popen([sys.executable, "-m", "harness", *command], env=env)
    deadline = time.monotonic() + 60
    while len(rows(tmp_path / "run", "answers")) < 5 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.kill()
    process.wait()
    kept = {row["question_id"] for row in rows(tmp_path / "run", "answers")}
    assert 5 <= len(kept) < QUESTIONS
    for server in servers:
        server.reply = reply
        server.asked.clear()
    assert main(["compare", "--resume", "run"]) == 0
    assert asked(servers) == {str(n): 1 for n in range(QUESTIONS) if f"q{n}" not in kept}
    assert accuracy(tmp_path / "run") == (1.0, QUESTIONS)


# What a person wrote


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--model", "scripted:x.jsonl"], "--endpoints is for a run of one served model"),
        (["--model", "a=http://h/v1#x", "--model", "b=http://h/v1#y"], "write endpoints into their rows"),
        ([], "--endpoints is for a run of one served model"),
        (["--model", "openai:gpt"], "endpoints are further servers of a model that is named http://"),
    ],
)
def test_endpoints_are_of_one_served_model(
    given: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", str(task(Path.cwd())), *given, "--endpoints", "http://other/v1"]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("other:8000", "is no address; a further server is written http://HOST:PORT/v1."),
        ("http://other/v1#name", "names a model behind its #"),
        ("http://me:secret@other/v1", "holds a user or a password"),
        ("http://other/v1?key=secret", "has a question mark"),
    ],
)
def test_an_address_that_is_none_is_said_without_its_secrets(
    address: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--model", "http://h/v1#x", "--endpoints", address]
    assert main(["compare", str(task(Path.cwd())), *given]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert "secret" not in said


def test_a_file_says_where_an_address_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    Path("models.yaml").write_text("models:\n- model: http://h/v1#x\n  endpoints:\n  - other:8000\n")
    assert main(["compare", str(task(Path.cwd())), "--models", "models.yaml"]) == 2
    assert "models.yaml:4:5: models[0].endpoints[0]: is no address" in capsys.readouterr().err
