"""The whole program against a server that fails in every way: complete, or it says what is missing; never wrong."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main
from harness.engines.endpoint.asking import Patience
from harness.engines.endpoint.open import open_endpoint
from tests.commands import one_document
from tests.run.worlds import manifest, rows, write_task
from tests.servers import Fault, ScriptedServer, hang_up, plainly, status, streaming

QUESTIONS = 24
ROOT = Path(__file__).parents[2]


def reply(messages: list[dict[str, str]]) -> str:
    """The right answer: the questions ask for their own number."""
    return messages[-1]["content"].split("number ")[1].split("?")[0]


@pytest.fixture(autouse=True)
def _impatient(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits between attempts."""
    patience = Patience(attempts=3, first_s=0.001, longest_s=0.01)
    monkeypatch.setitem(open_endpoint.__kwdefaults__, "patience", patience)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(reply) as running:
        yield running


def task(folder: Path, count: int = QUESTIONS) -> Path:
    test = [{"id": f"q{n}", "question": f"What is number {n}?", "answers": [str(n)]} for n in range(count)]
    return write_task(folder, test=test, with_corpus=False, with_train=False)


def compare(server: ScriptedServer, *more: str, concurrency: int = 4, price: str = "") -> int:
    models = Path("models.yaml")
    models.write_text(
        f"models:\n- model: {server.reference}\n  concurrency: {concurrency}\n{price}", encoding="utf-8"
    )
    return main(
        ["compare", str(task(Path.cwd())), "--strategies", "base", "--models", str(models), "--guard", "none",
         *(() if "--latency-queries" in more else ("--latency-queries", "0")), *more]
    )  # fmt: skip


def accuracy(run: Path) -> tuple[float, int]:
    results = json.loads((run / "results.json").read_text())
    found = results["tasks"]["workshop"]["strategies"]["base"]["accuracy"]
    return found["mean"], found["n"]


def for_numbers(fault: Fault, *numbers: int, times: int = 10**6) -> Fault:
    """A fault that meets the questions with these numbers so often, and no others."""
    met: Counter[str] = Counter()

    def meet(handler: Any, body: dict[str, Any]) -> None:
        number = reply(body["messages"])
        if int(number) in numbers and met[number] < times:
            met[number] += 1
            return fault(handler, body)
        return handler.server.script.answer(handler, body)

    return meet


FAULTS = {
    "429": status(429),
    "429 with a time to wait": status(429, headers={"Retry-After": "0"}),
    "500": status(500),
    "hang up": hang_up,
    "error in HTTP 200": plainly(json.dumps({"error": {"message": "overloaded", "code": 503}})),
    "another encoding": plainly('{"choices": [{"message": {"content": "é"}}]}'.encode("latin-1")),
    "not JSON": plainly("<html>busy</html>"),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_that_passes_leaves_a_run_complete(
    server: ScriptedServer, tmp_path: Path, fault: Fault
) -> None:
    server.always = for_numbers(fault, 3, 11, times=1)
    assert compare(server, "--output", "run") == 0
    assert accuracy(tmp_path / "run") == (1.0, QUESTIONS)
    assert {row["attempts"] for row in rows(tmp_path / "run", "answers")} == {1, 2}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_that_stays_is_missing_and_never_wrong(
    server: ScriptedServer, tmp_path: Path, fault: Fault, capsys: pytest.CaptureFixture[str]
) -> None:
    server.always = for_numbers(fault, 3, 11)
    assert compare(server, "--output", "run") == 1
    said = capsys.readouterr().err
    assert "2 answers of 24 could not be had: " in said
    assert (
        "(2). They count neither as right nor as wrong. Ask for them again with: harness compare --resume run"
        in said
    )
    assert "Traceback" not in said
    assert accuracy(tmp_path / "run") == (1.0, QUESTIONS - 2), "a failure is no wrong answer"
    assert manifest(tmp_path / "run")["status"] == "interrupted"
    server.always, before = None, len(server.asked)
    assert main(["compare", "--resume", "run"]) == 0
    assert len(server.asked) - before == 2
    assert accuracy(tmp_path / "run") == (1.0, QUESTIONS)


def test_a_key_that_is_refused_ends_the_run_with_a_sentence(
    server: ScriptedServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.always = status(401, "Incorrect API key provided")
    assert compare(server, "--output", "run") == 1
    said = capsys.readouterr().err
    assert "go on with: harness compare --resume" in said
    assert "Traceback" not in said
    assert len(server.asked) <= 2 * 4
    server.always = None
    assert main(["compare", "--resume", "run"]) == 0
    assert accuracy(tmp_path / "run") == (1.0, QUESTIONS)


@pytest.mark.parametrize("concurrency", [1, 4, 16])
def test_a_server_that_dies_half_way_and_comes_back(
    server: ScriptedServer, tmp_path: Path, concurrency: int
) -> None:
    """Refused connections are tried again; then the server is taken to be gone, and the run resumed."""
    at = threading.Event()

    def dies(handler: Any, body: dict[str, Any]) -> None:
        if len(server.asked) > QUESTIONS // 2:
            at.set()
            return hang_up(handler, body)
        return server.answer(handler, body)

    server.always = dies
    assert compare(server, "--output", "run", concurrency=concurrency) == 1
    assert at.is_set()
    answered = len(rows(tmp_path / "run", "answers"))
    assert answered == QUESTIONS // 2
    server.always, before = None, len(server.asked)
    assert main(["compare", "--resume", "run"]) == 0
    assert len(server.asked) - before == QUESTIONS - answered, "nothing is asked twice"
    assert accuracy(tmp_path / "run") == (1.0, QUESTIONS)
    assert len({row["question_id"] for row in rows(tmp_path / "run", "answers")}) == QUESTIONS


def test_a_cut_stream_is_no_timing(server: ScriptedServer, tmp_path: Path) -> None:
    def cut(handler: Any, body: dict[str, Any]) -> None:
        fault = streaming(["{}"], done=False) if body.get("stream") else None
        return fault(handler, body) if fault else server.answer(handler, body)

    server.always = cut
    assert compare(server, "--output", "run", "--latency-queries", "3") == 0
    assert rows(tmp_path / "run", "timings") == []
    lost = rows(tmp_path / "run", "failures")
    assert [row["timed"] for row in lost] == [True] * 3
    assert accuracy(tmp_path / "run") == (1.0, QUESTIONS)


def test_a_question_that_fails_when_it_is_asked_again_is_told(
    server: ScriptedServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def second(handler: Any, body: dict[str, Any]) -> None:
        asked = [reply(one["messages"]) for one in server.asked].count("3")
        if asked > 1 and reply(body["messages"]) == "3":
            return status(500)(handler, body)
        return server.answer(handler, body)

    server.always = second
    assert compare(server, "--output", "run", "--repeat", "2") == 1
    assert "some answers to questions that were asked again could not be had" in capsys.readouterr().err
    assert accuracy(tmp_path / "run") == (1.0, QUESTIONS)
    server.always = None
    assert main(["compare", "--resume", "run"]) == 0
    assert len(rows(tmp_path / "run", "repeats")) == QUESTIONS


class Slow:
    """A run in a process of its own, whose server answers nine questions and then nothing until it may."""

    def __init__(self, server: ScriptedServer, folder: Path, concurrency: int) -> None:
        self.server, self.run = server, folder / "run"
        self.until = threading.Event()
        self._asked = itertools.count(1)
        server.always = self._answer
        (folder / "models.yaml").write_text(
            f"models:\n- model: {server.reference}\n  concurrency: {concurrency}\n"
        )
        command = [
            "compare", str(task(folder)), "--strategies", "base", "--models", "models.yaml", "--latency-queries", "0",
            "--guard", "none", "--output", "run",
        ]  # fmt: skip
        env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "harness", *command], env=env, stderr=subprocess.PIPE, text=True
        )

    def _answer(self, handler: Any, body: dict[str, Any]) -> None:
        if next(self._asked) > 9:  # each question knows its place, however many come at once
            self.until.wait(300)
        return self.server.answer(handler, body)

    def end_by(self, what: signal.Signals) -> str:
        """Send a signal once nine answers are there; what it said on its way out."""
        while len(rows(self.run, "answers")) < 9 and self.process.poll() is None:
            time.sleep(0.01)
        self.process.send_signal(what)
        said = self.process.communicate(timeout=120)[1]
        self.until.set()
        return said

    def go_on(self) -> None:
        """Resume it: what was not answered is asked, and nothing else."""
        kept = {row["question_id"] for row in rows(self.run, "answers")}
        assert len(kept) == 9
        self.server.always, before = None, len(self.server.asked)
        assert main(["compare", "--resume", "run"]) == 0
        again = [f"q{reply(body['messages'])}" for body in self.server.asked[before:]]
        assert sorted(again) == sorted({f"q{n}" for n in range(QUESTIONS)} - kept)
        assert accuracy(self.run) == (1.0, QUESTIONS)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL on this platform")
def test_a_kill_in_the_middle_loses_nothing_but_what_was_on_its_way(
    server: ScriptedServer, tmp_path: Path
) -> None:
    slow = Slow(server, tmp_path, 4)
    slow.end_by(signal.SIGKILL)
    assert slow.process.returncode == -signal.SIGKILL
    slow.go_on()


@pytest.mark.skipif(os.name == "nt", reason="a process cannot be sent Ctrl-C there")
def test_ctrl_c_does_not_wait_for_a_server_that_hangs(server: ScriptedServer, tmp_path: Path) -> None:
    slow = Slow(server, tmp_path, 4)
    said = slow.end_by(signal.SIGINT)
    assert slow.process.returncode == 1
    assert "stopped. What was answered is kept; go on with: harness compare --resume run" in said
    assert "Traceback" not in said
    slow.go_on()


# Before the first request

PRICED = "  usd_per_mtok: {input: 1, output: 10}\n"


def test_a_dry_run_prints_the_plan_and_writes_nothing(
    server: ScriptedServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare(server, "--output", "run", "--dry-run", price=PRICED) == 0
    said = capsys.readouterr().out
    assert "In all 24 requests" in said
    assert "servers cost $" in said
    assert server.asked == []
    assert not (tmp_path / "run").exists()


def test_a_dry_run_as_json(server: ScriptedServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare(server, "--output", "run", "--dry-run", "--json", price=PRICED) == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["requests"] == 24
    assert plan["usd_most"] > plan["usd_least"] > 0
    assert [row["system"] for row in plan["jobs"]] == ["base"]


def test_json_is_of_a_dry_run_alone(server: ScriptedServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare(server, "--json") == 2
    assert "--json prints a plan: add --dry-run" in capsys.readouterr().err


def test_a_limit_is_refused_with_2_before_and_stops_with_1_on_the_way(
    server: ScriptedServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare(server, "--output", "none", "--max-usd", "0.000001", price=PRICED) == 2
    assert server.asked == []
    capsys.readouterr()
    assert compare(server, "--output", "plan", "--dry-run", "--json", price=PRICED) == 0
    plan = json.loads(capsys.readouterr().out)
    limit = plan["usd_least"] * 1.3
    server.usage = lambda _prompt, _reply: {"prompt_tokens": 9, "completion_tokens": 8}
    assert compare(server, "--output", "run", "--max-usd", f"{limit:.9f}", price=PRICED, concurrency=1) == 1
    assert "stopped: the next request may cost" in capsys.readouterr().err
    answered = len(rows(tmp_path / "run", "answers"))
    assert 0 < answered == len(server.asked) < QUESTIONS
    assert main(["compare", "--resume", "run", "--max-usd", "1"]) == 0
    assert len(server.asked) == QUESTIONS
    assert accuracy(tmp_path / "run") == (1.0, QUESTIONS)


def test_a_stopped_run_says_what_is_left_as_json(
    server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.always = for_numbers(status(500), 3)
    assert compare(server, "--output", "run", price=PRICED) == 1
    capsys.readouterr()
    plan = one_document(capsys, "compare", "--resume", "run", "--dry-run", "--json")
    assert (plan["requests"], plan["jobs"][0]["known"]) == (1, QUESTIONS - 1)
    assert plan["usd_spent"] > 0
