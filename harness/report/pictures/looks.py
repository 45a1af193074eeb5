"""Colour, shape and dash of every system, the same in all pictures of a page.

Colours are CSS variables of the page, so that one SVG serves light and dark. They follow the palette of Okabe and Ito
(2008, "Color Universal Design"), darkened or lightened until they stand out (page/assets/page.css). No picture tells
systems apart by colour alone: of systems that share a colour, each has a shape and a dash of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import itemgetter

from harness.analysis.results.run import RunResult
from harness.spec.strategy import STRATEGIES
from harness.spec.system import System

COLOURS = 11
"""As many as there are shapes and dashes."""
STAR = "M0,.5L.6,.8L.5,.1L1,-.3L.3,-.4L0,-1L-.3,-.4L-1,-.3L-.5,.1L-.6,.8Z"
SALTIRE = "M-.8,-.5L-.5,-.8L0,-.3L.5,-.8L.8,-.5L.3,0L.8,.5L.5,.8L0,.3L-.5,.8L-.8,.5L-.3,0Z"
SHAPES = (
    "circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left", "wedge",
    STAR, SALTIRE,
)  # fmt: skip
DASHES = (
    (1, 0), (6, 3), (2, 2), (8, 3, 2, 3), (4, 4), (10, 4), (1, 3), (12, 3, 2, 3, 2, 3), (3, 6), (14, 2), (5, 2, 1, 2),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Look:
    """`label`: the system's name on an axis, which says of a control that it is one."""

    label: str
    colour: str
    shape: str
    dash: tuple[int, ...]


Looks = Mapping[str, Look]
"""System name → how it looks."""


def looks_of(tasks: Mapping[str, Iterable[System]]) -> dict[str, Look]:
    """How the systems of each task look, by name.

    The colour is that of the strategy's position in the table, and beyond the last colour the first one again. Systems
    of one colour differ in shape and dash; those that the run is about come before adapters of another task.
    """
    systems = {
        system.name: (system.trained_elsewhere(task), system)
        for task, group in tasks.items()
        for system in group
    }
    table, used = list(STRATEGIES), set[tuple[int, int]]()
    looks = {}
    for _, system in sorted(systems.values(), key=itemgetter(0)):
        first = table.index(system.strategy) if system.strategy in table else len(table)
        places = [
            (colour % COLOURS, (colour + turn) % COLOURS)
            for colour in range(first, first + COLOURS)
            for turn in range(COLOURS)
        ]
        colour, form = next((place for place in places if place not in used), places[0])
        used.add((colour, form))
        looks[system.name] = Look(system.label, f"var(--s{colour + 1})", SHAPES[form], DASHES[form])
    return looks


def looks_in(results: RunResult) -> dict[str, Look]:
    """How the systems of a run look."""
    tasks = results.tasks.items()
    return looks_of({task: [row.system for row in figures.strategies.values()] for task, figures in tasks})
