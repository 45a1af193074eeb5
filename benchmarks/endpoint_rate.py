"""Questions per second against a server: our answer pass, evidence on disk, beside a plain thread pool.

Both send the same questions at the same number of requests at once, in turn, and each figure is the median of some
turns. What is lost between the two is what limits, retries, counting and writing cost. With `--servers` the questions
are spread over so many scripted servers instead, and the rate stands beside that many times the rate of the first.

    python -m benchmarks.endpoint_rate                                           # a scripted server, 50 ms a reply
    python -m benchmarks.endpoint_rate --server http://127.0.0.1:8000/v1#NAME --questions 48
    python -m benchmarks.endpoint_rate --servers 1 2 4 --reply-s 0.5 --at-once 8 --questions 640 --turns 1
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import openai

from harness.engines.endpoint.open import open_endpoint
from harness.engines.engine import Engine
from harness.run.answer import AnswerPass
from harness.run.folder import RunFolder
from harness.run.plan import Job, setup_of
from harness.run.prepare import ReadyJob, TaskContext, ready
from harness.spec.models import ModelEntry
from harness.spec.strategy import STRATEGIES
from harness.spec.task import load_task
from tests.fakes import Silent
from tests.run.worlds import run_of, write_task

SERVER = """
import sys, time
from tests.servers import ScriptedServer

def reply(messages):
    time.sleep(float(sys.argv[1]))
    return "forty-two"

with ScriptedServer(reply) as server:
    print(server.reference, flush=True)
    sys.stdin.read()
"""


def jobs_of(place: Path, engine: Engine, count: int) -> ReadyJob:
    """A task of short questions under the bare model."""
    test = [{"id": f"q{n}", "question": f"What is number {n}?", "answers": [str(n)]} for n in range(count)]
    task = load_task(write_task(place, test=test, with_corpus=False, with_train=False))
    system = setup_of(engine, "none", 0)(task, STRATEGIES["base"])
    return ready(Job(task.name, system), TaskContext(task, engine, None, 0))


def ours(job: ReadyJob, engine: Engine, place: Path) -> float:
    """Seconds of the pass over all questions, from the first request to the last line of evidence."""
    folder = RunFolder.create(place, run_of())
    start = time.perf_counter()
    AnswerPass(engine, folder, None, Silent(), time.perf_counter).run(job, None)
    seconds = time.perf_counter() - start
    assert len(folder.settled(job.job.task, job.job.system.id, 0)) == len(job.questions)
    return seconds


def plain(job: ReadyJob, reference: str, at_once: int) -> float:
    """Seconds of the same requests, sent by a thread pool that looks at nothing but the status."""
    url, _, name = reference.partition("#")
    with (
        openai.DefaultHttpxClient(timeout=600, trust_env=False, verify=False) as client,
        ThreadPoolExecutor(at_once) as pool,
    ):

        def ask(place: int) -> None:
            request = job.prompts[place].request
            assert not isinstance(request.prompt, str)
            messages = [{"role": turn.role, "content": turn.content} for turn in request.prompt]
            body = {
                "model": name, "messages": messages, "max_tokens": request.decoding.max_tokens, "temperature": 0,
                "top_p": 1, "seed": 0, "stop": list(request.decoding.stop),
            }  # fmt: skip
            client.post(f"{url}/chat/completions", json=body).raise_for_status()

        start = time.perf_counter()
        list(pool.map(ask, range(len(job.prompts))))
        return time.perf_counter() - start


def measure(reference: str, at_once: int, count: int, turns: int, home: Path) -> dict[str, float]:
    entry = ModelEntry(model=reference, concurrency=at_once)
    engine = open_endpoint(entry, cache=home / "cache", progress=Silent(), environment={})
    place = home / f"at{at_once}"
    job = jobs_of(place, engine, count)
    plain(job, reference, at_once)  # connections and the server's own first steps
    seconds: dict[str, list[float]] = {"ours": [], "plain": []}
    for turn in range(turns):
        seconds["plain"].append(plain(job, reference, at_once))
        seconds["ours"].append(ours(job, engine, place / f"run{turn}"))
    rates = {name: count / statistics.median(values) for name, values in seconds.items()}
    return {"at_once": at_once, **rates, "share": rates["ours"] / rates["plain"]}


def spread(references: list[str], at_once: int, count: int, turns: int, home: Path) -> dict[str, float]:
    """Questions per second over several servers, each asked `at_once` at once."""
    first, *others = references
    endpoints = tuple(other.partition("#")[0] for other in others)
    entry = ModelEntry(model=first, endpoints=endpoints, concurrency=at_once)
    engine = open_endpoint(entry, cache=home / "cache", progress=Silent(), environment={})
    place = home / f"on{len(references)}"
    job = jobs_of(place, engine, count)
    seconds = statistics.median(ours(job, engine, place / f"run{turn}") for turn in range(turns))
    return {"servers": len(references), "at_once": at_once, "ours": count / seconds}


@contextlib.contextmanager
def scripted(reply_s: float) -> Iterator[str]:
    """A server in a process of its own; what a person would give to --model."""
    command = [sys.executable, "-c", SERVER, str(reply_s)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.communicate()


def scaling(options: argparse.Namespace) -> None:
    """Print how the rate grows with the servers."""
    with contextlib.ExitStack() as stack, tempfile.TemporaryDirectory() as home:
        all_of_them = [stack.enter_context(scripted(options.reply_s)) for _ in range(max(options.servers))]
        at_once, count, turns = options.at_once[-1], options.questions, options.turns
        rows = [spread(all_of_them[:n], at_once, count, turns, Path(home)) for n in options.servers]
    for row in rows:
        row["share"] = row["ours"] / row["servers"] / (rows[0]["ours"] / rows[0]["servers"])
        print(f"{row['servers']:2.0f} servers: {row['ours']:7.1f} questions/s, {row['share']:.0%} of linear")
    print(json.dumps(rows))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--server", metavar="URL#NAME", help="a server that runs (default: a scripted one)")
    parser.add_argument(
        "--reply-s", type=float, default=0.05, help="seconds that a reply of the scripted one takes"
    )
    parser.add_argument("--questions", type=int, default=160)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--at-once", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument(
        "--servers", type=int, nargs="+", metavar="N", help="spread the questions over N scripted servers"
    )
    options = parser.parse_args()
    if options.servers:
        scaling(options)
        return
    with contextlib.ExitStack() as stack, tempfile.TemporaryDirectory() as home:
        reference = options.server or stack.enter_context(scripted(options.reply_s))
        rows = [
            measure(reference, at_once, options.questions, options.turns, Path(home))
            for at_once in options.at_once
        ]
    for row in rows:
        print(f"{row['at_once']:3.0f} at once: {row['ours']:7.1f} questions/s, plain {row['plain']:7.1f}, "
              f"{row['share']:.0%}")  # fmt: skip
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
