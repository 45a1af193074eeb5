"""A million passages: built in bounded memory, killed and resumed, searched, and refreshed after a change.

Embedding a million passages for real takes hours on a processor, so an embedder is made up: a vector is the sum of
random vectors of its words, which takes microseconds. Everything else is the program's own way: cutting, shards, index,
sidecar, search. The first build is killed (SIGKILL) when half of the vectors are there, and resumed.

    python -m benchmarks.large_index --passages 1000000
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.corpus.building import open_dense
from harness.corpus.document import Document
from harness.corpus.documents import Corpus
from harness.corpus.embedder import Prefixes
from harness.corpus.index import PassageIndex
from harness.corpus.vectors import SHARD
from harness.progress import Terminal
from harness.records import Inventory
from harness.spec.context import Retrieved

TOPICS, TOPIC_WORDS, VOCABULARY, LENGTH = 2000, 300, 20_000, 12


class MadeUp:
    """An embedder without weights: texts that share words lie close."""

    name = "made-up"
    sha256 = "0" * 64
    max_tokens = 64
    prefixes = Prefixes()

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self._table = np.random.default_rng(0).normal(size=(VOCABULARY, dimension)).astype(np.float32)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [2 + text.count(" ") + text.count("\n") for text in texts]

    def embed_documents(
        self, texts: Sequence[str], _prefix: str, advance: Callable[[int], None]
    ) -> NDArray[np.float32]:
        rows = [[zlib.crc32(word.encode()) % VOCABULARY for word in text.split()] for text in texts]
        vectors = np.stack([self._table[row].sum(axis=0) for row in rows])
        advance(len(texts))
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)

    def embed_queries(self, texts: Sequence[str], _prefix: str) -> NDArray[np.float32]:
        return self.embed_documents(texts, _prefix, lambda _count: None)


def corpus(passages: int, changed: int = 0) -> Corpus:
    """Documents of one passage each, every one about one of the topics; the first `changed` in other words."""
    chance = random.Random(0)
    topics = [[f"w{chance.randrange(10**6)}" for _ in range(TOPIC_WORDS)] for _ in range(TOPICS)]
    documents = []
    for n in range(passages):
        text = " ".join(chance.choices(topics[chance.randrange(TOPICS)], k=LENGTH))
        documents.append(Document(f"d{n:08d}", "", f"{text} again" if n < changed else text))
    inventory = Inventory(files=1, documents=passages, characters=0)
    return Corpus(tuple(documents), inventory)


def build(
    options: argparse.Namespace, cache: Path, changed: int = 0
) -> tuple[PassageIndex, dict[str, object]]:
    """The index, and what building it took here."""
    made = corpus(options.passages, changed)
    before, started, processor = peak_gb(), time.perf_counter(), time.process_time()
    way = Retrieved(3, 64, 0, 2048, MadeUp.name)
    index, info = open_dense(made, MadeUp(options.dimension), way, cache=cache, progress=Terminal())
    return index, {
        "kind": info.kind,
        "passages": info.passages,
        "recall_at_10": info.recall,
        "recall_queries": info.recall_queries,
        "embedded_anew": info.new_passages,
        "wall_s": round(time.perf_counter() - started, 1),
        "cpu_s": round(time.process_time() - processor, 1),
        "whole_s": round(info.seconds, 1),
        "disk_gb": round(info.bytes / 1e9, 2),
        "corpus_gb": round(before, 2),
        "peak_gb": round(peak_gb(), 2),
    }


def peak_gb() -> float:
    """The most memory that this process held so far; mapped files count as far as they were in memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def killed(options: argparse.Namespace, cache: Path) -> int:
    """Build in another process, kill it when half of the vectors are there; how many are."""
    words = [
        "--passages",
        str(options.passages),
        "--dimension",
        str(options.dimension),
        "--only-build",
        str(cache),
    ]
    child = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.large_index", *words], stdout=subprocess.DEVNULL
    )
    while child.poll() is None and shards(cache) * SHARD < options.passages / 2:
        time.sleep(0.2)
    if child.poll() is None:
        os.kill(child.pid, signal.SIGKILL)
    child.wait()
    return shards(cache) * SHARD


def shards(cache: Path) -> int:
    return sum(1 for _ in cache.glob("vectors/*.shard"))


def search(index: PassageIndex, options: argparse.Namespace) -> dict[str, float]:
    """Milliseconds of single searches, the embedding of the query left out."""
    step = max(options.passages // options.queries, 1)
    texts = [index.passages[place].text for place in range(0, options.passages, step)]
    vectors = MadeUp(options.dimension).embed_queries([" ".join(text.split()[::2]) for text in texts], "")
    for place in range(3):
        next(index.search(vectors[place : place + 1], 10))
    wall, processor = [], []
    for place in range(len(vectors)):
        started, used = time.perf_counter(), time.process_time()
        next(index.search(vectors[place : place + 1], 10))
        wall.append(1000 * (time.perf_counter() - started))
        processor.append(1000 * (time.process_time() - used))
    tail = statistics.quantiles(wall, n=20)[-1]
    return {
        "median_ms": round(statistics.median(wall), 2),
        "p95_ms": round(tail, 2),
        "median_cpu_ms": round(statistics.median(processor), 2),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=1_000_000)
    parser.add_argument("--dimension", type=int, default=384)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--changed", type=int, default=0, help="build again with so many documents changed")
    parser.add_argument("--only-build", type=Path, metavar="FOLDER", help="what is killed: one build there")
    options = parser.parse_args()
    if options.only_build:
        build(options, options.only_build)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        kept = killed(options, Path(folder))
        index, built = build(options, Path(folder))
        figures: dict[str, object] = {
            "kept_of_killed": kept,
            "build": built,
            "search": search(index, options),
        }
        if options.changed:
            figures["refresh"] = build(options, Path(folder), options.changed)[1]
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
