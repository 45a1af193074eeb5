"""What `--model_args` of a job may say to the model `harness`, read strictly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.errors import InputError, did_you_mean, raise_all, shown

TEXTS = ("strategy", "task", "model", "revision", "embedder", "device", "dtype", "think_end_token")
SWITCHES = ("allow_task_code", "enable_thinking")
OPTIONS = (*TEXTS, *SWITCHES, "seed")


@dataclass(frozen=True, slots=True)
class Arguments:
    """`strategy` answers; `task` says what it is trained on and where it looks for passages.

    The others are the flags of `compare` and the keys of a task file with the same name; `batch_size` is what the job
    asks for, as it is given.
    """

    strategy: str = "base"
    task: str | None = None
    model: str | None = None
    revision: str | None = None
    embedder: str | None = None
    device: str | None = None
    dtype: str | None = None
    seed: int = 0
    allow_task_code: bool = False
    enable_thinking: bool | None = None
    think_end_token: str | None = None
    batch_size: str = "1"


def read_arguments(given: Mapping[str, Any]) -> Arguments:
    """The arguments as lm-eval parsed them. Raises InputErrors with all that is wrong; None counts as not given."""
    values = {name: value for name, value in given.items() if value is not None}
    batch_size = str(values.pop("batch_size", "1"))
    values.pop("max_batch_size", None)
    raise_all([error for name, value in values.items() if (error := _mistake(name, value))])
    return Arguments(**values, batch_size=batch_size)


def _mistake(name: str, value: Any) -> InputError | None:
    about = f"--model_args {name} is {shown(value)}"
    if name == "trust_remote_code":
        return InputError(
            "--trust_remote_code has no use here: no code of a model's or of a data set's is run. Leave it out."
        )
    if name not in OPTIONS:
        return InputError(f"--model_args has {name!r}, which is no option{did_you_mean(name, OPTIONS)}.")
    if name == "seed":
        wrong = isinstance(value, bool) or not isinstance(value, int) or value < 0
        return InputError(f"{about}; it has to be a whole number from 0 on.") if wrong else None
    if name in SWITCHES:
        return None if isinstance(value, bool) else InputError(f"{about}; it has to be True or False.")
    if not isinstance(value, str):
        return InputError(
            f"{about}, which lm-eval has read as no text; put quotes around it: {name}=\"'…'\"."
        )
    return None if value.strip() else InputError(f"{about}; name something, or leave it out.")
