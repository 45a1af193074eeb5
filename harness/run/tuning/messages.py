"""`--optimise-prompt`: the system messages that are tried of each system, proposed once a task and model, and kept."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from harness.records import ProposalRow
from harness.run.folder import RunFolder
from harness.run.settings import Settings
from harness.run.spending import price_of_model
from harness.run.tools import Tools
from harness.run.tuning.propose import Proposer, in_words
from harness.spec.system import System
from harness.spec.task import Task
from harness.spec.taskspec import TaskSpec


@dataclass(frozen=True, slots=True)
class ProposalEffort:
    """What proposing a message took. `usd`: as of `ProposalRow`."""

    seconds: float = 0.0
    usd: float | None = None


@dataclass
class Messages:
    """The messages of a run. Those that a stopped run had are not proposed again."""

    settings: Settings
    tools: Tools
    folder: RunFolder
    _rows: dict[tuple[str, str | None], list[ProposalRow]] = field(default_factory=dict)

    def serve(self, task: Task, system: System) -> bool:
        """Whether other messages are tried of a system.

        Not of a fine-tune, which would have to be trained on each; nor where lm-eval says how questions are put.
        """
        wanted = self.settings.optimise_prompt is not None and bool(task.train)
        return wanted and not system.control and not system.adapted and isinstance(task.spec, TaskSpec)

    def of(self, task: Task, system: System, *, ask: bool) -> tuple[str, ...]:
        """The messages that are tried of a system. Without `ask`, stand-ins for those that nobody proposed yet."""
        wanted = self.settings.optimise_prompt
        if wanted is None or not self.serve(task, system):
            return ()
        rows = self._proposed(task, system, wanted) if ask else self._known(task, system)
        texts = [row.text for row in rows if row.dropped is None][:wanted]
        stand_ins = [] if ask else range(len(texts), wanted)
        return (*texts, *(f"{task.own.system_message} ({n})" for n in stand_ins))

    def efforts(self, task: Task, system: System) -> dict[str, ProposalEffort]:
        """Message → what proposing it took. Those that are not tried were asked for as well: all bear their part."""
        rows = self._known(task, system)
        served = [row.text for row in rows if row.dropped is None]
        if not served:
            return {}
        paid = [row.usd for row in rows if row.usd is not None]
        seconds = math.fsum(row.seconds for row in rows) / len(served)
        return dict.fromkeys(served, ProposalEffort(seconds, math.fsum(paid) / len(served) if paid else None))

    def _known(self, task: Task, system: System) -> list[ProposalRow]:
        place = (task.name, system.model_label)
        rows = [row for row in self.folder.proposals() if (row.task, row.model) == place]
        return sorted(rows, key=lambda row: row.number)

    def _proposed(self, task: Task, system: System, wanted: int) -> list[ProposalRow]:
        place, tools = (task.name, system.model_label), self.tools
        if place not in self._rows:
            model = tools.proposer or tools.of(system)
            price = price_of_model(model, tools, self.folder.manifest)
            proposer = Proposer(
                task, system.model_label, model.engine, self.settings.seed, tools.clock, price
            )
            rows = proposer.propose(wanted, self._known(task, system), self.folder.add_proposal)
            tools.progress.note(f"  {task.name}: {in_words(rows)}")
            self._rows[place] = rows
        return self._rows[place]
