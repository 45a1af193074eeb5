"""Which strategies `compare` will run on a task by default, and why it leaves the others out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from harness.engines.catalogue import DEFAULT_BASE, DEFAULT_EMBEDDER
from harness.engines.engine import Ability, Engine, EngineIdentity
from harness.preview.case import Case
from harness.run.facts import Obstacle
from harness.run.obstacles import obstacle
from harness.run.plan import make_plan, setup_of
from harness.spec.strategy import DEFAULT_STRATEGIES, STRATEGIES


@dataclass(frozen=True, slots=True)
class Outlook:
    """A strategy of a run to come. `why_not`: None where it runs. `control`: it is never recommended."""

    strategy: str
    control: bool
    why_not: Obstacle | None


class _LocalModel:
    """A chat model on this machine that can do whatever a task asks: what is left are the task's own obstacles."""

    identity = EngineIdentity(DEFAULT_BASE, "", None, None, "cpu")
    abilities = frozenset(Ability)

    def template_facts(self) -> None:
        return None

    def why_not_held(self, _form: Any) -> None:
        return None


def outlook(case: Case) -> tuple[Outlook, ...]:
    """Which strategies apply, of those that `compare` runs by default, on the default model."""
    engine = cast(Engine, _LocalModel())
    setup = setup_of(engine, DEFAULT_EMBEDDER, 0)
    contestants = [(STRATEGIES[name], setup) for name in DEFAULT_STRATEGIES]
    plan = make_plan([case.task], contestants, lambda task, system: obstacle(task, system, engine))
    why = plan.not_applicable[case.task.name]
    return tuple(
        Outlook(strategy.name, strategy.control, why.get(strategy.name)) for strategy, _ in contestants
    )
