"""How near training comes to what the processor's matrix product can do, in processor time.

The limit: the products that LoRA cannot do without (forward, gradient of the input, the adapter's own; nothing for
what is shared or masked), at the rate that torch multiplies matrices of this model's shapes with here. Both are
measured in turn, so that what else runs on the machine hits them alike. Run from the repository's root:

    python -m benchmarks.train_limit

The last line is JSON. A share above 1 of the limit in float32 is what bfloat16 gives.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import statistics
import time
from typing import Any

from benchmarks.train_speed import BATCH, Workload, build_workload
from harness.engines.tokens import shared_prefix
from harness.finetune.fused import fused
from harness.finetune.lora import peft_config
from harness.finetune.loss import remember, summed_loss
from harness.finetune.measure import packed
from harness.finetune.mixed import LOW, Mixed, precision_of
from harness.finetune.packing import epoch_batches

TARGET = 0.8
ROWS = 512


def rate(model: Any, dtype: Any) -> float:
    """Multiply-adds a second of processor time: `ROWS` tokens through the frozen matrices of one layer."""
    import torch

    shapes = {tuple(p.shape) for name, p in model.named_parameters() if "base_layer" in name and p.dim() == 2}
    pairs = [(torch.randn(ROWS, k).to(dtype), torch.randn(n, k).to(dtype)) for n, k in sorted(shapes)]
    start, done = time.process_time(), 0
    while time.process_time() - start < 1.0:
        for rows, weight in pairs:
            torch.nn.functional.linear(rows, weight)
            done += ROWS * weight.numel()
    return done / (time.process_time() - start)


def needed(model: Any, parts: list[Any]) -> float:
    """Multiply-adds of one step over packs that LoRA cannot do without."""
    sizes = {name: p.numel() for name, p in model.named_parameters() if p.dim() == 2}
    frozen = sum(size for name, size in sizes.items() if "base_layer" in name)
    adapter = sum(size for name, size in sizes.items() if "lora_" in name)
    head = model.get_output_embeddings().weight.numel()
    tokens, answers = sum(part.ids.shape[1] for part in parts), sum(len(part.targets) for part in parts)
    return tokens * (2 * frozen + 3 * adapter) + answers * 2 * head


def measure(work: Workload, rounds: int) -> dict[str, Any]:
    import torch

    base = work.model()
    shared = shared_prefix([example.prompt for example in work.fit])
    batch = epoch_batches(work.fit, BATCH, random.Random(work.seed))[0]
    tokens = sum(len(example.prompt) + len(example.target) for example in batch)
    found: dict[str, list[dict[str, float]]] = {}
    with base.adapting(peft_config(work.recipe)) as model, fused(model):
        remember(model, True)
        parts = list(packed(model, batch, shared))
        ways: dict[str, Mixed | None] = {"float32": None}
        if precision_of(base.identity) == LOW:
            ways[LOW] = Mixed(model)
        for _ in range(rounds):
            for name, mixed in ways.items():
                limit = needed(model, parts) / rate(model, getattr(torch, name))
                seconds = step(model, parts, mixed)
                found.setdefault(name, []).append(
                    {"share": limit / seconds, "tokens_per_s": tokens / seconds}
                )
    return {
        name: {key: round(statistics.median(row[key] for row in rows), 3) for key in rows[0]}
        for name, rows in found.items()
    }


def step(model: Any, parts: list[Any], mixed: Mixed | None) -> float:
    """Processor seconds of the gradient of one batch."""
    start = time.process_time()
    for part in parts:
        with mixed.forward() if mixed else contextlib.nullcontext():
            loss = summed_loss(model, part)
        loss.backward()
    seconds = time.process_time() - start
    model.zero_grad(set_to_none=True)
    return seconds


def main() -> None:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--examples", type=int, default=BATCH, help="training examples of the behaviour task")
    args = parser.parse_args()
    found = measure(build_workload(args.examples, 0), args.rounds)
    for name, row in found.items():
        print(
            f"{name}: {row['share']:.0%} of the limit, {row['tokens_per_s']:.0f} tokens a second of processor time"
        )
    print(json.dumps({"benchmark": "train_limit", "target_share": TARGET, **found}))


if __name__ == "__main__":
    main()
