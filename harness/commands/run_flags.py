"""What `compare` may be told, and the settings that its flags make."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.commands.flags import (
    add_code_flag,
    add_price_flags,
    add_requirement_flags,
    day,
    dollars_to_spend,
    duration,
    name,
    names_in,
    place,
    price_settings,
    requirement_flags,
    requirements_from,
    whole,
)
from harness.commands.model_flags import at_endpoints, models_of
from harness.errors import InputError
from harness.quantities import listed
from harness.spec.pinned import PINNED_DATE

if TYPE_CHECKING:
    from harness.run.settings import Settings

COURSE = ("ray", "workers", "endpoints")
"""Flags that say where a run computes, which is no part of what it computes: one may go on elsewhere."""

LOCAL_RAY = "local"
"""In the place of a cluster's address: Ray on this machine, for as long as the run goes on."""

GENERAL = "general"
"""The task that shows by default what a fine-tune forgets, and what such a task probes."""


def add_run_flags(parser: argparse.ArgumentParser) -> None:
    """Add every flag of `compare`."""
    _add_contestant_flags(parser)
    _add_effort_flags(parser)
    _add_course_flags(parser)
    add_requirement_flags(parser)
    add_price_flags(parser)


def _add_contestant_flags(parser: argparse.ArgumentParser) -> None:
    """What is compared: tasks, strategies and models."""
    add = parser.add_argument
    add(
        "tasks",
        nargs="*",
        type=name,
        metavar="TASK",
        help="name in tasks/ or path of a YAML file; none: every task",
    )
    add(
        "--strategies",
        metavar="A,B",
        help="comma-separated (default: base,few-shot,few-shot-nearest,rag,lora,oracle,rag-on-train); rag@LABEL is for "
        "one of several models alone; rag[constrained] holds answers to labels or JSON, rag[options] takes the "
        "likeliest label",
    )
    add(
        "--model",
        action="append",
        type=name,
        metavar="[LABEL=]NAME",
        help="catalogue name, local folder, GGUF file, hub name, server or scripted:FILE; given several times, every "
        "strategy runs on each, as STRATEGY@LABEL",
    )
    add(
        "--models",
        type=place,
        metavar="FILE",
        help="a YAML file of models, each with what is to be said of it",
    )
    add("--endpoints", metavar="URL,URL",
        help="further servers (http://HOST:PORT/v1) of the served model, which share its requests")  # fmt: skip
    add("--revision", metavar="REV", help="revision of a hub model")
    add("--embedder", type=name, metavar="NAME", help="catalogue name, local folder or hub name")
    add("--device", help="cpu, cuda, cuda:1, mps (default: cuda where there is one)")
    add("--dtype", help="float32, bfloat16, float16 or nf4, which is 4-bit and needs the extra `quantized` "
        "(default: float32 on a CPU, bfloat16 on CUDA)")  # fmt: skip
    add("--date", type=day, metavar="YYYY-MM-DD",
        help=f"what chat templates that ask for the day are told (default {PINNED_DATE}, on every day)")  # fmt: skip


def _add_effort_flags(parser: argparse.ArgumentParser) -> None:
    """How much of everything is done."""
    add = parser.add_argument
    add("--limit", type=whole(1), metavar="N", help="a seeded sample of N questions a task")
    add("--latency-queries", type=whole(0), metavar="N",
        help="questions timed one at a time (default 20, 0: none)")  # fmt: skip
    add("--seed", type=whole(0), metavar="N", help="seed of sampling, training and order (default 0)")
    add("--seeds", type=whole(1, 1000), metavar="N",
        help="train each adapter N times, with seeds from --seed on")  # fmt: skip
    add("--tune", type=whole(1, 100), metavar="N",
        help="try N settings of each strategy on dev, the default among them, and compare the best")  # fmt: skip
    add("--optimise-prompt", type=whole(1, 50), metavar="N",
        help="have a model propose N system messages from training questions, and choose on dev")  # fmt: skip
    add("--optimise-with", metavar="NAME",
        help="the model that proposes them, as --model names one (default: the one that answers)")  # fmt: skip
    add("--learning-curve", action="store_true",
        help="learn again from 25, 50, 100, … training questions, to see what more of them would bring")  # fmt: skip
    add("--repeat", type=whole(1, 100), metavar="N",
        help="ask servers every question N times, to see how much their answers vary (default 1)")  # fmt: skip
    add("--guard", action="append", metavar="TASK",
        help="ask TASK before and after each fine-tune, to see what it forgets (default: general; none: no task)",
    )  # fmt: skip
    add("--within", type=duration, metavar="TIME",
        help="plan a run that fits into TIME here (90s, 10m, 1h) and say what it leaves out")  # fmt: skip
    add("--quick", action="store_true", help="a few questions and two epochs: not fit for decisions")


def _add_course_flags(parser: argparse.ArgumentParser) -> None:
    """How a run goes: what it may spend and run, where it writes, and whether it goes on."""
    add = parser.add_argument
    add("--max-usd", type=dollars_to_spend, metavar="USD",
        help="stop before the requests to servers cost more; a run that stopped can be resumed with more",
    )  # fmt: skip
    add("--dry-run", action="store_true",
        help="print what would be asked, and what it may cost; write nothing")  # fmt: skip
    add("--json", action="store_true", help="with --dry-run: print it as JSON")
    add("--ray", nargs="?", const=LOCAL_RAY, type=name, metavar="ADDRESS",
        help="spread what local models compute over a Ray cluster (no address: over this machine's cores); needs "
        "the extra `ray`")  # fmt: skip
    add("--workers", type=whole(1), metavar="N",
        help="share out what local models compute to at most N processes of this machine, where it has processors "
        "and memory for them (default 1); with --ray: to at most N workers (default: all that find room)")  # fmt: skip
    add("--no-cache", action="store_true", help="neither read nor write the cache of answers")
    add_code_flag(parser)
    add("--output", type=place, metavar="DIR", help="run folder (default: reports/ and the run's id)")
    add("--resume", type=place, metavar="RUN",
        help="go on with a run that was stopped, with its own settings")  # fmt: skip


def settings_of(options: argparse.Namespace, tasks_dir: Path) -> Settings:
    """The settings of a new run. Raises InputErrors for what was given wrong, before anything is loaded."""
    from harness.run.settings import Settings
    from harness.spec.pricing import check_prices
    from harness.spec.task import find_tasks

    given: dict[str, Any] = {
        name: getattr(options, name)
        for name in (
            "embedder",
            "date",
            "limit",
            "latency_queries",
            "seed",
            "seeds",
            "repeat",
            "tune",
            "optimise_prompt",
            "optimise_with",
            "max_usd",
        )
        if getattr(options, name) is not None
    }
    if options.optimise_with is not None and options.optimise_prompt is None:
        raise InputError(
            "--optimise-with names who proposes system messages; say how many with --optimise-prompt."
        )
    if options.strategies is not None:
        given["strategies"] = tuple(names_in([options.strategies]))
    given["models"] = at_endpoints(models_of(options), options.endpoints)
    _ = Settings(tasks=(), **given).strategies_by_model
    given |= _requirements(options)
    given |= price_settings(options)
    check_prices(given, datetime.now(UTC).date())
    tasks = find_tasks(options.tasks, tasks_dir)
    given["allow_task_code"] = options.allow_task_code
    settings = Settings(
        tasks=_absolute(tasks),
        quick=options.quick,
        learning_curve=options.learning_curve,
        use_cache=not options.no_cache,
        **given,
    )
    default = _general_task(tasks, tasks_dir) if settings.adapted else ()
    return replace(settings, forgetting=_forgetting_tasks(options.guard, default, tasks_dir))


def _absolute(paths: Iterable[Path]) -> tuple[str, ...]:
    return tuple(str(path.resolve()) for path in paths)


def _forgetting_tasks(
    given: list[str] | None, default: Sequence[Path], tasks_dir: Path
) -> tuple[str, ...] | None:
    """The tasks that show what fine-tunes forget, as settings hold them; None where nothing shall be asked.

    Raises InputError where names mean nothing, or `none` is one of several.
    """
    from harness.spec.task import find_tasks

    if given is None:
        return _absolute(default)
    names = names_in(given)
    if names == ["none"]:
        return None
    if not names or "none" in names:
        raise InputError("--guard wants names of tasks, or none alone where nothing shall be guarded.")
    return _absolute(find_tasks(names, tasks_dir))


def _general_task(tasks: Sequence[Path], tasks_dir: Path) -> list[Path]:
    """The task `general`, where there is one and no task of the run probes general knowledge or has its name."""
    from harness.spec.task import declared_text, find_tasks

    if any(GENERAL in (declared_text(path, "probes"), declared_text(path, "name")) for path in tasks):
        return []
    try:
        return find_tasks([GENERAL], tasks_dir)
    except InputError:
        return []


def _requirements(options: argparse.Namespace) -> dict[str, Any]:
    """The settings that keep what the user needs; none where nothing was given."""
    needs = requirements_from(options)
    return {"requirements": needs.asked, "monthly_queries": needs.monthly_queries} if needs else {}


def resumed_settings(options: argparse.Namespace) -> Settings:
    """The settings a stopped run was made with. Raises InputError where flags would change them, or it is damaged.

    What it may spend, and what `COURSE` names, may be other than before. Whether code of tasks may run is
    asked of the command line alone: a run folder may come from anybody.
    """
    from harness.analysis.reading import read_run

    switches = ("tasks", "quick", "no_cache", "learning_curve")
    free = {"resume", "run", "command", "allow_task_code", "max_usd", "dry_run", "json", *COURSE, *switches}
    extra = [name for name, value in vars(options).items() if name not in free and value is not None]
    extra += [name for name in switches if getattr(options, name)]
    if extra:
        known = {"tasks": "TASK", **requirement_flags()}
        flags = ", ".join(known.get(name, "--" + name.replace("_", "-")) for name in extra)
        raise InputError(f"--resume goes on with the run's own settings; leave out {flags}.")
    settings = read_run(options.resume).manifest.settings.found_from(options.resume)
    if lost := [file for file in settings.task_files if not os.path.exists(file)]:  # noqa: PTH110 - never raises
        raise InputError(
            f"its tasks lay, as seen from this folder, at {listed(lost, 3)}, where nothing is now; put the run and its "
            "tasks back beside each other.",
            path=options.resume,
        )
    if settings.allow_task_code and not options.allow_task_code:
        raise InputError(
            "the run was allowed to run code of its tasks, and a run folder cannot give that permission; where you "
            "trust the code, add --allow-task-code again.",
            path=options.resume,
        )
    settings = replace(settings, models=at_endpoints(settings.models, options.endpoints))
    return settings if options.max_usd is None else replace(settings, max_usd=options.max_usd)
