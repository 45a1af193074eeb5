"""`python -m harness.lmeval …` is `lm_eval …` with the model `harness` in its registry."""

from __future__ import annotations

import argparse
import sys
from importlib.util import find_spec
from traceback import walk_tb
from typing import Any

from harness.errors import HarnessError, InputError
from harness.process import harmless

READERS_OF_FLAGS = (
    "lm_eval._cli", "lm_eval.config", "lm_eval.evaluator", "lm_eval.evaluator_utils", "lm_eval.tasks",
    "lm_eval.utils", "lm_eval.api.task", "lm_eval.api.registry", "lm_eval.api.samplers",
)  # fmt: skip
"""Where lm-eval finds mistakes of a command line, which it raises as plain errors."""
PACKAGES = {"wandb_args": "wandb", "trackio_args": "trackio"}


def main() -> int:
    """Hand the command line to lm-eval; what a person can mend ends in a sentence and an exit code, as elsewhere."""
    from lm_eval._cli import HarnessCLI
    from lm_eval.utils import setup_logging

    import harness.lmeval.registered  # noqa: F401 - registers the model

    setup_logging()
    command = HarnessCLI()
    given = command.parse_args()
    try:
        _check(given)
        command.execute(given)
    except HarnessError as error:
        print(harmless(f"harness: {error}"), file=sys.stderr)
        return error.exit_code
    except (ValueError, TypeError, OSError, AssertionError) as error:
        if not _about_flags(error):
            raise
        print(harmless(f"lm_eval: {error}"), file=sys.stderr)
        return InputError.exit_code
    return 0


def _about_flags(error: Exception) -> bool:
    """Whether the last code, of lm-eval's and ours, that an error came through reads flags; a bug of ours does not."""
    modules = (str(frame.f_globals.get("__name__")) for frame, _ in walk_tb(error.__traceback__))
    known = [module for module in modules if module.startswith(("lm_eval.", "harness."))]
    return bool(known) and any(f"{known[-1]}.".startswith(f"{reader}.") for reader in READERS_OF_FLAGS)


def _check(given: argparse.Namespace) -> None:
    """Raises InputError where a job with our model asks for what would make its numbers wrong, or cannot be had."""
    from harness.lmeval.lm import CACHED_REQUESTS, CACHED_RESPONSES

    asked = _settings(given)
    if asked.get("model") != "harness":
        return
    if asked.get("use_cache"):
        raise InputError(CACHED_RESPONSES)
    cached = asked.get("cache_requests")
    if cached.get("cache_requests") if isinstance(cached, dict) else cached:
        raise InputError(CACHED_REQUESTS)
    if (asked.get("num_fewshot") or 0) < 0:
        raise InputError(f"--num_fewshot is {asked['num_fewshot']}; it has to be 0 or more.")
    if asked.get("samples") and not isinstance(asked["samples"], dict | str):
        raise InputError('--samples has to name tasks, each with a list of its documents: {"rooms": [0, 3]}.')
    for flag, package in PACKAGES.items():
        if asked.get(flag) and not find_spec(package):
            raise InputError(f"--{flag} needs the package {package}, which is not installed here.")


def _settings(given: argparse.Namespace) -> dict[str, Any]:
    """A job's settings by the names of its flags: the flags stand before the file that `--config` names."""
    from lm_eval.config.evaluate_config import EvaluatorConfig

    flags = {name: value for name, value in vars(given).items() if value or value == 0}
    if not flags.get("config"):
        return flags
    try:
        return {**EvaluatorConfig.load_yaml_config(flags["config"]), **flags}
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"--config: {error}.") from error


if __name__ == "__main__":
    raise SystemExit(main())
