"""Colour, shape and dash of every system, the same in all pictures of a page.

Colours are CSS variables of the page, so that one SVG serves light and dark. They follow the palette of Okabe and Ito
(2008, "Color Universal Design"), darkened or lightened until they stand out (page/assets/page.css). No picture tells
systems apart by colour alone: of systems that share a colour, each has a shape and a dash of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.analysis.results.run import RunResult
from harness.spec.strategy import STRATEGIES
from harness.spec.system import System

COLOURS = 7
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right")
DASHES = ((1, 0), (6, 3), (2, 2), (8, 3, 2, 3), (4, 4), (10, 4), (1, 3))


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
    """How the systems of each task look. Raises nothing, however many there are.

    The first system of a strategy has the colour of the strategy's position in the table, further ones the colours
    behind those. An adapter of another task is a variation of its strategy: the same colour, another shape and dash.
    """
    systems = {
        system.name: (system, system.trained_elsewhere(task))
        for task, several in tasks.items()
        for system in several
    }
    table = list(STRATEGIES)
    first: dict[str, str] = {}
    for system, elsewhere in systems.values():
        if not elsewhere and system.strategy in table:
            first.setdefault(system.strategy, system.name)
    used: set[tuple[int, int]] = set()
    looks, behind = {}, len(table)
    for system, elsewhere in sorted(systems.values(), key=lambda one: one[1]):
        if system.strategy in table and (elsewhere or first[system.strategy] == system.name):
            position = table.index(system.strategy)
        else:
            position, behind = behind, behind + 1
        colour = position % COLOURS
        turns = [(colour, (colour + turn) % len(SHAPES)) for turn in range(len(SHAPES))]
        place = next((turn for turn in turns if turn not in used), turns[0])
        used.add(place)
        label = f"{system.name} (control)" if system.control else system.name
        looks[system.name] = Look(label, f"var(--s{colour + 1})", SHAPES[place[1]], DASHES[place[1]])
    return looks


def looks_in(results: RunResult) -> dict[str, Look]:
    """How the systems of a run look."""
    tasks = results.tasks.items()
    return looks_of({task: [row.system for row in figures.strategies.values()] for task, figures in tasks})
