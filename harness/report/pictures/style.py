"""TEMPORARY: the style of pictures that know systems by name only; `chart` and `looks` for all others."""

from __future__ import annotations

from collections.abc import Sequence

from harness.report.pictures.chart import INK as INK
from harness.report.pictures.chart import SOFT as SOFT
from harness.report.pictures.chart import WIDTH as WIDTH
from harness.report.pictures.chart import log_ticks as log_ticks
from harness.report.pictures.chart import panels as panels
from harness.report.pictures.chart import picture as picture
from harness.report.pictures.looks import COLOURS, DASHES, SHAPES
from harness.report.pictures.plot import Spec
from harness.spec.strategy import STRATEGIES


def _slot(strategy: str) -> int:
    names = list(STRATEGIES)
    name = strategy.split("@")[0]
    return (names.index(name) if name in names else len(names)) % COLOURS


def colour(strategy: str) -> str:
    return f"var(--s{_slot(strategy) + 1})"


def dash(strategy: str) -> list[int]:
    return list(DASHES[_slot(strategy)])


def colours(strategies: Sequence[str], names: Sequence[str] | None = None) -> Spec:
    """A colour scale; `names` are what stands in the data where that is not the strategy's own name."""
    return {"domain": list(names or strategies), "range": [colour(name) for name in strategies]}


def shapes(strategies: Sequence[str], names: Sequence[str] | None = None) -> Spec:
    return {"domain": list(names or strategies), "range": [SHAPES[_slot(name)] for name in strategies]}


def shown(strategy: str) -> str:
    """The name on an axis; a control says that it is one."""
    known = STRATEGIES.get(strategy)
    return f"{strategy} (control)" if known and known.control else strategy
