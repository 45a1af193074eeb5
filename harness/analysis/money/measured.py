"""What a run knows of one system's money: what it did and took, and how its model is paid for."""

from __future__ import annotations

from dataclasses import dataclass, replace

from harness.analysis.results.crossover import Paid
from harness.analysis.results.figures import Interval
from harness.analysis.results.hosting import Hosting
from harness.analysis.results.money import Assumptions
from harness.analysis.results.tokens import ByToken
from harness.run.facts import DECLARED


@dataclass(frozen=True, slots=True)
class Serving:
    """How a model is paid for, where that is not by the hours of the run's machine. `name`: of the model.

    `usd_per_hour`: of the machine that serves it, as declared; `tokens`: what its tokens cost. Both None: not known,
    and `unknown` says why.
    """

    name: str
    usd_per_hour: float | None = None
    tokens: ByToken | None = None
    unknown: str | None = None

    @property
    def machine(self) -> str:
        """What the machine behind it is called."""
        return f"{self.name} server"

    def paid(self, hosting: Hosting, token_factor: float) -> Paid | None:
        """How its answers are paid for. `hosting`: the run's machines, under the tariff."""
        if self.tokens:
            return self.tokens.times(token_factor)
        if self.usd_per_hour is None:
            return None
        return replace(hosting, machine=self.machine, usd_per_hour=self.usd_per_hour, own_price=True)

    def origin(self) -> Assumptions:
        """What a reader has to know of the price."""
        if self.tokens:
            return Assumptions(priced_on=self.tokens.priced_on, source=self.tokens.source)
        source = None if self.usd_per_hour is None else DECLARED
        return Assumptions(machine=self.machine, usd_per_hour=self.usd_per_hour, source=source)


@dataclass(frozen=True, slots=True)
class MeasuredUse:
    """What a run knows of one system on one task. None: not measured, or the system has no such part."""

    strategy: str
    adapted: bool = False
    retrieves: bool = False
    examples: bool = False
    """The prompt shows examples."""
    finds_examples: bool = False
    """They are found among all training questions, which lie in an index."""
    control: bool = False
    """Nobody deploys it, so no people's time is spent on it."""
    candidate: bool = True
    """False for another task's adapter, a probe: what it cost once belongs to that task."""
    serial_s: float | None = None
    """Mean seconds of one request alone, retrieval included."""
    timed: int = 0
    """Questions that `serial_s` is the mean of."""
    serial_ci_s: Interval | None = None
    """95 % interval of `serial_s`; None where too few were timed."""
    retrieve_s: float | None = None
    ttft_s: float | None = None
    """Mean seconds to the first token, retrieval included."""
    generation_s: float | None = None
    """Wall seconds a question in the batched pass, which does not retrieve."""
    training_s: float | None = None
    labels: int | None = None
    """Training questions with answers that it needs: to be trained on, or to find examples among."""
    tuning_s: float | None = None
    """Machine seconds of the search for its settings; None: there was none, or all of it was paid by the token."""
    tuning_usd: float | None = None
    """What the search's requests to a server cost."""
    index_s: float | None = None
    embed_tokens: int | None = None
    stored_bytes: int | None = None
    """Of the adapter and the indexes on disk."""
    load_s: float | None = None
    """To load the model: of a cold start."""
    serving: Serving | None = None
    """None: the run's machine answers, at the price list's price."""
    at_once: bool = False
    """A server answers several at once, so its pace is that of the answer pass."""
    pass_n: int = 0
    """Answers of that pass."""
    served_adapter: bool = False
    """A server holds the adapter: nothing was trained here."""
    upfront_usd: float | None = None
    """What making that adapter cost, as declared."""

    @property
    def trained(self) -> bool:
        """Whether an adapter was trained here, by people and a machine that are paid for."""
        return self.adapted and not self.served_adapter

    @property
    def searches(self) -> bool:
        """Whether something has to be embedded beforehand and looked for at each question: passages, or examples."""
        return self.retrieves or self.finds_examples

    @property
    def busy_s(self) -> float | None:
        """Seconds that a query keeps a machine busy: alone, or its share of the pass where a server answers."""
        return self.batched_s if self.by_pass else self.serial_s

    @property
    def by_pass(self) -> bool:
        return self.at_once and self.batched_s is not None

    @property
    def batched_s(self) -> float | None:
        """Seconds a question in the batched pass, with retrieval as it was timed alone (never left out)."""
        if self.generation_s is None or (self.searches and self.retrieve_s is None):
            return None
        return self.generation_s + (self.retrieve_s or 0.0)
