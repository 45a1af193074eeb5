"""One strategy's money out of three things that are known apart: what it did (`Measured`), what an hour, a label
and a gigabyte cost (`Tariff`), and what the user set (`CostInputs`).

Nothing is read here, so asking again under another price, volume or number of cycles takes microseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from harness.analysis.money.economics import CostInputs, Economics, fine_tune_cost, own_machine_cost

NO_SHEET = "the run has no price sheet"
LABOUR = ("labour", "labels", "evaluation")
"""The sections of a price sheet that say what people cost."""


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
    """What things cost. `assumptions` is what a reader has to know of the machine's price, as plain values."""

    usd_per_hour: float
    utilisation: float
    labour: Labour | None = None
    """None: the price sheet lacks some of it, so that no fine-tune's one-off cost is known."""
    lacking: tuple[str, ...] = LABOUR
    """Where `labour` is None: the sections that the price sheet lacks."""
    changed_share: float | None = None
    """Share of the documents (and of the training labels) that a change of knowledge touches."""
    storage_usd_per_gb_month: float = 0.0
    embedding_usd_per_mtok: float | None = None
    """None: passages are embedded on the machine itself, in the seconds that were measured."""
    assumptions: dict[str, Any] = field(default_factory=dict)

    def usd(self, seconds: float | None) -> float | None:
        """Dollars for seconds of the machine, fully used."""
        return None if seconds is None else self.usd_per_hour * seconds / 3600

    def query_usd(self, seconds: float | None) -> float | None:
        """Dollars for the seconds of a query, at the utilisation."""
        if not seconds:
            return seconds
        return own_machine_cost(self.usd_per_hour, 1 / seconds, self.utilisation)

    def under(self, inputs: CostInputs) -> Tariff:
        """The tariff with the user's price of an hour and utilisation, their origin told.

        Where data stay in house, no hosted service embeds the corpus: the measured seconds are priced instead.
        """
        told = dict(self.assumptions)
        if inputs.usd_per_hour is not None:
            told |= {"source": "given with --usd-per-hour", "priced_on": None}
        hour = self.usd_per_hour if inputs.usd_per_hour is None else inputs.usd_per_hour
        share = self.utilisation if inputs.utilisation is None else inputs.utilisation
        told |= {"usd_per_hour": hour, "utilisation": share}
        embedding = None if inputs.in_house else self.embedding_usd_per_mtok
        return replace(
            self,
            usd_per_hour=hour,
            utilisation=share,
            embedding_usd_per_mtok=embedding,
            assumptions=told,
        )


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run knows of one strategy on one task. None: not measured, or the strategy has no such part."""

    strategy: str
    adapted: bool = False
    retrieves: bool = False
    candidate: bool = True
    """False for another task's adapter, a probe: what it cost once belongs to that task."""
    serial_s: float | None = None
    """Mean seconds of one request alone, retrieval included."""
    timed: int = 0
    """Questions that `serial_s` is the mean of."""
    serial_ci_s: tuple[float, float] | None = None
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
    """One strategy's money; everything None, with a reason, where there is no tariff."""
    inputs = inputs or CostInputs()
    priced = None if tariff is None else tariff.under(inputs)
    components = _per_query(measured, priced) | _once(measured, priced)
    fixed, fixed_reason = _fixed(measured, priced, components, inputs.cycles)
    untimed = "not timed" if measured.serial_s is None else None
    refresh, refresh_people = _refresh(measured, priced, components)
    storage = components["storage_usd_per_month"] or 0.0
    return Economics(
        strategy=measured.strategy,
        per_query_usd=components["serial_usd"],
        batched_usd=components["batched_usd"],
        fixed_usd=fixed,
        refresh_usd=refresh,
        storage_usd_per_month=storage,
        reason=NO_SHEET if priced is None else untimed or fixed_reason,
        components=components,
        assumptions=_assumptions(measured, priced, inputs),
        cycles=inputs.cycles,
        per_cycle_usd=_sum(components, "training_usd", "labour_usd") if fixed is not None else 0.0,
        people_usd=_people_once(components, inputs.cycles) if fixed is not None else 0.0,
        people_refresh_usd=refresh_people,
        fixed_reason=fixed_reason,
        timed=measured.timed,
        per_query_ci_usd=_ci_usd(measured, priced),
    )


def _ci_usd(measured: Measured, priced: Tariff | None) -> tuple[float, float] | None:
    """Dollars are seconds times a constant, so the interval of the one is that of the other."""
    if priced is None or measured.serial_ci_s is None:
        return None
    low, high = (priced.query_usd(seconds) for seconds in measured.serial_ci_s)
    return None if low is None or high is None else (low, high)


def _per_query(measured: Measured, priced: Tariff | None) -> dict[str, float | None]:
    """Of one query: in all, its parts (retrieval, prompt up to the first token, the rest), and batched."""
    m = measured
    whole, first, found = m.serial_s, m.ttft_s, m.retrieve_s
    seconds = {
        "serial_usd": whole,
        "batched_usd": m.batched_s,
        "retrieve_usd": found,
        "prompt_usd": None if first is None else first - (found or 0.0),
        "generate_usd": None if whole is None or first is None else whole - first,
    }
    parts = {name: priced.query_usd(value) if priced else None for name, value in seconds.items()}
    return {**parts, "serial_full_use_usd": priced.usd(whole) if priced else None}


def _once(measured: Measured, priced: Tariff | None) -> dict[str, float | None]:
    """Paid once, or (training, labour) once a tuning cycle. None: not known, or the strategy has no such part."""
    parts: dict[str, float | None] = dict.fromkeys(
        ("training_usd", "labour_usd", "labels_usd", "evaluation_usd", "index_usd", "storage_usd_per_month")
    )
    if priced is None or not measured.candidate:
        return parts
    if measured.adapted:
        parts["training_usd"] = priced.usd(measured.training_s)
        if priced.labour:
            parts |= _people(measured, priced.labour)
    if measured.retrieves:
        parts["index_usd"] = _index(measured, priced)
    if measured.stored_bytes is not None:
        parts["storage_usd_per_month"] = measured.stored_bytes / 1e9 * priced.storage_usd_per_gb_month
    return parts


def _people(measured: Measured, labour: Labour) -> dict[str, float | None]:
    return {
        "labour_usd": labour.engineer_hours_per_cycle * labour.wage_usd_per_hour,
        "labels_usd": None if measured.labels is None else measured.labels * labour.usd_per_label,
        "evaluation_usd": labour.evaluation_usd,
    }


def _people_once(parts: dict[str, float | None], cycles: int) -> float:
    """What people cost once, of everything that is paid once."""
    return cycles * _sum(parts, "labour_usd") + _sum(parts, "labels_usd", "evaluation_usd")


def _index(measured: Measured, priced: Tariff) -> float | None:
    """Embedding the corpus: by the token where the sheet has a price, else the machine's seconds."""
    if priced.embedding_usd_per_mtok is None or measured.embed_tokens is None:
        return priced.usd(measured.index_s)
    return measured.embed_tokens / 1e6 * priced.embedding_usd_per_mtok


def _fixed(
    measured: Measured, priced: Tariff | None, parts: dict[str, float | None], cycles: int
) -> tuple[float | None, str | None]:
    """What is paid once, or None and why it is not known."""
    if priced is None:
        return None, NO_SHEET
    if not measured.candidate:
        return None, "another task's adapter: what it cost once stands there"
    if measured.adapted and priced.labour is None:
        return None, f"the price sheet has no {' and no '.join(priced.lacking)}"
    if measured.adapted and (parts["training_usd"] is None or parts["labels_usd"] is None):
        return None, "the run has no record of training the adapter"
    if measured.retrieves and parts["index_usd"] is None:
        return None, "the run has no record of building the index"
    tuning = _tuning(measured, priced, cycles) if measured.adapted else 0.0
    return tuning + (parts["index_usd"] or 0.0), None


def _tuning(measured: Measured, priced: Tariff, cycles: int) -> float:
    labour = priced.labour
    assert labour is not None
    return fine_tune_cost(
        cycles,
        device_hours=(measured.training_s or 0.0) / 3600,
        usd_per_hour=priced.usd_per_hour,
        engineer_hours=labour.engineer_hours_per_cycle,
        wage=labour.wage_usd_per_hour,
        labels=measured.labels or 0,
        usd_per_label=labour.usd_per_label,
        evaluation_usd=labour.evaluation_usd,
    )


def _refresh(
    measured: Measured, priced: Tariff | None, parts: dict[str, float | None]
) -> tuple[float | None, float]:
    """A change of knowledge: embed what changed, and train once more on labels of which that share is new.

    The second figure is people's part of the first. None where a part is not known.
    An adapter that reads passages is trained again as well: its measured accuracy is that of an adapter
    trained on the current documents.
    """
    if priced is None or not measured.candidate:
        return None, 0.0
    share, labour, machine, people = priced.changed_share, priced.labour, 0.0, 0.0
    if measured.retrieves:
        if share is None or parts["index_usd"] is None:
            return None, 0.0
        machine += share * parts["index_usd"]
    if measured.adapted:
        training, labels = parts["training_usd"], parts["labels_usd"]
        if share is None or labour is None or training is None or labels is None:
            return None, 0.0
        machine += training
        hours = labour.engineer_hours_per_refresh * labour.wage_usd_per_hour
        people = hours + share * labels + labour.evaluation_usd
    return machine + people, people


def _sum(parts: dict[str, float | None], *names: str) -> float:
    return sum(parts[name] or 0.0 for name in names)


def _assumptions(measured: Measured, priced: Tariff | None, inputs: CostInputs) -> dict[str, Any]:
    """Everything that the dollars rest on and that nobody measured, and the throughput they were made from."""
    labour = priced.labour if priced and measured.adapted and measured.candidate else None
    batched = measured.batched_s
    told: dict[str, Any] = {
        **(priced.assumptions if priced else {}),
        "serial_queries_per_s": 1 / measured.serial_s if measured.serial_s else None,
        "batched_queries_per_s": 1 / batched if batched else None,
        "stored_gb": None if measured.stored_bytes is None else measured.stored_bytes / 1e9,
    }
    if labour:
        told |= {
            "tuning_cycles": inputs.cycles,
            "training_hours_per_cycle": None if measured.training_s is None else measured.training_s / 3600,
            "engineer_hours_per_cycle": labour.engineer_hours_per_cycle,
            "engineer_hours_per_refresh": labour.engineer_hours_per_refresh,
            "wage_usd_per_hour": labour.wage_usd_per_hour,
            "labels": measured.labels,
            "usd_per_label": labour.usd_per_label,
            "evaluation_hours": labour.evaluation_hours,
        }
    if priced and measured.candidate and (measured.adapted or measured.retrieves):
        told["changed_share"] = priced.changed_share
    if priced and measured.candidate and measured.retrieves:
        told["embedding_usd_per_mtok"] = priced.embedding_usd_per_mtok
    return told
