"""One system's money out of three things that are known apart: what it did (`Measured`), what an hour, a label
and a gigabyte cost (`Tariff`), and what the user set (`CostInputs`).

Nothing is read here, so asking again under another price, volume or number of cycles takes microseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from harness.analysis.money.economics import CostInputs, Economics, fine_tune_cost, own_machine_cost
from harness.analysis.results.figures import Interval
from harness.analysis.results.money import Assumptions, Components
from harness.spec.prices import UsedSheet

NO_PRICES = "the run has no price list"
LABOUR = ("labour", "labels", "evaluation")
"""The sections of a price list that say what people cost."""


@dataclass(frozen=True, slots=True)
class Labour:
    """What people cost in a fine-tune."""

    wage_usd_per_hour: float
    engineer_hours_per_cycle: float
    engineer_hours_per_refresh: float
    evaluation_hours: float
    """Of an engineer, once at the start and once at each refresh."""
    usd_per_label: float
    """One training question with its answer, written and checked."""

    @property
    def refresh_hours(self) -> float:
        """Of an engineer at each change of knowledge: to train again, and to judge what came of it."""
        return self.engineer_hours_per_refresh + self.evaluation_hours

    @property
    def evaluation_usd(self) -> float:
        return self.evaluation_hours * self.wage_usd_per_hour


@dataclass(frozen=True, slots=True)
class Tariff:
    """What things cost. `origin`: what a reader has to know of the machine's price."""

    usd_per_hour: float
    utilisation: float
    labour: Labour | None = None
    """None: the price list lacks some of it, so that no fine-tune's one-off cost is known."""
    lacking: tuple[str, ...] = LABOUR
    """Where `labour` is None: the sections that the price list lacks."""
    changed_share: float | None = None
    """Share of the documents (and of the training labels) that a change of knowledge touches."""
    storage_usd_per_gb_month: float = 0.0
    embedding_usd_per_mtok: float | None = None
    """None: passages are embedded on the machine itself, in the seconds that were measured."""
    origin: Assumptions = field(default_factory=Assumptions)

    @classmethod
    def of(cls, sheet: UsedSheet) -> Tariff:
        """The prices of a run's sheet. What a sheet of an older version lacks is None, never 0."""
        machine = sheet.machine
        return cls(
            usd_per_hour=machine.usd_per_hour,
            utilisation=sheet.utilisation,
            labour=_labour(sheet),
            lacking=tuple(name for name in LABOUR if not getattr(sheet, name)),
            changed_share=sheet.refresh.changed_share if sheet.refresh else None,
            storage_usd_per_gb_month=sheet.storage.usd_per_gb_month if sheet.storage else 0.0,
            embedding_usd_per_mtok=sheet.embedding.usd_per_mtok if sheet.embedding else None,
            origin=Assumptions(
                machine=machine.name,
                provider=machine.provider,
                usd_per_hour=machine.usd_per_hour,
                utilisation=sheet.utilisation,
                priced_on=machine.date,
                source=machine.source,
            ),
        )

    def usd(self, seconds: float | None) -> float | None:
        """Dollars for seconds of the machine, fully used."""
        return None if seconds is None else self.usd_per_hour * seconds / 3600

    def query_usd(self, seconds: float | None) -> float | None:
        """Dollars for the seconds of a query, at the utilisation."""
        if not seconds:
            return seconds
        return own_machine_cost(self.usd_per_hour, 1 / seconds, self.utilisation)

    def under(self, inputs: CostInputs) -> Tariff:
        """The tariff with the user's price of an hour and utilisation, their origin stated.

        Where data stay in house, no hosted service embeds the corpus: the measured seconds are priced instead.
        """
        hour = self.usd_per_hour if inputs.usd_per_hour is None else inputs.usd_per_hour
        share = self.utilisation if inputs.utilisation is None else inputs.utilisation
        given, origin = inputs.usd_per_hour is not None, self.origin
        origin = replace(
            origin,
            usd_per_hour=hour,
            utilisation=share,
            source="given with --usd-per-hour" if given else origin.source,
            priced_on=None if given else origin.priced_on,
        )
        embedding = None if inputs.in_house else self.embedding_usd_per_mtok
        return replace(
            self, usd_per_hour=hour, utilisation=share, embedding_usd_per_mtok=embedding, origin=origin
        )


def _labour(sheet: UsedSheet) -> Labour | None:
    people, labels, evaluation = sheet.labour, sheet.labels, sheet.evaluation
    if not (people and labels and evaluation):
        return None
    return Labour(
        wage_usd_per_hour=people.wage_usd_per_hour,
        engineer_hours_per_cycle=people.engineer_hours_per_cycle,
        engineer_hours_per_refresh=people.engineer_hours_per_refresh,
        evaluation_hours=evaluation.engineer_hours,
        usd_per_label=labels.usd_per_label,
    )


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run knows of one system on one task. None: not measured, or the system has no such part."""

    strategy: str
    adapted: bool = False
    retrieves: bool = False
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
    index_s: float | None = None
    embed_tokens: int | None = None
    stored_bytes: int | None = None
    """Of the adapter and the index on disk."""

    @property
    def batched_s(self) -> float | None:
        """Seconds a question in the batched pass, with retrieval as it was timed alone (never left out)."""
        if self.generation_s is None or (self.retrieves and self.retrieve_s is None):
            return None
        return self.generation_s + (self.retrieve_s or 0.0)


def economics(measured: Measured, tariff: Tariff | None, inputs: CostInputs | None = None) -> Economics:
    """One system's money; every cost None, with a reason, where there is no tariff."""
    inputs = inputs or CostInputs()
    if tariff is None:
        return Economics(
            strategy=measured.strategy,
            per_query_usd=None,
            batched_usd=None,
            fixed_usd=None,
            refresh_usd=None,
            storage_usd_per_month=0.0,
            reason=NO_PRICES,
            components=Components(),
            assumptions=_assumptions(measured, None, inputs),
            cycles=inputs.cycles,
            fixed_reason=NO_PRICES,
            timed=measured.timed,
        )
    return economics_under(measured, tariff.under(inputs), inputs)


def economics_under(measured: Measured, priced: Tariff, inputs: CostInputs) -> Economics:
    """One system's money where the tariff is at the prices of `inputs` already."""
    parts = _components(measured, priced)
    fixed, fixed_reason = _fixed(measured, priced, parts, inputs.cycles)
    refresh, refresh_people = _refresh(measured, priced, parts)
    people = inputs.cycles * (parts.labour_usd or 0.0) + _sum(parts.labels_usd, parts.evaluation_usd)
    known = fixed is not None
    return Economics(
        strategy=measured.strategy,
        per_query_usd=parts.serial_usd,
        batched_usd=parts.batched_usd,
        fixed_usd=fixed,
        refresh_usd=refresh,
        storage_usd_per_month=parts.storage_usd_per_month or 0.0,
        reason="not timed" if measured.serial_s is None else fixed_reason,
        components=parts,
        assumptions=_assumptions(measured, priced, inputs),
        cycles=inputs.cycles,
        per_cycle_usd=_sum(parts.training_usd, parts.labour_usd) if known else 0.0,
        people_usd=people if known else 0.0,
        people_refresh_usd=refresh_people,
        fixed_reason=fixed_reason,
        timed=measured.timed,
        per_query_ci_usd=_ci_usd(measured, priced),
    )


def _ci_usd(measured: Measured, priced: Tariff) -> Interval | None:
    """Dollars are seconds times a constant, so the interval of the one is that of the other."""
    if measured.serial_ci_s is None:
        return None
    low, high = (priced.query_usd(seconds) for seconds in measured.serial_ci_s)
    return None if low is None or high is None else (low, high)


def _components(measured: Measured, priced: Tariff) -> Components:
    m = measured
    whole, first, search = m.serial_s, m.ttft_s, m.retrieve_s
    tuned, indexed = m.candidate and m.adapted, m.candidate and m.retrieves
    labour = priced.labour if tuned else None
    stored = m.stored_bytes if m.candidate else None
    return Components(
        serial_usd=priced.query_usd(whole),
        batched_usd=priced.query_usd(m.batched_s),
        retrieve_usd=priced.query_usd(search),
        prompt_usd=None if first is None else priced.query_usd(first - (search or 0.0)),
        generate_usd=None if whole is None or first is None else priced.query_usd(whole - first),
        serial_full_use_usd=priced.usd(whole),
        training_usd=priced.usd(m.training_s) if tuned else None,
        labour_usd=labour.engineer_hours_per_cycle * labour.wage_usd_per_hour if labour else None,
        labels_usd=m.labels * labour.usd_per_label if labour and m.labels is not None else None,
        evaluation_usd=labour.evaluation_usd if labour else None,
        index_usd=_index(m, priced) if indexed else None,
        storage_usd_per_month=None if stored is None else stored / 1e9 * priced.storage_usd_per_gb_month,
    )


def _index(measured: Measured, priced: Tariff) -> float | None:
    """Embedding the corpus: by the token where the sheet has a price, else the machine's seconds."""
    if priced.embedding_usd_per_mtok is None or measured.embed_tokens is None:
        return priced.usd(measured.index_s)
    return measured.embed_tokens / 1e6 * priced.embedding_usd_per_mtok


def _fixed(
    measured: Measured, priced: Tariff, parts: Components, cycles: int
) -> tuple[float | None, str | None]:
    """What is paid once, or None and why it is not known."""
    if not measured.candidate:
        return None, "another task's adapter: what it cost once stands there"
    tuning, labour = 0.0, priced.labour
    if measured.adapted:
        if labour is None:
            return None, f"the price list has no {' and no '.join(priced.lacking)}"
        if parts.training_usd is None or parts.labels_usd is None:
            return None, "the run has no record of training the adapter"
        tuning = fine_tune_cost(
            cycles,
            device_hours=(measured.training_s or 0.0) / 3600,
            usd_per_hour=priced.usd_per_hour,
            engineer_hours=labour.engineer_hours_per_cycle,
            wage=labour.wage_usd_per_hour,
            labels=measured.labels or 0,
            usd_per_label=labour.usd_per_label,
            evaluation_usd=labour.evaluation_usd,
        )
    if measured.retrieves and parts.index_usd is None:
        return None, "the run has no record of building the index"
    return tuning + (parts.index_usd or 0.0), None


def _refresh(measured: Measured, priced: Tariff, parts: Components) -> tuple[float | None, float]:
    """A change of knowledge: embed what changed, and train once more on labels of which that share is new.

    The second figure is people's part of the first. None where a part is not known.
    An adapter that reads passages is trained again as well: its measured accuracy is that of an adapter
    trained on the current documents.
    """
    if not measured.candidate:
        return None, 0.0
    share, labour, machine, people = priced.changed_share, priced.labour, 0.0, 0.0
    if measured.retrieves:
        if share is None or parts.index_usd is None:
            return None, 0.0
        machine += share * parts.index_usd
    if measured.adapted:
        training, labels = parts.training_usd, parts.labels_usd
        if share is None or labour is None or training is None or labels is None:
            return None, 0.0
        machine += training
        hours = labour.engineer_hours_per_refresh * labour.wage_usd_per_hour
        people = hours + share * labels + labour.evaluation_usd
    return machine + people, people


def _sum(*parts: float | None) -> float:
    return sum(part or 0.0 for part in parts)


def _assumptions(measured: Measured, priced: Tariff | None, inputs: CostInputs) -> Assumptions:
    batched, training_s = measured.batched_s, measured.training_s
    own = priced if measured.candidate else None
    labour = own.labour if own and measured.adapted else None
    changes = own if measured.adapted or measured.retrieves else None
    return replace(
        priced.origin if priced else Assumptions(),
        serial_queries_per_s=1 / measured.serial_s if measured.serial_s else None,
        batched_queries_per_s=1 / batched if batched else None,
        stored_gb=None if measured.stored_bytes is None else measured.stored_bytes / 1e9,
        tuning_cycles=inputs.cycles if labour else None,
        training_hours_per_cycle=None if training_s is None or not labour else training_s / 3600,
        engineer_hours_per_cycle=labour.engineer_hours_per_cycle if labour else None,
        engineer_hours_per_refresh=labour.engineer_hours_per_refresh if labour else None,
        wage_usd_per_hour=labour.wage_usd_per_hour if labour else None,
        labels=measured.labels if labour else None,
        usd_per_label=labour.usd_per_label if labour else None,
        evaluation_hours=labour.evaluation_hours if labour else None,
        changed_share=changes.changed_share if changes else None,
        embedding_usd_per_mtok=own.embedding_usd_per_mtok if own and measured.retrieves else None,
    )
