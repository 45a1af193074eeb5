"""Importing this makes `--model harness` known to lm-eval: a strategy of this program as a model of a job.

    python -m harness.lmeval --model harness --model_args strategy=rag,task=NAME_OR_PATH

is the `lm_eval` command with this imported before; `docs/lm-eval.md` has every flag.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import lm_eval.models  # noqa: F401 - lm-eval lists its own models only where nobody has listed one before
from lm_eval.api.registry import register_model
from lm_eval.utils import simple_parse_args_string

from harness.errors import InputError
from harness.lmeval.arguments import Arguments, read_arguments
from harness.lmeval.lm import EngineLM
from harness.lmeval.load import open_tasks
from harness.lmeval.strategies import served
from harness.progress import Progress, Terminal
from harness.run.settings import Settings, one_model
from harness.run.tools import load_tools
from harness.spec.strategy import parse_strategy
from harness.spec.task import load_tasks

ASKED_BY_DEFAULT = "cuda:0"
"""What lm-eval's command says where nobody names a device, on machines without one too."""


@register_model("harness")
class HarnessLM(EngineLM):
    """A strategy as lm-eval's model; its options are those of `Arguments`."""

    def __init__(self, **options: Any) -> None:
        """Raises InputError for an option that is wrong, or a task that cannot serve the strategy."""
        arguments, progress = read_arguments(options), Terminal()
        if os.environ.get("WORLD_SIZE", "1") not in ("", "0", "1"):
            raise InputError(
                "the model harness answers in one process: start the job without torchrun and the like."
            )
        chosen = parse_strategy(arguments.strategy)
        if chosen.form:
            raise InputError(
                f"--model_args strategy={arguments.strategy}: lm-eval says how its tasks are answered; leave the "
                "brackets out."
            )
        if arguments.task is None and (chosen.adapted or chosen.context):
            raise InputError(
                f"--model_args strategy={chosen.name} needs task=NAME_OR_PATH: what it learns or reads from."
            )
        arguments = _without_defaults(arguments, progress)
        tasks = load_tasks([arguments.task], Path("tasks")) if arguments.task else []
        with _log_level_kept():
            opened = open_tasks(tasks, allow_code=arguments.allow_task_code)
        models = one_model(
            arguments.model, revision=arguments.revision, device=arguments.device, dtype=arguments.dtype
        )
        settings = Settings(tasks=(), seed=arguments.seed, models=models, embedder=arguments.embedder)
        tools = load_tools(settings, progress)
        super().__init__(
            tools.model.engine,
            served(chosen, opened, tools, arguments.seed) if opened else None,
            thinking=arguments.enable_thinking,
            think_end=arguments.think_end_token,
        )

    @classmethod
    def create_from_arg_obj(
        cls, arg_dict: Mapping[str, Any], additional_config: Mapping[str, Any] | None = None
    ) -> HarnessLM:
        """As lm-eval calls it: what `--model_args` says stands before what the flags beside it say."""
        return cls(**{**(additional_config or {}), **arg_dict})

    @classmethod
    def create_from_arg_string(
        cls, arg_string: str, additional_config: Mapping[str, Any] | None = None
    ) -> HarnessLM:
        return cls.create_from_arg_obj(simple_parse_args_string(arg_string), additional_config)


def _without_defaults(arguments: Arguments, progress: Progress) -> Arguments:
    """The arguments without what lm-eval says by itself; what has no effect is told."""
    if arguments.batch_size != "1":
        progress.note(
            f"harness: --batch_size {arguments.batch_size} has no effect: batches are planned by the length of the "
            "prompts, the same on every machine."
        )
    return replace(arguments, device=None) if arguments.device == ASKED_BY_DEFAULT else arguments


@contextlib.contextmanager
def _log_level_kept() -> Iterator[None]:
    """Opening a task quietens lm-eval's log, to which a job prints what `--write_out` asks for."""
    log = logging.getLogger("lm_eval")
    level = log.level
    try:
        yield
    finally:
        log.setLevel(level)
