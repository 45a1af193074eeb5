"""Chat models that are known to work here, with what each takes: for whoever needs a stronger one.

No measurement: parameters and licences are those of the publishers, and memory is what weights and training take.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.engines.catalogue import CATALOGUE
from harness.engines.memory import BITS, ROOM_BYTES


@dataclass(frozen=True, slots=True)
class SizedModel:
    """`name`: as `--model` takes it. `download_bytes`: of its files, as they are published."""

    name: str
    parameters: float
    download_bytes: float
    licence: str

    @property
    def in_catalogue(self) -> bool:
        """Whether it is fetched from the package index, and not from a model hub."""
        return "/" not in self.name

    def memory_bytes(self, dtype: str | None) -> float:
        """The memory of a run with a fine-tune, whose merged adapter has weights of its own."""
        return 2 * self.parameters * BITS.get(str(dtype), 32) / 8 + ROOM_BYTES


def _catalogue() -> Iterable[SizedModel]:
    for model in CATALOGUE:
        if model.kind == "base":
            yield SizedModel(
                model.name.lower(),
                model.unpacked_bytes * 8 / BITS["float32"],
                model.download_bytes,
                model.licence.partition(" ")[0],
            )


def _hub(name: str, billions: float) -> SizedModel:
    return SizedModel(name, billions * 1e9, billions * 1e9 * BITS["bfloat16"] / 8, "Apache-2.0")


MODELS: tuple[SizedModel, ...] = tuple(
    sorted(
        (
            *_catalogue(),
            _hub("HuggingFaceTB/SmolLM2-360M-Instruct", 0.362),
            _hub("Qwen/Qwen2.5-1.5B-Instruct", 1.54),
            _hub("HuggingFaceTB/SmolLM2-1.7B-Instruct", 1.71),
            _hub("Qwen/Qwen3-4B-Instruct-2507", 4.02),
            _hub("Qwen/Qwen2.5-7B-Instruct", 7.62),
            _hub("Qwen/Qwen2.5-14B-Instruct", 14.8),
        ),
        key=lambda model: model.parameters,
    )
)
"""The smallest model first."""
STRONGER = 2.0
"""Times as many parameters, from which on a model is worth a try where one is too weak."""


def stronger(parameters: float, memory_bytes: float | None, dtype: str | None) -> tuple[SizedModel, ...]:
    """Models that are larger by what matters and fit (None: nobody knows into what), from the smallest on."""
    return tuple(
        model
        for model in MODELS
        if model.parameters >= STRONGER * parameters
        and (memory_bytes is None or model.memory_bytes(dtype) <= memory_bytes)
    )
