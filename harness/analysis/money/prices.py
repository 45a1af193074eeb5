"""What an hour of a machine, an hour of a person, a label and a gigabyte cost, by a run's price list."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TypeVar

from harness.analysis.money.economics import DAYS_PER_MONTH, CostInputs
from harness.analysis.results.hosting import ALL_MONTH, Hosting
from harness.analysis.results.money import Assumptions
from harness.spec.prices import UsedSheet
from harness.spec.tariff import Tariff

S = TypeVar("S")


def _there(section: S | None) -> S:
    """A section of a used sheet, which has every one."""
    assert section is not None
    return section


@dataclass(frozen=True, slots=True)
class Labour:
    """What people cost. Hours are an engineer's; `*_refresh_hours` are of each change of knowledge."""

    wage_usd_per_hour: float = 0.0
    prompt_hours: float = 0.0
    examples_hours: float = 0.0
    retrieval_hours: float = 0.0
    retrieval_refresh_hours: float = 0.0
    cycle_hours: float = 0.0
    training_refresh_hours: float = 0.0
    evaluation_hours: float = 0.0
    evaluation_refresh_hours: float = 0.0
    usd_per_label: float = 0.0
    """One training question with its answer, written and checked."""

    @classmethod
    def of(cls, sheet: UsedSheet) -> Labour:
        """People's part of a price list."""
        labour, prompt, retrieval = _there(sheet.labour), _there(sheet.prompt), _there(sheet.retrieval)
        labels, evaluation = _there(sheet.labels), _there(sheet.evaluation)
        return cls(
            wage_usd_per_hour=labour.wage_usd_per_hour,
            prompt_hours=prompt.engineer_hours,
            examples_hours=prompt.examples_engineer_hours,
            retrieval_hours=retrieval.engineer_hours,
            retrieval_refresh_hours=retrieval.engineer_hours_per_refresh,
            cycle_hours=labour.engineer_hours_per_cycle,
            training_refresh_hours=labour.engineer_hours_per_refresh,
            evaluation_hours=evaluation.engineer_hours,
            evaluation_refresh_hours=evaluation.refresh_hours,
            usd_per_label=labels.usd_per_label,
        )

    def times(self, factor: float) -> Labour:
        """All hours and the price of a label times a factor; the wage stays."""
        names = [one.name for one in fields(self) if one.name != "wage_usd_per_hour"]
        return replace(self, **{name: factor * getattr(self, name) for name in names})

    def refresh_hours(self, *, retrieves: bool, adapted: bool) -> float:
        """Of an engineer at each change of knowledge: to take it in, to train again, and to judge what came of it."""
        taken_in = self.retrieval_refresh_hours if retrieves else 0.0
        trained = self.training_refresh_hours if adapted else 0.0
        return taken_in + trained + self.evaluation_refresh_hours


@dataclass(frozen=True, slots=True)
class Prices:
    """What things cost. `origin`: what a reader has to know of the machine's price."""

    usd_per_hour: float
    utilisation: float
    labour: Labour = field(default_factory=Labour)
    hours: float = ALL_MONTH
    """That a machine is kept up in a month."""
    peak_factor: float = 1.0
    cold_starts_per_day: float = 0.0
    changed_share: float = 0.0
    """Share of the documents (and of the training labels) that a change of knowledge touches."""
    storage_usd_per_gb_month: float = 0.0
    embedding_usd_per_mtok: float | None = None
    """None: passages are embedded on the machine itself, in the seconds that were measured."""
    origin: Assumptions = field(default_factory=Assumptions)

    @classmethod
    def of(cls, sheet: UsedSheet) -> Prices:
        """The prices of a run's sheet."""
        machine, serving = sheet.machine, _there(sheet.serving)
        return cls(
            usd_per_hour=machine.usd_per_hour,
            utilisation=sheet.utilisation,
            labour=Labour.of(sheet),
            hours=serving.hours_per_month,
            peak_factor=serving.peak_factor,
            cold_starts_per_day=serving.cold_starts_per_day,
            changed_share=_there(sheet.refresh).changed_share,
            storage_usd_per_gb_month=_there(sheet.storage).usd_per_gb_month,
            embedding_usd_per_mtok=_there(sheet.embedding).usd_per_mtok,
            origin=Assumptions(
                machine=machine.name,
                provider=machine.provider,
                usd_per_hour=machine.usd_per_hour,
                utilisation=sheet.utilisation,
                priced_on=machine.date,
                source=machine.source,
            ),
        )

    @property
    def second_usd(self) -> float:
        """What a second of a person's time costs."""
        return self.labour.wage_usd_per_hour / 3600

    def usd(self, seconds: float | None) -> float | None:
        """Dollars for seconds of the machine, fully used."""
        return None if seconds is None else self.usd_per_hour * seconds / 3600

    def hosting(self, tariff: Tariff, load_s: float | None) -> Hosting:
        """A month of machines under a tariff. `load_s` None: how long a cold start takes is not known, and left out."""
        return Hosting(
            tariff=tariff,
            machine=self.origin.machine or "machine",
            usd_per_hour=self.usd_per_hour,
            hours=self.hours,
            peak_factor=self.peak_factor,
            cold_starts=self.cold_starts_per_day * DAYS_PER_MONTH,
            load_s=load_s or 0.0,
            utilisation=self.utilisation,
        )

    def under(self, inputs: CostInputs) -> Prices:
        """The prices with the user's price of an hour, utilisation and peak, their origin stated.

        Where data stay in house, no hosted service embeds the corpus: the measured seconds are priced instead.
        """
        hour = self.usd_per_hour if inputs.usd_per_hour is None else inputs.usd_per_hour
        share = self.utilisation if inputs.utilisation is None else inputs.utilisation
        given, origin = inputs.usd_per_hour is not None, self.origin
        return replace(
            self,
            usd_per_hour=hour,
            utilisation=share,
            peak_factor=self.peak_factor if inputs.peak_factor is None else inputs.peak_factor,
            embedding_usd_per_mtok=None if inputs.in_house else self.embedding_usd_per_mtok,
            labour=self.labour.times(inputs.people_factor),
            origin=replace(
                origin,
                usd_per_hour=hour,
                utilisation=share,
                source="given with --usd-per-hour" if given else origin.source,
                priced_on=None if given else origin.priced_on,
            ),
        )
