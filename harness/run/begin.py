"""The manifest of a run that begins, and whether a stopped run is still the one it began as."""

from __future__ import annotations

import dataclasses
import secrets
from datetime import UTC, date, datetime
from pathlib import Path

from harness import __version__
from harness.errors import InputError
from harness.quantities import listed
from harness.run import environment
from harness.run.facts import ModelFacts, Planned, Seeds, TaskFacts, asked_sha256
from harness.run.folder import RunFolder
from harness.run.manifest import Manifest
from harness.run.plan import Plan
from harness.run.settings import Settings
from harness.run.tools import Model, Tools
from harness.spec.prices import PriceSheet
from harness.spec.pricing import listed_prices, prices_of
from harness.spec.system import System


def new_id() -> str:
    """`<UTC time>-<six hex digits>`: what a run is called everywhere, its folder too where nobody names that."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def describe(
    settings: Settings,
    plan: Plan,
    tools: Tools,
    command: str,
    output: Path,
    run_id: str | None = None,
) -> Manifest:
    """The manifest as it stands at the start of a run in the folder `output`."""
    now, models = datetime.now(UTC), tools.models
    first = models[0].engine.identity
    local = next((model.engine.identity for model in models if not model.engine.identity.server), first)
    prices = prices_of(dataclasses.asdict(settings), local.device_kind, now.date())
    facts = tuple(model_facts(model, prices.sheet, now.date()) for model in models)
    return Manifest(
        run_id=run_id or new_id(),
        created=now.isoformat(timespec="seconds"),
        status="running",
        quick=settings.quick,
        command=command,
        harness_version=__version__,
        git_commit=environment.git_commit(),
        settings=settings.stored_in(output),
        model=facts[0],
        other_models=facts[1:],
        embedder=None,
        tasks={
            name: TaskFacts(
                spec=task.spec,
                fingerprint=task.fingerprint,
                files=dict(task.files),
                questions=len(task.test),
                asked=asked_sha256(task.test),
                train_questions=len(task.train),
                left_out=task.left_out,
            )
            for name, task in plan.tasks.items()
        },
        systems=systems_of(plan),
        plan=planned(plan),
        not_applicable=plan.not_applicable,
        groups=tuple(dict.fromkeys(group for task in plan.tasks.values() for group in task.groups)),
        forgetting=tuple(plan.forgetting.names),
        price_sheet=prices.sheet,
        api_prices=prices.api,
        seeds=Seeds(sampling=settings.seed, training=settings.training_seeds, order=settings.seed),
        libraries=environment.libraries(),
        machine=tools.machine(first.device),
    )


def systems_of(plan: Plan) -> dict[str, System]:
    """The systems of a plan by id, each by its name at home."""
    return {job.system.id: job.system for job in reversed(plan.jobs)}


def planned(plan: Plan) -> tuple[Planned, ...]:
    return tuple(Planned(task=job.task, system=job.system.id, seed=job.seed) for job in plan.jobs)


def keep_chosen(folder: RunFolder, plan: Plan) -> None:
    """Put the systems that were chosen on dev into the manifest, once, in the place of those it began with."""
    manifest, systems = folder.manifest, systems_of(plan)
    if set(manifest.systems) != set(systems):
        untuned = manifest.untuned or tuple(manifest.systems)
        folder.update(
            untuned=untuned, systems=systems, plan=planned(plan), not_applicable=plan.not_applicable
        )


def model_facts(model: Model, sheet: PriceSheet, on: date) -> ModelFacts:
    """What is known of a model before it has answered. `sheet`, `on`: for the listed price of tokens on that day."""
    facts = ModelFacts(
        **dataclasses.asdict(model.engine.identity),
        label=model.label,
        usd_per_hour=model.entry.usd_per_hour,
        usd_per_mtok=model.entry.usd_per_mtok,
        same_as=model.entry.same_as,
        endpoints=model.entry.endpoints,
        upfront_usd={
            task: held.upfront_usd
            for task, held in model.entry.adapters.items()
            if held.upfront_usd is not None
        },
    )
    if not facts.by_token or facts.usd_per_mtok:
        return facts
    return dataclasses.replace(facts, listed_prices=listed_prices(model.entry.model, sheet, on))


def reopen(output: Path, manifest: Manifest) -> RunFolder:
    """Open a run to go on with it, if the tasks and the systems are still the ones it began with."""
    folder = RunFolder.resume(output)
    old = folder.manifest
    changed = [
        f"task {name!r} has changed since the run began"
        for name, task in manifest.tasks.items()
        if name not in old.tasks or old.tasks[name].fingerprint != task.fingerprint
    ]
    began, now = ({facts.label: facts for facts in run.models} for run in (old, manifest))
    if set(began) != set(now):
        changed.append(f"it began with the models {listed(map(str, began))}")
    else:
        changed += [
            f"the model's {key} is not the one the run began with" + (f" ({label})" if label else "")
            for label in began
            for key in ("sha256", "dtype")
            if getattr(began[label], key) != getattr(now[label], key)
        ]
    if not changed and set(old.untuned or old.systems) != set(manifest.systems):
        changed.append("what is compared has changed since the run began")
    if changed:
        raise InputError(f"{output} cannot be resumed: {'; '.join(changed)}. Start a new run.")
    folder.update_models([_asked_at(facts, now[facts.label]) for facts in old.models], status="running")
    return folder


def _asked_at(began: ModelFacts, now: ModelFacts) -> ModelFacts:
    """A model as the run began with it, with every address that it is asked at."""
    return dataclasses.replace(began, endpoints=tuple(dict.fromkeys((*began.endpoints, *now.endpoints))))
