"""One system's money out of three things: what it did (`MeasuredUse`), what things cost (`Prices`),
and what the user set (`CostInputs`).

Nothing is read here, so asking again under another price, volume or number of cycles takes microseconds.
"""

from __future__ import annotations

from dataclasses import replace

from harness.analysis.money.economics import NO_PRICES, NOT_TIMED, CostInputs, Economics, fine_tune_cost
from harness.analysis.money.measured import MeasuredUse
from harness.analysis.money.prices import Prices
from harness.analysis.results.crossover import Paid
from harness.analysis.results.hosting import Hosting
from harness.analysis.results.money import Assumptions, Components
from harness.analysis.results.setting import ASSUMED_MONTHLY_QUERIES
from harness.analysis.results.tokens import ByToken

NO_UPFRONT = (
    "what making the served adapter cost is not known; declare upfront_usd with it in the models file"
)


def economics(measured: MeasuredUse, prices: Prices | None, inputs: CostInputs | None = None) -> Economics:
    """One system's money; every cost None, with a reason, where there are no prices."""
    inputs = inputs or CostInputs()
    if prices is None:
        return Economics(
            strategy=measured.strategy,
            hosting=None,
            seconds=measured.busy_s,
            batched_s=measured.batched_s,
            fixed_usd=None,
            refresh_usd=None,
            storage_usd_per_month=0.0,
            reason=NO_PRICES,
            components=Components(),
            cycles=inputs.cycles,
            fixed_reason=NO_PRICES,
            timed=measured.timed,
        )
    return economics_under(measured, prices.under(inputs), inputs)


def economics_under(measured: MeasuredUse, priced: Prices, inputs: CostInputs) -> Economics:
    """One system's money where the prices are at those of `inputs` already."""
    own = priced.hosting(inputs.tariff, measured.load_s)
    hosting = measured.serving.paid(own, inputs.token_factor) if measured.serving else own
    parts = _components(measured, priced, hosting, inputs.monthly_queries or ASSUMED_MONTHLY_QUERIES)
    fixed, fixed_reason = _fixed(measured, priced, parts, inputs.cycles)
    refresh, refresh_people = _refresh(measured, priced, parts)
    known = fixed is not None
    tuned = known and not measured.served_adapter
    return Economics(
        strategy=measured.strategy,
        hosting=hosting,
        seconds=measured.busy_s,
        batched_s=measured.batched_s,
        fixed_usd=fixed,
        refresh_usd=refresh,
        storage_usd_per_month=parts.storage_usd_per_month or 0.0,
        reason=_why_unknown(measured, hosting) or fixed_reason,
        components=parts,
        cycles=inputs.cycles,
        per_cycle_usd=_sum(parts.training_usd, parts.labour_usd) if tuned else 0.0,
        people_usd=inputs.cycles * (parts.labour_usd or 0.0) + parts.people_once_usd if known else 0.0,
        people_refresh_usd=refresh_people,
        fixed_reason=fixed_reason,
        timed=0 if measured.by_pass else measured.timed,
        seconds_ci=None if measured.by_pass else measured.serial_ci_s,
        pass_n=measured.pass_n if measured.by_pass else 0,
    )


def _why_unknown(measured: MeasuredUse, hosting: Paid | None) -> str | None:
    """Why the cost of a query is not known; None where it is."""
    if measured.serving and measured.serving.unknown:
        return measured.serving.unknown
    timed = isinstance(hosting, ByToken) or measured.busy_s is not None
    return None if timed else NOT_TIMED


def _query_parts(measured: MeasuredUse, hosting: Hosting, queries: float) -> Components:
    """The terms of a query on machines: its dollars, shared out by their seconds."""
    m, busy = measured, measured.busy_s
    whole, first, search = m.serial_s, m.ttft_s, m.retrieve_s
    per_query = None if busy is None else hosting.per_query_usd(queries, busy)
    batched = None if m.batched_s is None else hosting.per_query_usd(queries, m.batched_s)

    def part(seconds: float | None) -> float | None:
        """The share of a query's dollars that these of its seconds have."""
        if seconds is None or whole is None or per_query is None:
            return None
        return per_query * seconds / whole if whole else 0.0

    return Components(
        serial_usd=per_query,
        batched_usd=batched,
        retrieve_usd=part(search),
        prompt_usd=None if first is None else part(first - (search or 0.0)),
        generate_usd=None if whole is None or first is None else part(whole - first),
        serial_full_use_usd=None if busy is None else hosting.full_use_usd(busy),
    )


def _components(measured: MeasuredUse, priced: Prices, hosting: Paid | None, queries: float) -> Components:
    m, labour, wage = measured, priced.labour, priced.labour.wage_usd_per_hour
    if isinstance(hosting, ByToken):
        query = Components(
            serial_usd=hosting.query_usd, prompt_usd=hosting.prompt_usd, generate_usd=hosting.completion_usd
        )
    else:
        query = _query_parts(m, hosting, queries) if hosting else Components()
    people = m.candidate and not m.control
    tuned, labelled = m.candidate and m.trained, m.candidate and (m.trained or m.finds_examples)
    stored = m.stored_bytes if m.candidate else None
    return replace(
        query,
        upfront_usd=m.upfront_usd if m.candidate and m.served_adapter else None,
        training_usd=priced.usd(m.training_s) if tuned else None,
        labour_usd=labour.cycle_hours * wage if tuned else None,
        labels_usd=m.labels * labour.usd_per_label if labelled and m.labels is not None else None,
        evaluation_usd=labour.evaluation_hours * wage if people else None,
        retrieval_people_usd=labour.retrieval_hours * wage if m.retrieves and people else None,
        prompt_people_usd=(labour.prompt_hours + (labour.examples_hours if m.examples else 0.0)) * wage
        if people
        else None,
        index_usd=_index(m, priced) if m.candidate and m.searches else None,
        tuning_usd=_tuning(m, priced),
        storage_usd_per_month=None if stored is None else stored / 1e9 * priced.storage_usd_per_gb_month,
    )


def _tuning(measured: MeasuredUse, priced: Prices) -> float | None:
    """The search for settings: the machine's seconds, and what servers were paid; None: there was none."""
    terms = priced.usd(measured.tuning_s), measured.tuning_usd
    return None if terms == (None, None) else _sum(*terms)


def _index(measured: MeasuredUse, priced: Prices) -> float | None:
    """Embedding what is searched: by the token where the sheet has a price, else the machine's seconds."""
    if priced.embedding_usd_per_mtok is None or measured.embed_tokens is None:
        return priced.usd(measured.index_s)
    return measured.embed_tokens / 1e6 * priced.embedding_usd_per_mtok


def _fixed(
    measured: MeasuredUse, priced: Prices, parts: Components, cycles: int
) -> tuple[float | None, str | None]:
    """What is paid once, or None and why it is not known."""
    if not measured.candidate:
        return None, "another task's adapter: what it cost once stands there"
    fixed = parts.people_once_usd
    if measured.served_adapter:
        if parts.upfront_usd is None:
            return None, NO_UPFRONT
        fixed += parts.upfront_usd
    elif measured.adapted:
        if parts.training_usd is None or parts.labels_usd is None:
            return None, "the run has no record of training the adapter"
        fixed = fine_tune_cost(
            cycles,
            device_hours=(measured.training_s or 0.0) / 3600,
            usd_per_hour=priced.usd_per_hour,
            engineer_hours=priced.labour.cycle_hours,
            wage=priced.labour.wage_usd_per_hour,
            once_usd=fixed,
        )
    if measured.searches and parts.index_usd is None:
        return None, "the run has no record of building the index"
    return fixed + _sum(parts.index_usd, parts.tuning_usd), None


def _refresh(measured: MeasuredUse, priced: Prices, parts: Components) -> tuple[float | None, float]:
    """A change of knowledge: take in and embed what changed, train once more on labels of which that share is new, or
    put those among the examples, and evaluate.

    The second figure is people's part of the first. None where a part is not known.
    An adapter that reads passages is trained again as well: its measured accuracy is that of an adapter
    trained on the current documents. One that a server holds is made again for what it cost.
    """
    if not measured.candidate:
        return None, 0.0
    labour, machine, labels = priced.labour, 0.0, 0.0
    if measured.searches:
        if parts.index_usd is None:
            return None, 0.0
        machine += priced.changed_share * parts.index_usd
    if measured.served_adapter:
        if parts.upfront_usd is None:
            return None, 0.0
        machine += parts.upfront_usd
    elif measured.adapted:
        if parts.training_usd is None or parts.labels_usd is None:
            return None, 0.0
        machine += parts.training_usd
    labels = priced.changed_share * (parts.labels_usd or 0.0)
    hours = labour.refresh_hours(retrieves=measured.retrieves, adapted=measured.trained)
    people = 0.0 if measured.control else hours * labour.wage_usd_per_hour + labels
    return machine + people, people


def _sum(*parts: float | None) -> float:
    return sum(part or 0.0 for part in parts)


def assumptions(
    measured: MeasuredUse, prices: Prices | None, inputs: CostInputs | None = None
) -> Assumptions:
    """What one system's costs take for granted, for who reads them."""
    inputs = inputs or CostInputs()
    priced = prices.under(inputs) if prices else None
    batched, training_s = measured.batched_s, measured.training_s
    own = priced if measured.candidate and not measured.control else None
    people = own.labour if own else None
    tuned = people if measured.trained else None
    found = people if measured.retrieves else None
    labelled = people if measured.trained or measured.finds_examples else None
    changes = own if measured.adapted or measured.searches else None
    origin = priced.origin if priced else Assumptions()
    return replace(
        measured.serving.origin() if measured.serving else origin,
        utilisation=origin.utilisation,
        serial_queries_per_s=1 / measured.serial_s if measured.serial_s else None,
        batched_queries_per_s=1 / batched if batched else None,
        stored_gb=None if measured.stored_bytes is None else measured.stored_bytes / 1e9,
        tuning_cycles=inputs.cycles if tuned else None,
        training_hours_per_cycle=None if training_s is None or not tuned else training_s / 3600,
        wage_usd_per_hour=people.wage_usd_per_hour if people else None,
        prompt_hours=people.prompt_hours if people else None,
        examples_hours=people.examples_hours if people and measured.examples else None,
        retrieval_hours=found.retrieval_hours if found else None,
        engineer_hours_per_cycle=tuned.cycle_hours if tuned else None,
        evaluation_hours=people.evaluation_hours if people else None,
        engineer_hours_per_refresh=people.refresh_hours(
            retrieves=measured.retrieves, adapted=measured.trained
        )
        if people
        else None,
        labels=measured.labels if labelled else None,
        usd_per_label=labelled.usd_per_label if labelled else None,
        changed_share=changes.changed_share if changes else None,
        embedding_usd_per_mtok=own.embedding_usd_per_mtok if own and measured.searches else None,
    )
