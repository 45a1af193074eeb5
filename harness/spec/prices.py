"""The price sheet: what an hour of a machine costs, since when, according to whom.

A dated sheet ships beside this file; `--prices FILE` names another. What a run used is copied into its
manifest, so that a report can be made again after prices have changed.
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from harness.errors import InputError
from harness.spec.mistakes import did_you_mean, found, shown
from harness.spec.yamlfile import load_model

SHIPPED = Path(__file__).with_name("prices.yaml")


def _iso_date(text: str) -> str:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"is {shown(text)}, which is no date: write it as 2026-01-31.") from None
    return text


Date = Annotated[str, AfterValidator(_iso_date)]
Text = Annotated[str, Field(min_length=1)]
Kind = Literal["cpu", "cuda"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Machine(_Strict):
    """A machine one can rent, or own at a price by the hour."""

    name: Text
    provider: Text
    kind: Kind = Field(description="What computes on it: cpu, or cuda for an NVIDIA GPU.")
    description: str = ""
    vcpus: int = Field(ge=1)
    memory_gb: float = Field(gt=0)
    accelerator: str | None = None
    usd_per_hour: float = Field(gt=0)
    source: Text = Field(description="Where the price was seen.")
    date: Date = Field(description="When it was seen there.")


class Default(_Strict):
    """The machine that a run is priced on when nobody names one."""

    cpu: Text
    cuda: Text


class PriceSheet(_Strict):
    """Prices of machines. `utilisation` is the share of the paid hours in which questions are answered."""

    schema_version: Literal[1]
    date: Date
    currency: Literal["USD"]
    utilisation: float = Field(gt=0, le=1)
    machines: Annotated[tuple[Machine, ...], Field(min_length=1)]
    default: Default

    @field_validator("machines")
    @classmethod
    def _machines(cls, machines: tuple[Machine, ...]) -> tuple[Machine, ...]:
        names = [machine.name for machine in machines]
        found(
            [
                ((index, "name"), f"is {shown(name)}, which stands there already.")
                for index, name in enumerate(names)
                if name in names[:index]
            ]
        )
        return machines

    @field_validator("default")
    @classmethod
    def _default(cls, default: Default, info: ValidationInfo) -> Default:
        machines: tuple[Machine, ...] = info.data.get("machines", ())
        kinds = {machine.name: machine.kind for machine in machines}
        wanted: dict[Kind, str] = {"cpu": default.cpu, "cuda": default.cuda}
        found(
            [
                ((kind,), f"is {shown(name)}, but no machine of kind {kind} has that name.")
                for kind, name in wanted.items()
                if machines and kinds.get(name) != kind
            ]
        )
        return default

    def machine_for(self, device_kind: str, override: str | None = None) -> Machine:
        """The machine to price a run on: the one named, else the sheet's default for the device.

        Only CUDA devices count as `cuda`; everything else is priced as a CPU machine.

        Raises InputError for a name that the sheet lacks, and for a machine of another kind than the device:
        seconds measured on a CPU say nothing about the cost on a GPU.
        """
        kind: Kind = "cuda" if device_kind.startswith("cuda") else "cpu"
        name = override or (self.default.cuda if kind == "cuda" else self.default.cpu)
        machines = {machine.name: machine for machine in self.machines}
        if name not in machines:
            hint = did_you_mean(name, machines)
            raise InputError(f"the price sheet has no machine {name!r}{hint}; it has {', '.join(machines)}.")
        if machines[name].kind != kind:
            raise InputError(
                f"{name} is a {machines[name].kind} machine, but the run's times are from a {kind} device; "
                f"choose one of {', '.join(m.name for m in self.machines if m.kind == kind)}."
            )
        return machines[name]

    def as_used(self, device_kind: str, override: str | None = None) -> dict[str, Any]:
        """The sheet as a run's manifest keeps it, in plain JSON values; `machine` is the one chosen."""
        machine = self.machine_for(device_kind, override)
        return {**self.model_dump(mode="json"), "machine": machine.model_dump(mode="json")}


def load_prices(path: Path | None = None) -> PriceSheet:
    """Read a price sheet, by default the one that ships.

    Raises InputErrors with every mistake of the file, each as `file:line:column: key: what is wrong`.
    """
    return load_model(path or SHIPPED, PriceSheet)
