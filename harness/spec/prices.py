"""The price list: what machines, people, labels and storage cost, since when, according to whom.

A dated sheet ships beside this file; `--prices FILE` names another. What a run used is copied into its
manifest, so that a report can be made again after prices have changed.
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from harness.errors import InputError, did_you_mean, shown
from harness.spec.bounds import LEAST, MOST_USD_PER_HOUR
from harness.spec.mistakes import raise_mistakes, repeated
from harness.spec.settings import Strict
from harness.spec.yamlfile import load_model

SHIPPED = Path(__file__).with_name("prices.yaml")


def _iso_date(text: str) -> str:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"is {shown(text)}, which is no date: write it as 2026-01-31.") from None
    return text


Date = Annotated[str, AfterValidator(_iso_date)]
Amount = Annotated[float, Field(ge=0, le=1e9)]
"""Dollars, or hours. Bounded, so that no product of such overflows."""
HourPrice = Annotated[float, Field(ge=LEAST, le=MOST_USD_PER_HOUR)]
Use = Annotated[float, Field(ge=LEAST, le=1)]
Text = Annotated[str, Field(min_length=1)]
Kind = Literal["cpu", "cuda"]
SERVER = "server"
"""The device of a model that a server answers for."""


class Machine(Strict):
    """A machine one can rent, or own at a price by the hour."""

    name: Text
    provider: Text
    kind: Kind = Field(description="What computes on it: cpu, or cuda for an NVIDIA GPU.")
    description: str = ""
    vcpus: int = Field(ge=1)
    memory_gb: float = Field(gt=0)
    accelerator: str | None = None
    usd_per_hour: HourPrice
    source: Text = Field(description="Where the price was seen.")
    date: Date = Field(description="When it was seen there.")


class Default(Strict):
    """The machine that a run is priced on when nobody names one."""

    cpu: Text
    cuda: Text


class Dated(Strict):
    """A section of the sheet. A field's `title` names it in a report; `usd`, `hours` or `share` in its name is its
    unit."""

    source: Text = Field(description="Where the price was seen, or that it is an assumption.")
    date: Date = Field(description="When it was seen, or assumed.")


class LabourPrice(Dated):
    """An engineer's hours, and what they cost the employer."""

    wage_usd_per_hour: Amount = Field(title="Engineer, an hour")
    engineer_hours_per_cycle: Amount = Field(
        title="Engineer, a tuning cycle", description="To prepare, run and judge one training."
    )
    engineer_hours_per_refresh: Amount = Field(
        title="Engineer, training at a change", description="To train again on changed knowledge."
    )


class PromptPrice(Dated):
    """An engineer's hours for the prompt: what a task says to the model, and the examples that stand in it."""

    engineer_hours: Amount = Field(title="Engineer, the prompt", description="Of every strategy, once.")
    examples_engineer_hours: Amount = Field(
        title="Engineer, examples in the prompt", description="Besides, where the prompt shows examples."
    )


class RetrievalPrice(Dated):
    """An engineer's hours for retrieval, besides the seconds of the machine that embeds the corpus."""

    engineer_hours: Amount = Field(
        title="Engineer, building retrieval", description="To read in the documents, cut, index and look."
    )
    engineer_hours_per_refresh: Amount = Field(
        title="Engineer, documents at a change",
        description="To take in what changed, at a change of knowledge.",
    )


class LabelPrice(Dated):
    """One training question with its answer."""

    usd_per_label: Amount = Field(title="One training label")


class EvaluationPrice(Dated):
    """Judging a strategy, whichever it is, before it is used and after each change of knowledge."""

    engineer_hours: Amount = Field(title="Engineer, evaluation")
    engineer_hours_per_refresh: Amount | None = Field(
        None, title="Engineer, evaluation after a change", description="null: as long as the first one."
    )

    @property
    def refresh_hours(self) -> float:
        again = self.engineer_hours_per_refresh
        return self.engineer_hours if again is None else again


class ServingPrice(Dated):
    """What the tariffs assume of machines that answer (docs/method.md, "Cost")."""

    hours_per_month: float = Field(ge=1, le=744, title="A machine is kept up, a month")
    peak_factor: float = Field(
        ge=1, le=1000, title="Peak over mean load", description="Of queries a second, in the hours kept up."
    )
    cold_starts_per_day: float = Field(
        ge=0, le=86_400, title="Cold starts a day", description="Of a machine that scales to zero, at most."
    )


class PromptCachePrice(Dated):
    """From how many tokens on a hosted model bills the shared front of prompts as cached, and in which steps."""

    least_tokens: int = Field(ge=1, title="Shared prefix that is cached, from")
    step_tokens: int = Field(ge=1, title="Cached in steps of")


class StoragePrice(Dated):
    """Keeping the index and the adapter."""

    usd_per_gb_month: Amount = Field(title="Storage, GB a month")


class EmbeddingPrice(Dated):
    """Embedding the corpus: by the token, or (null) in the seconds it took on the machine itself."""

    usd_per_mtok: Amount | None = Field(title="Embedding, a million tokens")


class RefreshShare(Dated):
    """How much a change of knowledge touches."""

    changed_share: float = Field(
        ge=0,
        le=1,
        title="Share that a change of knowledge touches",
        description="Of the documents, and of the training labels.",
    )


class FineTunedPrice(Dated):
    """A hosted model's fine-tuned variant, dollars a million tokens; null: not known, or in genai-prices."""

    model: Text
    provider: Text
    input_usd_per_mtok: Amount | None = None
    output_usd_per_mtok: Amount | None = None
    training_usd_per_mtok: Amount | None = None


class PriceSheet(Strict):
    """Dated prices. `utilisation`: of shared machines, the share of the paid hours in which questions are answered."""

    schema_version: Literal[1]
    date: Date
    currency: Literal["USD"]
    utilisation: Use
    machines: Annotated[tuple[Machine, ...], Field(min_length=1)]
    default: Default
    labour: LabourPrice | None = None
    labels: LabelPrice | None = None
    prompt: PromptPrice | None = None
    retrieval: RetrievalPrice | None = None
    evaluation: EvaluationPrice | None = None
    serving: ServingPrice | None = None
    prompt_cache: PromptCachePrice | None = None
    storage: StoragePrice | None = None
    embedding: EmbeddingPrice | None = None
    refresh: RefreshShare | None = None
    api_fine_tuned: tuple[FineTunedPrice, ...] | None = None

    @field_validator("machines")
    @classmethod
    def _machines(cls, machines: tuple[Machine, ...]) -> tuple[Machine, ...]:
        names = tuple(machine.name for machine in machines)
        raise_mistakes([((*loc, "name"), sentence) for loc, sentence in repeated(names)])
        return machines

    @field_validator("default")
    @classmethod
    def _default(cls, default: Default, info: ValidationInfo) -> Default:
        kinds = {machine.name: machine.kind for machine in info.data.get("machines", ())}
        raise_mistakes(
            [
                ((kind,), f"is {shown(name)}, but no machine of kind {kind} has that name.")
                for kind, name in default
                if kinds and kinds.get(name) != kind
            ]
        )
        return default

    def machine_for(self, device_kind: str, override: str | None = None) -> Machine:
        """The machine to price a run on: the one named, else the sheet's default for the device.

        Only CUDA devices count as `cuda`; everything else is priced as a CPU machine. What computes behind a server
        (`SERVER`) nobody knows, so any machine may be named for it.

        Raises InputError for a name that the sheet lacks, and for a machine of another kind than the device:
        seconds measured on a CPU say nothing about the cost on a GPU.
        """
        kind: Kind = "cuda" if device_kind.startswith("cuda") else "cpu"
        name = override or (self.default.cuda if kind == "cuda" else self.default.cpu)
        machines = {machine.name: machine for machine in self.machines}
        if name not in machines:
            hint = did_you_mean(name, machines)
            raise InputError(f"the price list has no machine {name!r}{hint}; it has {', '.join(machines)}.")
        if machines[name].kind != kind and device_kind != SERVER:
            raise InputError(
                f"{name} is a {machines[name].kind} machine, but the run's times are from a {kind} device; "
                f"choose one of {', '.join(m.name for m in self.machines if m.kind == kind)}."
            )
        return machines[name]

    def as_used(self, device_kind: str, override: str | None = None) -> UsedSheet:
        """The sheet as a run's manifest keeps it. Raises InputError as `machine_for` does."""
        return UsedSheet(**{**dict(self), "machine": self.machine_for(device_kind, override)})


ADDED_LATER = tuple(name for name, section in PriceSheet.model_fields.items() if not section.is_required())
"""Sections that an older sheet lacks; those of the sheet that ships stand in for them, and the run says so."""


class UsedSheet(PriceSheet):
    """A price list in a run's manifest, with no section absent. `machine`: the one that the run is priced on."""

    model_config = ConfigDict(extra="ignore")

    machine: Machine
    sections_from_shipped: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _completed(self) -> UsedSheet:
        """Sections that the sheet lacks are those of the one that ships, and named."""
        if absent := tuple(name for name in ADDED_LATER if getattr(self, name) is None):
            shipped = load_prices()
            named = {"sections_from_shipped": (*self.sections_from_shipped, *absent)}
            self.__dict__.update({name: getattr(shipped, name) for name in absent} | named)  # it is frozen
        return self


def load_prices(path: Path | None = None) -> PriceSheet:
    """Read a price list, by default the one that ships.

    Raises InputErrors with every mistake of the file, each as `file:line:column: key: what is wrong`.
    """
    return load_model(path or SHIPPED, PriceSheet)
