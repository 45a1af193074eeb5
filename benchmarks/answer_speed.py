"""Answering side by side: this package's answer pass and lm-eval's HFLM, on the same rendered prompts.

Two workloads of the knowledge task: retrieval prompts, which share little more than the system message, and
few-shot prompts, which share a long prefix. Each side first tries every batch size once, then the best of each run in
turn. Both get token-identical prompts, decode greedily in float32 and stop at a line break or the end token.
Run from the repository's root:

    python benchmarks/answer_speed.py

Prints medians, the paired ratio and every answer that differs; the last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.corpus.documents import read_corpus
from harness.corpus.embedder import SentenceTransformerEmbedder
from harness.corpus.retrievers import retrievers_of
from harness.engines.catalogue import DEFAULT_BASE, DEFAULT_EMBEDDER
from harness.engines.engine import Decoding, Request
from harness.engines.local import LocalModel
from harness.engines.store import ModelFolder, resolve
from harness.engines.tokens import encode, shared_prefix
from harness.engines.transformers_engine import TransformersEngine
from harness.files import cache_root
from harness.progress import Terminal
from harness.records import Question
from harness.run import batches
from harness.run.plan import setup_of
from harness.run.prepare import TaskContext
from harness.spec.strategy import STRATEGIES
from harness.spec.task import load_task

TASK = Path(__file__).parent.parent / "tasks" / "knowledge.yaml"
DECODING = Decoding(24, ("\n",))


@dataclass(frozen=True, slots=True)
class Workload:
    """Prompts of one strategy, and the ratio of questions per second that is asked for.

    `texts` and `tokens`: each prompt as it is rendered, and its token ids.
    """

    name: str
    questions: tuple[Question, ...]
    requests: tuple[Request, ...]
    texts: tuple[str, ...]
    tokens: tuple[tuple[int, ...], ...]
    target_ratio: float

    @property
    def shared(self) -> int:
        return shared_prefix(self.tokens)


@dataclass(frozen=True, slots=True)
class Run:
    """One pass over a workload: wall and processor time, the stripped answers in the order of the questions."""

    seconds: float
    cpu_seconds: float
    answers: tuple[str, ...]


Side = Callable[[Workload, int], Run]
"""Answers a workload at a batch size."""


def build_workloads(engine: TransformersEngine, count: int) -> list[Workload]:
    """Retrieval prompts with k=3 passages, and few-shot prompts with k=8 examples, for the same questions."""
    task = load_task(TASK)
    spec = task.spec.model_copy(
        update={
            "retrieval": task.spec.retrieval.model_copy(update={"k": 3}),
            "examples": task.spec.examples.model_copy(update={"k": 8}),
        }
    )
    task = replace(task, spec=spec)
    folder = resolve(DEFAULT_EMBEDDER, kind="embedder", cache=cache_root(), progress=Terminal())
    retrievers = retrievers_of(
        read_corpus(task.corpus or ""),
        SentenceTransformerEmbedder(folder.path, folder.name, folder.sha256, "cpu"),
        cache=cache_root(),
        progress=Terminal(),
    )
    context = TaskContext(task, engine, retrievers, seed=0)
    setup = setup_of(engine, DEFAULT_EMBEDDER, 0)
    works = []
    for name, target in (("rag", 1.0), ("few-shot", 2.0)):
        prompts = context.prompts(setup(task, STRATEGIES[name]), task.test[:count])
        requests = tuple(replace(prompt.request, decoding=DECODING) for prompt in prompts)
        texts = tuple(engine.show(request, ()).text for request in requests)
        tokens = tuple(encode(engine.model.chat, request).prompt for request in requests)
        works.append(Workload(name, task.test[:count], requests, texts, tokens, target))
    return works


@contextmanager
def batch_rows(rows: int) -> Iterator[None]:
    """Let `batches.plan_batches` put at most `rows` questions into a batch."""
    before, batches.BATCH_ROWS = batches.BATCH_ROWS, rows
    try:
        yield
    finally:
        batches.BATCH_ROWS = before


def program_side(engine: TransformersEngine) -> Side:
    """The answer pass without its files: the same plan of batches, the same calls of the engine."""

    def run(work: Workload, rows: int) -> Run:
        engine.load(None)
        engine._decoder._prefix = None  # a pass pays for its own prefix
        job = work.requests
        texts = [""] * len(job)
        start, cpu_start = time.perf_counter(), time.process_time()
        with batch_rows(rows):
            planned = batches.plan_batches([request.wanted for request in job], [*map(len, work.tokens)])
        for batch in planned:
            completions = engine.complete([job[at] for at in batch.places], job=job)
            for at, completion in zip(batch.places, completions, strict=True):
                texts[at] = completion.text
        seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
        return Run(seconds, cpu_seconds, tuple(text.strip() for text in texts))

    return run


def peer_side(folder: ModelFolder) -> tuple[Side, Any]:
    """lm-eval's HFLM over its own copy of the same folder; also returned itself, to check its tokens."""
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    model = HFLM(
        pretrained=str(folder.path), device="cpu", dtype="float32", batch_size=1, add_bos_token=False
    )
    # Unset fields would come from the checkpoint; the program decodes without any of them.
    end = model.tok_decode(model.eot_token_id, skip_special_tokens=False)
    settings = {
        "until": [*DECODING.stop, end],
        "max_gen_toks": DECODING.max_tokens,
        "do_sample": False,
        "num_beams": 1,
        "repetition_penalty": 1.0,
    }

    def run(work: Workload, rows: int) -> Run:
        model.batch_size_per_gpu = rows
        requests = [
            Instance("generate_until", {}, (text, dict(settings)), at) for at, text in enumerate(work.texts)
        ]
        start, cpu_start = time.perf_counter(), time.process_time()
        texts = model.generate_until(requests, disable_tqdm=True)
        seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
        return Run(seconds, cpu_seconds, tuple(text.strip() for text in texts))

    return run, model


def check_same_tokens(peer: Any, works: Sequence[Workload]) -> None:
    """Stop where the peer would read other tokens than the program."""
    for work in works:
        for text, tokens in zip(work.texts, work.tokens, strict=True):
            ids, mask = peer.tok_batch_encode([text])
            if tuple(ids[0].tolist()) != tokens or not bool(mask.all()):
                raise SystemExit("the peer tokenises a prompt differently; the comparison would not be fair")


def best_rows(side: Side, work: Workload, sizes: Sequence[int]) -> tuple[int, dict[int, float]]:
    """The fastest batch size of one pass each, and the questions per second of all of them.

    A single size needs no pass and has no speed.
    """
    if len(sizes) == 1:
        return sizes[0], {}
    speeds = {rows: len(work.requests) / side(work, rows).seconds for rows in sizes}
    return max(speeds, key=speeds.__getitem__), speeds


def measure(work: Workload, sides: dict[str, Side], sizes: Sequence[int], rounds: int) -> dict[str, Any]:
    """Tune both sides, then run them in turn; the figures of one workload."""
    rows, tried = {}, {}
    for name, side in sides.items():
        rows[name], speeds = best_rows(side, work, sizes)
        tried[name] = {str(size): round(speed, 3) for size, speed in speeds.items()}
        print(f"{work.name} {name:8} questions/s by batch size {tried[name]}", flush=True)
    done: list[dict[str, Run]] = []
    for number in range(1, rounds + 1):
        done.append({name: side(work, rows[name]) for name, side in sides.items()})
        for name, run in done[-1].items():
            speed = len(work.requests) / run.seconds
            print(
                f"{work.name} round {number} {name:8} {run.seconds:7.2f} s {speed:7.2f} questions/s",
                flush=True,
            )
    return summary(work, done, rows, tried)


def summary(
    work: Workload, done: Sequence[dict[str, Run]], rows: dict[str, int], tried: dict[str, dict[str, float]]
) -> dict[str, Any]:
    """Medians over the rounds; the ratio is the median of the rounds' own ratios."""
    count = len(work.requests)
    ratios = [run["peer"].seconds / run["program"].seconds for run in done]
    cpu_ratios = [run["peer"].cpu_seconds / run["program"].cpu_seconds for run in done]
    differing = [
        {"id": question.id, "program": program, "peer": peer}
        for question, program, peer in zip(
            work.questions, done[-1]["program"].answers, done[-1]["peer"].answers, strict=True
        )
        if program != peer
    ]
    return {
        "questions": count,
        "prompt_tokens_mean": round(statistics.mean(map(len, work.tokens)), 1),
        "shared_prefix_tokens": work.shared,
        "batch_rows": rows,
        "tried": tried,
        "questions_per_s": {
            name: round(statistics.median(count / run[name].seconds for run in done), 3) for name in rows
        },
        "ratio": round(statistics.median(ratios), 3),
        "ratios": [round(ratio, 3) for ratio in ratios],
        "cpu_ratio": round(statistics.median(cpu_ratios), 3),
        "identical_answers": count - len(differing),
        "differing": differing,
        "target_ratio": work.target_ratio,
        "reached": statistics.median(ratios) >= work.target_ratio and not differing,
    }


def show(name: str, figures: dict[str, Any]) -> None:
    speed = figures["questions_per_s"]
    print(f"{name}: program {speed['program']} questions/s, peer {speed['peer']} (medians), batches "
          f"of {figures['batch_rows']['program']} and {figures['batch_rows']['peer']}")  # fmt: skip
    print(
        f"{name}: ratio {figures['ratio']} (target {figures['target_ratio']}), in processor time "
        f"{figures['cpu_ratio']}; identical answers {figures['identical_answers']} of {figures['questions']}"
    )
    for row in figures["differing"]:
        print(f"  {row['id']}: program {row['program']!r}, peer {row['peer']!r}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Answering: this package's pass against lm-eval's HFLM.")
    parser.add_argument("--rounds", type=int, default=3, help="timed passes of each side")
    parser.add_argument("--questions", type=int, default=48, help="test questions of the knowledge task")
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[4, 8, 16], help="tried for both sides")
    return parser.parse_args()


def main() -> None:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    args = arguments()
    folder = resolve(DEFAULT_BASE, kind="base", cache=cache_root(), progress=Terminal())
    engine = TransformersEngine(LocalModel(folder, device="cpu", dtype="float32"))
    works = build_workloads(engine, args.questions)
    peer, model = peer_side(folder)
    check_same_tokens(model, works)
    sides = {"peer": peer, "program": program_side(engine)}
    outcome = {work.name: measure(work, sides, args.batch_sizes, args.rounds) for work in works}
    for name, figures in outcome.items():
        show(name, figures)
    print(json.dumps({"benchmark": "answer_speed", "rounds": args.rounds, "workloads": outcome}))


if __name__ == "__main__":
    main()
