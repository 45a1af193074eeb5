"""The budget of one render, and what values cost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from typing import Any

from jinja2 import TemplateRuntimeError

UNITS = 300_000
"""The budget of one render, before what its values add; a second or two at the worst."""
UNITS_PER_INPUT = 20
"""How many units each unit of the values that a template is filled with adds."""
CHARACTERS = 16
"""The characters that cost one unit."""
DEPTH = 100
"""Lists within lists, at most."""
_LISTS: tuple[type[Iterable[Any]], ...] = (
    list, tuple, set, frozenset, dict, type({}.keys()), type({}.values()), type({}.items()),
)  # fmt: skip


class TemplateTooLarge(TemplateRuntimeError):
    """A template takes too many steps, or makes too large a value."""


class Meter:
    """What a render may still spend. Each method raises TemplateTooLarge where that is too little."""

    def __init__(self, units: int) -> None:
        self.left = units

    def spend(self, units: int) -> None:
        self.left -= units
        if self.left < 0:
            raise TemplateTooLarge("The template takes too many steps or makes too large a value.")

    def characters(self, count: int) -> None:
        self.spend(count // CHARACTERS)

    def weigh(self, value: Any, depth: int = 0) -> None:
        """Pay for a value and whatever it holds."""
        if isinstance(value, str | bytes):
            self.spend(1 + len(value) // CHARACTERS)
        elif isinstance(value, range):
            self.spend(1 + len(value))
        elif isinstance(value, _LISTS):
            if depth > DEPTH:
                raise TemplateTooLarge(f"The template puts lists into each other, more than {DEPTH} deep.")
            self.spend(1)
            for part in value:
                self.weigh(part, depth + 1)
            if isinstance(value, dict):
                self.weigh(value.values(), depth + 1)
        else:
            self.spend(1)

    def given(self, value: Any) -> Any:
        """The value that an operation is given, paid for; what is made on the way pays as it is made."""
        self.weigh(value)
        return self.passing(value, self.weigh)

    def passing(self, values: Any, pay: Callable[[Any], None]) -> Any:
        """`values`; an iterator as one that pays for each of its values."""
        if not isinstance(values, Iterator):
            return values

        def paid() -> Iterator[Any]:
            for value in values:
                pay(value)
                yield value

        return paid()


METER: ContextVar[Meter] = ContextVar("what the template that is rendered may still spend")


def meter_for(values: dict[str, Any]) -> Meter:
    """A meter for a render with these values. Raises TemplateTooLarge where they alone are too many."""
    most = 100 * UNITS
    scale = Meter(most)
    scale.weigh(values)
    return Meter(UNITS + UNITS_PER_INPUT * (most - scale.left))
