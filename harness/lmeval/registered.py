"""Importing this makes `--model harness` known to lm-eval: a strategy of this program as a model of a job.

    lm_eval --model harness --model_args strategy=rag,task=NAME_OR_PATH

`python -m harness.lmeval` is the `lm_eval` command with this imported before.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from lm_eval.api.registry import register_model

from harness.errors import InputError, did_you_mean
from harness.lmeval.lm import EngineLM
from harness.lmeval.load import open_tasks
from harness.lmeval.strategies import served
from harness.run.settings import Settings
from harness.run.tools import load_tools
from harness.spec.strategy import parse_strategies
from harness.spec.task import load_tasks

OPTIONS = ("model", "revision", "embedder", "device", "dtype")
"""Flags of `compare` that mean the same here."""
IGNORED = ("batch_size", "max_batch_size")
"""What lm-eval hands to every model: batches are planned here."""


@register_model("harness")
class HarnessLM(EngineLM):
    """`strategy` (default base) answers; `task` says what it is trained on and where it looks for passages."""

    def __init__(
        self,
        strategy: str = "base",
        task: str | None = None,
        seed: int = 0,
        allow_task_code: bool = False,
        **options: Any,
    ) -> None:
        unknown = [name for name in options if name not in (*OPTIONS, *IGNORED)]
        if unknown:
            hint = did_you_mean(unknown[0], ("strategy", "task", "seed", "allow_task_code", *OPTIONS))
            raise InputError(f"--model_args has {unknown[0]!r}, which is no option{hint}.")
        (chosen,) = parse_strategies([strategy])
        if task is None and (chosen.adapted or chosen.context):
            raise InputError(
                f"--model_args strategy={strategy} needs task=NAME_OR_PATH: what it learns or reads from."
            )
        tasks = load_tasks([task], Path("tasks")) if task else []
        opened = open_tasks(tasks, allow_code=allow_task_code)
        given = {name: options[name] for name in OPTIONS if options.get(name) is not None}
        if str(given.get("device")).startswith("cuda") and not torch.cuda.is_available():
            del given["device"]  # lm-eval's command asks for one that it does without where there is none
        tools = load_tools(Settings(tasks=(), seed=seed, **given))
        super().__init__(tools.engine, served(chosen, opened, tools, seed) if task else None)
