"""The flags of `compare`, and the settings they make. Light: nothing is read until they are used."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import InputError
from harness.spec.priceflags import add_price_flags, check_prices, price_settings
from harness.spec.requirement_flags import FIELDS, add_requirement_flags, whole

GUARD = "general"
"""The task that guards unless told otherwise, and what such a task probes."""

if TYPE_CHECKING:
    from harness.run.settings import Settings


def add_run_flags(parser: argparse.ArgumentParser) -> None:
    """Add tasks, strategies, model and device, sampling, cache and output, then what is needed and what it costs."""
    add = parser.add_argument
    add("tasks", nargs="*", metavar="TASK", help="name in tasks/ or path of a YAML file; none: every task")
    add("--strategies", metavar="A,B", help="comma-separated (default: base,lora,rag,oracle)")
    add("--model", metavar="NAME", help="catalogue name, local folder, GGUF file or hub name")
    add("--revision", metavar="REV", help="revision of a hub model")
    add("--embedder", metavar="NAME", help="catalogue name, local folder or hub name")
    add("--device", help="cpu, cuda, cuda:1, mps (default: cuda where there is one)")
    add("--dtype", help="float32, bfloat16 or float16 (default: float32 on a CPU, bfloat16 on CUDA)")
    add("--limit", type=whole(1), metavar="N", help="a seeded sample of N questions a task")
    add(
        "--latency-queries",
        type=whole(0),
        metavar="N",
        help="questions timed one at a time (default 20, 0: none)",
    )
    add("--seed", type=whole(0), metavar="N", help="seed of sampling, training and order (default 0)")
    add("--seeds", type=whole(1), metavar="N", help="train each adapter N times, with seeds from --seed on")
    add(
        "--guard",
        action="append",
        metavar="TASK",
        help="ask TASK before and after each fine-tune, to see what it forgets (default: general; none: no task)",
    )
    add("--quick", action="store_true", help="a few questions and two epochs: not fit for decisions")
    add("--no-cache", action="store_true", help="neither read nor write the cache of answers")
    add_code_flag(parser)
    add("--output", type=Path, metavar="DIR", help="run folder (default: reports/<UTC time>-<hash>)")
    add("--resume", type=Path, metavar="RUN", help="go on with a run that was stopped, with its own settings")
    add_requirement_flags(parser)
    add_price_flags(parser)


def add_code_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--allow-task-code", action="store_true", help="run the Python code that an lm-eval task names"
    )


def settings_of(options: argparse.Namespace, tasks_dir: Path) -> Settings:
    """The settings of a new run. Raises InputErrors for what was given wrong, before anything is loaded."""
    from harness.run.settings import Settings
    from harness.spec.strategy import STRATEGIES, parse_strategies
    from harness.spec.task import find_tasks

    given: dict[str, Any] = {
        name: getattr(options, name)
        for name in ("model", "revision", "embedder", "device", "dtype", "limit", "latency_queries", "seed", "seeds")
        if getattr(options, name) is not None
    }  # fmt: skip
    if options.strategies is not None:
        names = [name.strip() for name in options.strategies.split(",") if name.strip()]
        given["strategies"] = tuple(strategy.name for strategy in parse_strategies(names))
    given |= _required(options)
    given |= price_settings(options)
    check_prices(given, datetime.now(UTC).date())
    tasks = find_tasks(options.tasks, tasks_dir)
    given["allow_task_code"] = options.allow_task_code
    settings = Settings(tasks=_absolute(tasks), quick=options.quick, use_cache=not options.no_cache, **given)
    adapted = any(STRATEGIES[name].adapted for name in settings.strategies)
    default = default_guard(tasks, tasks_dir) if adapted else ()
    return replace(settings, guards=_guards(options.guard, default, tasks_dir))


def _absolute(paths: Iterable[Path]) -> tuple[str, ...]:
    return tuple(str(path.resolve()) for path in paths)


def _guards(given: Sequence[str] | None, default: Sequence[Path], tasks_dir: Path) -> tuple[str, ...] | None:
    """The guards as settings hold them. Raises InputError where names mean nothing, or `none` is one of several."""
    from harness.spec.task import find_tasks

    if given is None:
        return _absolute(default)
    names = [name.strip() for value in given for name in value.split(",") if name.strip()]
    if names == ["none"]:
        return None
    if not names or "none" in names:
        raise InputError("--guard wants names of tasks, or none alone where nothing shall be guarded.")
    return _absolute(find_tasks(names, tasks_dir))


def default_guard(tasks: Sequence[Path], tasks_dir: Path) -> list[Path]:
    """The task `general`, where there is one and no task of the run probes general knowledge or has its name."""
    from harness.spec.task import declared_text, find_tasks

    if any(declared_text(path, "probes") == GUARD or declared_text(path, "name") == GUARD for path in tasks):
        return []
    try:
        return find_tasks([GUARD], tasks_dir)
    except InputError:
        return []


def _required(options: argparse.Namespace) -> dict[str, Any]:
    """The settings that keep what the user needs; none where nothing was said."""
    if options.requirements is None and all(getattr(options, field) is None for field in FIELDS):
        return {}
    from harness.spec.requirements import requirements_from

    needs = requirements_from(options)
    if needs is None:
        return {}
    return {"requirements": needs.model_dump(exclude_unset=True), "monthly_queries": needs.monthly_queries}


def resumed_settings(options: argparse.Namespace) -> Settings:
    """The settings a stopped run was made with. Raises InputError where flags would change them."""
    from harness.run.folder import read_manifest
    from harness.run.settings import Settings

    switches = ("tasks", "quick", "no_cache", "allow_task_code")
    free = {"resume", "run", "command", *switches}
    extra = [name for name, value in vars(options).items() if name not in free and value is not None]
    extra += [name for name in switches if getattr(options, name)]
    if extra:
        known = {"tasks": "TASK", **FIELDS}
        flags = ", ".join(known.get(name, "--" + name.replace("_", "-")) for name in extra)
        raise InputError(f"--resume goes on with the run's own settings; leave out {flags}.")
    manifest = read_manifest(options.resume)
    try:
        return Settings.from_json(manifest["settings"], options.resume)
    except (KeyError, TypeError) as error:
        raise InputError(f"{options.resume} cannot be resumed: its settings are not known here.") from error
