"""What requests to servers cost, and the most that a run may spend on them (`--max-usd`).

Spending is counted on the safe side: a request that was sent several times counts as often as it was sent, whatever
of it the server charges for.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, cast

from harness.engines.engine import AdapterRef, Clock, Completion, Engine, Request, TimedCompletion, is_served
from harness.errors import InputError, NoAnswer, SpendingLimit
from harness.quantities import dollars
from harness.records import AnswerRow, ApiPrice, FailureRow, TimingRow
from harness.run.begin import model_facts
from harness.run.counts import read_tokens, written_tokens
from harness.run.facts import ModelFacts
from harness.run.folder import ANSWERS, FAILURES, REPEATS, TIMINGS, RunFolder
from harness.run.manifest import Manifest
from harness.run.rows import each_row
from harness.run.tools import Model, Tools
from harness.spec.tokenusd import request_usd


def price_of(facts: ModelFacts, *, adapted: bool = False) -> ApiPrice | None:
    """What the tokens of a model cost: as declared, else as listed that day. None: by the hour, or not known."""
    price = facts.token_price(adapted=adapted) if facts.by_token else None
    if price is None or None in (price.input_usd_per_mtok, price.output_usd_per_mtok):
        return None
    return price


def usd(price: ApiPrice, prompt: int, completion: int, cached: int = 0) -> float:
    """A request's dollars by its tokens, at a price that is known."""
    return request_usd(price, prompt, completion, cached) or 0.0


@dataclass
class Spending:
    """Dollars spent so far, and held for what is on its way. Many threads may use it at once."""

    limit: float
    spent: float = 0.0
    _held: float = 0.0
    _changed: threading.Condition = field(default_factory=threading.Condition)

    @contextmanager
    def hold(self, most: float) -> Iterator[list[float]]:
        """Hold the most that a request may cost; the block adds what it did cost to the list.

        Waits while what is on its way may leave enough. Raises SpendingLimit where the request could pass the limit.
        """
        with self._changed:
            while self.spent + self._held + most > self.limit:
                if not self._held or self.spent + most > self.limit:
                    raise SpendingLimit(
                        f"stopped: the next request may cost {dollars(most)}, and {dollars(self.spent)} of the "
                        f"{dollars(self.limit)} that --max-usd allows are spent."
                    )
                self._changed.wait()
            self._held += most
        cost: list[float] = []
        try:
            yield cost
        finally:
            with self._changed:
                self._held -= most
                self.spent += sum(cost)
                self._changed.notify_all()


class Metered:
    """An engine whose requests are counted against a limit before they are sent; else the engine itself."""

    def __init__(self, engine: Engine, facts: ModelFacts, spending: Spending) -> None:
        self._engine, self._facts, self._spending = engine, facts, spending

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def complete(
        self, requests: Sequence[Request], adapter: AdapterRef | None = None, *, job: Sequence[Request] = ()
    ) -> list[Completion]:
        with self._counted(requests, adapter) as answered:
            answered += self._engine.complete(requests, adapter, job=job)
        return answered

    def time(self, request: Request, adapter: AdapterRef | None, clock: Clock) -> TimedCompletion:
        with self._counted([request], adapter) as answered:
            timed = self._engine.time(request, adapter, clock)
            answered.append(timed.completion)
        return timed

    @contextmanager
    def _counted(self, requests: Sequence[Request], adapter: AdapterRef | None) -> Iterator[list[Completion]]:
        price = declared_price(self._facts, adapted=adapter is not None)
        facts = [self._engine.inspect(request) for request in requests]
        read = [
            read_tokens(request.wanted, fact.tokens, fact.longest)
            for request, fact in zip(requests, facts, strict=True)
        ]
        most = sum(
            usd(price, tokens, written_tokens(request.wanted))
            for request, tokens in zip(requests, read, strict=True)
        )
        with self._spending.hold(most) as cost:
            answered: list[Completion] = []
            try:
                yield answered
            except NoAnswer as error:
                cost.append(error.attempts * sum(usd(price, tokens, 0) for tokens in read))
                raise
            cost += [cost_of(price, done, tokens) for done, tokens in zip(answered, read, strict=False)]


def cost_of(price: ApiPrice, completion: Completion, read: int) -> float:
    """The dollars of an answer, with all attempts at it. `read`: tokens of the prompt, where its server counts none."""
    if (usage := completion.usage) is None:
        return usd(price, read, completion.completion_tokens)
    cached = usage.cached_tokens or 0
    return usage.attempts * usd(price, usage.prompt_tokens, completion.completion_tokens, cached)


def declared_price(facts: ModelFacts, *, adapted: bool) -> ApiPrice:
    """As `price_of`. Raises InputError where nobody says what tokens cost, and a limit could not be held."""
    price = price_of(facts, adapted=adapted)
    if price is None:
        raise InputError(
            f"--max-usd: nothing says what the tokens of {facts.name} cost; declare usd_per_mtok for it in a --models "
            "file, or leave --max-usd out."
        )
    return price


def metered(tools: Tools, manifest: Manifest, spending: Spending) -> Tools:
    """The tools of a run whose servers are counted. Raises InputError where nobody says what one's tokens cost."""
    known = [(model, _metered(model, facts, spending)) for model, facts in _known(tools, manifest)]
    proposer = next((metered for model, metered in known if model is tools.proposer), tools.proposer)
    return replace(tools, models=tuple(new for _, new in known[: len(tools.models)]), proposer=proposer)


def _known(tools: Tools, manifest: Manifest) -> Iterator[tuple[Model, ModelFacts]]:
    """The models of a run with what its manifest knows of them, and who proposes system messages besides."""
    yield from zip(tools.models, manifest.models, strict=True)
    proposer, sheet = tools.proposer, manifest.price_sheet
    if proposer and sheet and not any(proposer is model for model in tools.models):
        yield proposer, model_facts(proposer, sheet, date.fromisoformat(manifest.created[:10]))


def price_of_model(model: Model, tools: Tools, manifest: Manifest) -> ApiPrice | None:
    """As `price_of`, of a model of the run or the one that proposes system messages; None where it is no server's."""
    facts = next((facts for known, facts in _known(tools, manifest) if known is model), None)
    return price_of(facts) if facts and is_served(model.engine) else None


def _metered(model: Model, facts: ModelFacts, spending: Spending) -> Model:
    if not is_served(model.engine) or not facts.by_token:
        return model
    declared_price(facts, adapted=False)
    return replace(model, engine=cast(Engine, Metered(model.engine, facts, spending)))


def spent_before(folder: RunFolder) -> float:
    """What the requests of a run cost until now, as its evidence tells."""
    manifest = folder.manifest
    prices = {
        name: price_of(manifest.model_of(system), adapted=system.adapted)
        for name, system in manifest.systems.items()
    }
    answers = (row for name in (ANSWERS, REPEATS) for row in each_row(folder.path / name, AnswerRow))
    total, lengths = 0.0, dict[str, int]()
    for row in answers:
        lengths[row.system] = max(lengths.get(row.system, 0), row.prompt_tokens)
        if (price := prices.get(row.system)) and not row.cached:
            tokens = (row.prompt_tokens, row.completion_tokens, row.cached_tokens or 0)
            total += row.attempts * usd(price, *tokens)
    for timed in each_row(folder.path / TIMINGS, TimingRow):
        if price := prices.get(timed.system):
            total += usd(price, timed.prompt_tokens, timed.completion_tokens, timed.cached_tokens or 0)
    total += sum(row.usd or 0.0 for row in (*folder.trials(), *folder.learnt()))
    total += sum(row.usd or 0.0 for row in folder.proposals())
    for failed in each_row(folder.path / FAILURES, FailureRow):
        if price := prices.get(failed.system):
            total += failed.attempts * usd(price, lengths.get(failed.system, 0), 0)
    return total
