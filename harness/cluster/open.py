"""From the tools of a run in one process to those of a run with many workers."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from harness import __version__
from harness.cluster import rays
from harness.cluster.embedder import ClusterEmbedder
from harness.cluster.engine import ClusterEngine
from harness.cluster.executor import ClusterExecutor
from harness.cluster.machines import Cluster, Machine, Share
from harness.cluster.pool import Pool
from harness.cluster.processes import LocalCluster
from harness.cluster.trainer import ClusterTrainer
from harness.cluster.units import HeldModel, Hello
from harness.cluster.worker import WorkerSetup
from harness.corpus.embedder import Embedder, SentenceTransformerEmbedder
from harness.engines.engine import Engine
from harness.engines.local import LocalModel, choose_dtype
from harness.engines.memory import ROOM_BYTES, fit_together, weights_bytes
from harness.engines.scripted import ScriptedEngine
from harness.engines.store import ModelFolder
from harness.engines.transformers_engine import TransformersEngine
from harness.errors import InputError
from harness.finetune.trainer import Trainer
from harness.quantities import counted, listed
from harness.run import environment
from harness.run.machines import MachineFacts, WorkerGroup
from harness.run.tools import Model, Tools

SCRIPT_BYTES = 3 * 10**8
"""Memory that a worker takes whose models are scripts: the libraries."""

CPUS_BESIDE_GPU = 4
"""The most that a worker takes of a machine's processors beside its GPU."""


@contextlib.contextmanager
def spread(tools: Tools, address: str | None, workers: int | None, date: str, name: str) -> Iterator[Tools]:
    """The tools of a run whose local models are held by workers, for as long as the block goes on.

    `address`: of a Ray cluster, or `LOCAL`; None: processes of this machine, where that is any use. `workers`: at most
    so many; None: as many as there is room for. Raises InputError where there is no cluster, or none of its machines
    has room for a worker.
    """
    with contextlib.ExitStack() as over:
        if address is not None:
            cluster: Cluster = over.enter_context(rays.joined(address, name))
        else:
            cluster = LocalCluster(tools.progress)
            if why := _better_alone(tools, cluster):
                tools.progress.note(f"  one process computes: {why}")
                yield tools
                return
        yield _spread(tools, cluster, workers, date, over)


def _better_alone(tools: Tools, here: Cluster) -> str | None:
    """Why one process of this machine does as well as several, or there is no room for them; a clause."""
    engines, (machine,) = [model.engine for model in tools.models], here.machines()
    need = 2 * _memory(engines)
    if not any(held_model(engine, "") for engine in engines):
        return "servers answer"
    if any(not engine.identity.device.startswith("cpu") for engine in engines if weights_bytes(engine)):
        return "several would share the accelerator"
    if machine.cpus < 2:
        return "it may use a single processor"
    if machine.memory < need:
        return f"two need {need / 1e9:.1f} GB, and {machine.memory / 1e9:.1f} GB of memory are free"
    return None


def _spread(
    tools: Tools, cluster: Cluster, workers: int | None, date: str, over: contextlib.ExitStack
) -> Tools:
    """`over`: does what is to be done before the cluster is left."""
    machines = cluster.machines()
    gpu = any(machine.gpus for machine in machines)
    models = [_for_gpu(model, date, tools) if gpu else model for model in tools.models]
    held = {at: one for at, model in enumerate(models) if (one := held_model(model.engine, date))}
    if not held:
        raise InputError(
            "--ray spreads models that are read here, and all of these are asked of servers; leave it out."
        )
    need = _memory([model.engine for model in models])
    share, count = shares(machines, need, workers, gpu=gpu)
    whole = Share(max(machine.cpus for machine in machines), share.gpus, need)
    setup = WorkerSetup(tuple(held.values()), cluster.home, tools.cache, share.cpus)
    cluster.offer(tools.cache / "adapters")
    for one in held.values():
        _offer(cluster, one)
    say = tools.progress.note
    ready = ReadyWorkers()
    pool_of = functools.partial(Pool, note=say, why_over=cluster.why_over)
    pool = pool_of(cluster.starter(setup, share, "worker"), count, met=ready.met)
    timing = cluster.starter(replace(setup, threads=whole.cpus), whole, "timing")
    alone = functools.partial(pool_of, timing, 1, met=ready.check)
    executor = ClusterExecutor(pool, alone, sharing(machines, share), len(machines))
    over.callback(executor.stop)
    numbers = {at: number for number, at in enumerate(held)}
    say(f"  {_said(machines, share, count, gpu=gpu)}")

    @functools.cache
    def embedder() -> Embedder:
        local = tools.embedder()
        if not isinstance(local, SentenceTransformerEmbedder):
            return local
        folder = ModelFolder(local.name, local.folder.resolve(), local.sha256, "", None, None)
        embeds = HeldModel(folder, "float32", "cuda" if gpu else local.device, "")
        _offer(cluster, embeds)
        return ClusterEmbedder(local, embeds, executor)

    cluster_models = tuple(
        _cluster_model(model, numbers[at], executor) if at in held else model
        for at, model in enumerate(models)
    )

    return replace(
        tools,
        models=cluster_models,
        executor=executor,
        embedder=embedder,
        fit_together=_fit_together,
        machine=_machine,
        workers=ready.groups,
        peak_memory_gb=functools.partial(_peak_memory_gb, cluster_models),
    )


def _peak_memory_gb(models: Sequence[Model]) -> float | None:
    """What one process would need at the most: the driver embeds questions, a worker does everything else."""
    engines = [model.engine for model in models if isinstance(model.engine, ClusterEngine)]
    own, most = environment.peak_memory_gb(), max(engine.peak_memory_gb or 0.0 for engine in engines)
    return round(own + most, 3) if own and most else None


def held_model(engine: Engine, date: str) -> HeldModel | None:
    """What a worker needs to open a model; None of one that a server answers for."""
    identity = engine.identity
    if isinstance(engine, TransformersEngine):
        return HeldModel(_folder(engine), identity.dtype, identity.device, date)
    if isinstance(engine, ScriptedEngine) and engine.path:
        folder = ModelFolder(identity.name, engine.path.resolve(), str(identity.sha256), "", None, None)
        return HeldModel(folder, identity.dtype, identity.device, date, script=True)
    return None


def _folder(engine: TransformersEngine) -> ModelFolder:
    of = engine.identity
    return ModelFolder(
        of.name, engine.model.path.resolve(), str(of.sha256), of.source, of.licence, of.revision
    )


def _offer(cluster: Cluster, held: HeldModel) -> None:
    """Let workers that lack a model read its files from the driver."""
    path = held.folder.path
    if held.script:
        cluster.offer(path.parent, path.name)
    else:
        cluster.offer(path)


def _for_gpu(model: Model, date: str, tools: Tools) -> Model:
    """A model as GPUs of the cluster run it, which the driver's machine need not have."""
    engine, entry = model.engine, model.entry
    if not isinstance(engine, TransformersEngine) or entry.device:
        return model
    dtype, cache = choose_dtype(entry.dtype, "cuda"), tools.cache
    moved = LocalModel(
        _folder(engine), device="cuda", dtype=dtype, date=date, cache=cache, progress=tools.progress
    )
    return replace(model, engine=TransformersEngine(moved))


def _cluster_model(model: Model, number: int, executor: ClusterExecutor) -> Model:
    local = model.engine
    engine = ClusterEngine(local, number, executor)
    trainer: Trainer | None = model.trainer and ClusterTrainer(engine, model.trainer.weights)
    return replace(model, engine=engine, trainer=trainer)


def _memory(engines: Sequence[Engine]) -> int:
    """Memory that a worker takes which holds all of these, an adapter merged into the largest."""
    sizes = [size for engine in engines if (size := weights_bytes(engine))]
    return sum(sizes) + max(sizes) + ROOM_BYTES if sizes else SCRIPT_BYTES


def _fit_together(engines: Sequence[Engine]) -> bool:
    return fit_together([engine.local if isinstance(engine, ClusterEngine) else engine for engine in engines])


def shares(machines: Sequence[Machine], need: int, limit: int | None, *, gpu: bool) -> tuple[Share, int]:
    """What each worker takes of a machine, and how many there are: one for each GPU, else as many as processors and
    memory allow. Raises InputError where there is room for none."""
    used = [machine for machine in machines if machine.gpus or not gpu]
    if gpu:
        cpus = max(1, min(CPUS_BESIDE_GPU, *(machine.cpus // machine.gpus for machine in used)))
        count = sum(machine.gpus for machine in used)
        return Share(cpus, 1, 0), min(limit or count, count)
    rooms = [min(machine.cpus, machine.memory // need) for machine in used]
    if not any(rooms):
        most = max((machine.memory for machine in used), default=0)
        raise InputError(
            f"no machine of the cluster has room for a worker: it needs {need / 1e9:.1f} GB, and the largest has "
            f"{most / 1e9:.1f} GB to give. Take a smaller model, --dtype bfloat16, or larger machines."
        )
    usable = [(machine, room) for machine, room in zip(used, rooms, strict=True) if room]
    count = min(limit or sum(rooms), sum(rooms))
    a_machine = -(-count // len(usable))
    cpus = min(machine.cpus // min(room, a_machine) for machine, room in usable)
    return Share(cpus, 0, need), count


def sharing(machines: Sequence[Machine], share: Share) -> int:
    """How many workers share a machine; a GPU counts as one."""
    return 1 if share.gpus else max(1, max(machine.cpus for machine in machines) // share.cpus)


def _said(machines: Sequence[Machine], share: Share, count: int, *, gpu: bool) -> str:
    each = "a GPU" if gpu else counted(share.cpus, "thread")
    return f"{counted(count, 'worker')} on {counted(len(machines), 'machine')}, each with {each}"


def _machine(device: str) -> MachineFacts:
    """The driver's own machine, but for an accelerator, which it need not have."""
    return environment.machine("cpu" if device.startswith("cuda") else device)


@dataclass
class ReadyWorkers:
    """What workers said of themselves when they were ready."""

    hellos: list[Hello] = field(default_factory=list)

    def met(self, hello: Hello) -> None:
        """Remember a worker. Raises as `check`."""
        self.check(hello)
        self.hellos.append(hello)

    @staticmethod
    def check(hello: Hello) -> None:
        """Raises InputError where a worker does not run what the driver runs."""
        mine = {"rag-vs-finetune": __version__, **environment.libraries()}
        theirs = {"rag-vs-finetune": hello.version, **hello.libraries}
        if differing := [
            f"{name} {version} there, {mine.get(name)} here"
            for name, version in theirs.items()
            if mine.get(name) != version
        ]:
            raise InputError(
                f"{hello.host} has other versions, which may answer otherwise: {listed(differing)}. Install the same "
                "on every machine."
            )

    def groups(self) -> tuple[WorkerGroup, ...]:
        """The workers so far, those that are alike together."""
        kinds: dict[tuple[str, int, str], list[Hello]] = {}
        for hello in self.hellos:
            kinds.setdefault((hello.cpu, hello.threads, hello.accelerator or ""), []).append(hello)
        return tuple(
            WorkerGroup(
                workers=len(alike),
                machines=len({hello.node for hello in alike}),
                cpu=cpu,
                threads=threads,
                accelerator=accelerator or None,
            )
            for (cpu, threads, accelerator), alike in sorted(kinds.items())
        )
