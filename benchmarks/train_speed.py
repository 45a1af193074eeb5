"""LoRA training side by side: this package's loop and trl's SFTTrainer, on the same examples.

Both train a fresh adapter on a fresh copy of the base, with the same initial adapter weights, the same batches in the
same order, the same optimizer and learning rates, and loss on the answer only. So what differs is how a step
is computed, and the held-out losses must agree. Needs the `bench` extra. Run from the repository's root:

    python benchmarks/train_speed.py

Prints medians, the paired ratio, both held-out losses; the last line is JSON.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.engines.catalogue import DEFAULT_BASE, DEFAULT_EMBEDDER
from harness.engines.local import LocalModel
from harness.engines.store import ModelFolder, resolve
from harness.engines.tokens import shared_prefix
from harness.engines.transformers_engine import TransformersEngine
from harness.files import cache_root
from harness.finetune import train as loop
from harness.finetune.encoding import encode_example
from harness.finetune.fused import fused
from harness.finetune.lora import peft_config
from harness.finetune.measure import read_answers
from harness.finetune.packing import TokenExample, epoch_batches
from harness.progress import Terminal
from harness.run.plan import setup_of
from harness.run.prepare import TaskContext
from harness.spec.strategy import STRATEGIES
from harness.spec.system import LoRA
from harness.spec.task import load_task

TASK = Path(__file__).parent.parent / "tasks" / "behaviour.yaml"
BATCH = 16
TARGET_RATIO = 2.5
LOSS_SLACK = 0.01
"""Nats per answer token that the held-out loss may lie above the peer's: floating-point sums in another order."""


@dataclass(frozen=True, slots=True)
class Workload:
    """What both sides train on. `tokens` counts prompt and answer of every example in full."""

    folder: ModelFolder
    fit: tuple[TokenExample, ...]
    held_out: tuple[TokenExample, ...]
    recipe: LoRA
    seed: int

    @property
    def tokens(self) -> int:
        return sum(len(example.prompt) + len(example.target) for example in self.fit)

    def model(self) -> LocalModel:
        """A fresh copy of the base in float32 on the CPU."""
        return LocalModel(self.folder, device="cpu", dtype="float32")

    def loss(self, model: Any) -> float:
        """Held-out loss (nats per answer token), by one function for both sides."""
        model.eval()
        shared = shared_prefix([example.prompt for example in self.held_out])
        return read_answers(model, self.held_out, shared).loss


@dataclass(frozen=True, slots=True)
class Result:
    """One training: wall and processor seconds from before the first step to after the last; the loss after it."""

    seconds: float
    cpu_seconds: float
    loss: float


class StepClock:
    """A `Progress` that notes when tracking began and when the last step was done: (wall, processor)."""

    def __init__(self) -> None:
        self.started = self.last = (0.0, 0.0)

    def start(self) -> None:
        self.started = (time.perf_counter(), time.process_time())

    def step(self) -> None:
        self.last = (time.perf_counter(), time.process_time())

    def result(self, loss: float) -> Result:
        return Result(self.last[0] - self.started[0], self.last[1] - self.started[1], loss)

    def note(self, message: str) -> None:
        print(message, file=sys.stderr)

    @contextlib.contextmanager
    def track(self, label: str, total: int) -> Iterator[Callable[[int], None]]:  # noqa: ARG002 - the protocol's
        self.start()
        yield lambda done: self.step()  # noqa: ARG005 - the protocol's


def build_workload(count: int, seed: int) -> Workload:
    """The first `count` training examples and all dev examples of the behaviour task, prompted as for `lora`."""
    import torch

    torch.manual_seed(seed)
    folder = resolve(DEFAULT_BASE, kind="base", cache=cache_root(), progress=Terminal())
    engine = TransformersEngine(LocalModel(folder, device="cpu", dtype="float32"))
    task = load_task(TASK)
    system = setup_of(engine, DEFAULT_EMBEDDER, seed)(task, STRATEGIES["lora"])
    training = TaskContext(task, engine, None, seed).training(system, seed)
    fit, held_out = (
        tuple(encode_example(engine.model.chat, example) for example in examples)
        for examples in (training.examples[:count], training.dev)
    )
    recipe = LoRA(
        task.name, rank=16, batch_size=BATCH, max_epochs=1, learning_rate=training.recipe.learning_rate
    )
    return Workload(folder, fit, held_out, recipe, seed)


def train_program(work: Workload) -> Result:
    """One epoch with `harness.finetune.train`."""
    import torch

    clock = StepClock()
    torch.manual_seed(work.seed)
    with work.model().adapting(peft_config(work.recipe)) as model, fused(model):
        # The loss of the one watched example and the check of the fit at the end fall outside the clock.
        loop.train(model, work.fit, work.held_out[:1], work.recipe, work.seed, clock, "program")
        return clock.result(work.loss(model))


def train_peer(work: Workload) -> Result:
    """One epoch with trl's SFTTrainer: its own data preparation, collator, loss and loop."""
    import torch
    from datasets import disable_progress_bars
    from transformers import PrinterCallback, TrainerCallback
    from trl import SFTTrainer

    disable_progress_bars()
    clock = StepClock()

    class Clocked(TrainerCallback):
        def on_train_begin(self, *_: Any, **__: Any) -> None:
            clock.start()

        def on_step_end(self, *_: Any, **__: Any) -> None:
            clock.step()

    base = work.model()
    torch.manual_seed(work.seed)
    with base.adapting(peft_config(work.recipe)) as model, tempfile.TemporaryDirectory() as scratch:
        trainer = SFTTrainer(
            model=model,
            args=peer_config(work, scratch),
            train_dataset=peer_dataset(work),
            processing_class=peer_tokenizer(work),
            optimizers=peer_optimizers(model, work),
            callbacks=[Clocked()],
        )
        trainer.remove_callback(PrinterCallback)
        check_same_tokens(trainer, work)
        trainer.train()
        return clock.result(work.loss(trainer.model))


def peer_config(work: Workload, scratch: str) -> Any:
    """SFTTrainer's settings: the recipe, loss on the completion, and nothing beside the training itself."""
    from trl import SFTConfig

    return SFTConfig(
        output_dir=scratch,
        per_device_train_batch_size=work.recipe.batch_size,
        num_train_epochs=1,
        max_grad_norm=work.recipe.gradient_clip,
        completion_only_loss=True,
        packing=False,
        max_length=None,
        gradient_checkpointing=False,
        bf16=False,
        use_cpu=True,
        seed=work.seed,
        train_sampling_strategy="sequential",
        dataloader_pin_memory=False,
        logging_strategy="no",
        save_strategy="no",
        eval_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )


def batches(work: Workload) -> list[list[TokenExample]]:
    """The batches that the program's loop makes of the seed; the peer reads the same ones in order."""
    return epoch_batches(work.fit, work.recipe.batch_size, random.Random(work.seed))


def peer_dataset(work: Workload) -> Any:
    """Text pairs for the peer, batch after batch. The end token's text closes each completion."""
    from datasets import Dataset

    tokenizer = peer_tokenizer(work)
    rows = [
        {"prompt": tokenizer.decode(example.prompt), "completion": tokenizer.decode(example.target)}
        for batch in batches(work)
        for example in batch
    ]
    return Dataset.from_list(rows)


def peer_tokenizer(work: Workload) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(work.folder.path, local_files_only=True)


def peer_optimizers(model: Any, work: Workload) -> tuple[Any, Any]:
    """The program's optimizer and learning rates, so that the losses can be compared step by step."""
    import torch

    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=work.recipe.learning_rate, weight_decay=0.0)
    rates = loop._linear(len(batches(work)), work.recipe.warmup_share)
    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, rates)


def check_same_tokens(trainer: Any, work: Workload) -> None:
    """Stop where the peer would train on other tokens, or take its loss from other ones, than the program."""
    expected = [example for batch in batches(work) for example in batch]
    for row, example in zip(trainer.train_dataset, expected, strict=True):
        if tuple(row["input_ids"]) != (*example.prompt, *example.target):
            raise SystemExit("the peer tokenised an example differently; the comparison would not be fair")
        if trained_tokens(row) != example.target:
            raise SystemExit("the peer takes its loss from other tokens; the comparison would not be fair")


def trained_tokens(row: dict[str, Any]) -> tuple[int, ...]:
    """The tokens of a prepared example that the peer's loss counts; its releases mark them in two ways."""
    if "labels" in row:
        return tuple(token for token in row["labels"] if token != -100)
    return tuple(
        token for token, counts in zip(row["input_ids"], row["completion_mask"], strict=True) if counts
    )


def measure(work: Workload, rounds: int) -> list[dict[str, Result]]:
    """Peer and program in turn, in one process."""
    sides = {"peer": train_peer, "program": train_program}
    done: list[dict[str, Result]] = []
    for number in range(1, rounds + 1):
        done.append({})
        for side, run in sides.items():
            result = done[-1][side] = run(work)
            speed = work.tokens / result.seconds
            print(f"round {number} {side:8} {result.seconds:7.2f} s {speed:8.1f} tokens/s  loss {result.loss:.4f}",
                  flush=True)  # fmt: skip
    return done


def summary(work: Workload, rounds: list[dict[str, Result]]) -> dict[str, Any]:
    """Medians over the rounds; the ratio is the median of the rounds' own ratios."""
    speed = {s: statistics.median(work.tokens / r[s].seconds for r in rounds) for s in ("peer", "program")}
    loss = {s: statistics.median(r[s].loss for r in rounds) for s in ("peer", "program")}
    ratios = [r["peer"].seconds / r["program"].seconds for r in rounds]
    cpu_ratios = [r["peer"].cpu_seconds / r["program"].cpu_seconds for r in rounds]
    ratio = statistics.median(ratios)
    return {
        "benchmark": "train_speed",
        "examples": len(work.fit),
        "example_tokens": work.tokens,
        "rounds": len(rounds),
        "tokens_per_s": {side: round(value, 1) for side, value in speed.items()},
        "ratio": round(ratio, 3),
        "ratios": [round(value, 3) for value in ratios],
        "cpu_ratio": round(statistics.median(cpu_ratios), 3),
        "held_out_loss": {side: round(value, 5) for side, value in loss.items()},
        "target_ratio": TARGET_RATIO,
        "reached": ratio >= TARGET_RATIO and loss["program"] <= loss["peer"] + LOSS_SLACK,
    }


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="LoRA training: this package's loop against trl's SFTTrainer."
    )
    parser.add_argument("--rounds", type=int, default=3, help="times that each side trains")
    parser.add_argument("--examples", type=int, default=96, help="training examples of the behaviour task")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    if args.examples < 1 or args.examples % BATCH:
        parser.error(f"--examples must be a multiple of {BATCH}, so that both sides see the same batches")
    return args


def main() -> None:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    args = arguments()
    work = build_workload(args.examples, args.seed)
    outcome = summary(work, measure(work, args.rounds))
    speed, loss = outcome["tokens_per_s"], outcome["held_out_loss"]
    print(f"program {speed['program']} tokens/s, peer {speed['peer']} tokens/s (medians of {args.rounds})")
    print(f"ratio {outcome['ratio']} (target {TARGET_RATIO}), in processor time {outcome['cpu_ratio']}")
    print(f"held-out loss: program {loss['program']}, peer {loss['peer']}")
    print(json.dumps(outcome))


if __name__ == "__main__":
    main()
