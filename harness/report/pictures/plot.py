"""What a picture is drawn from, the picture before it is drawn, and what stands in its place where it cannot be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.analysis.results.run import AdapterResult, TaskResult
from harness.records import TimingRow
from harness.report.pictures.looks import Looks

Spec = dict[str, Any]
"""A Vega-Lite specification, or a part of one."""


@dataclass(frozen=True, slots=True)
class TaskView:
    """What the pictures of one task are drawn from.

    `adapters`: those trained for this task. `timed`: system name → its timed questions, where it has any.
    """

    figures: TaskResult
    adapters: Sequence[AdapterResult]
    timed: Mapping[str, Sequence[TimingRow]]
    looks: Looks


@dataclass(frozen=True, slots=True)
class Plot:
    """A picture to be drawn. `caption` says how to read it, `description` in words what it shows."""

    title: str
    caption: str
    description: str
    spec: Spec


@dataclass(frozen=True, slots=True)
class Missing:
    """A picture that cannot be drawn. `reason` is a sentence without its full stop, starting in lower case."""

    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A plot and its SVG."""

    plot: Plot
    svg: str
