"""The elements of office documents: their names without namespaces, and what they are set to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def name_of(element: Any) -> str:
    """An element's name without its namespace; comments have none."""
    return element.tag.rsplit("}", 1)[-1] if isinstance(element.tag, str) else ""


def value_of(element: Any, path: str, default: str = "") -> str:
    """The `val` of an element below this one."""
    child = element
    for name in path.split("/"):
        child = next((inner for inner in child if name_of(inner) == name), None)
        if child is None:
            return default
    return attribute(child, "val", "true")


def attribute(element: Any, name: str, default: str = "") -> str:
    """An attribute by its name without a namespace."""
    values = (str(value) for key, value in element.attrib.items() if key.rsplit("}", 1)[-1] == name)
    return next(values, default)


def child_of(element: Any, name: str) -> Any | Sequence[Any]:
    """The first child of a name; an empty one where there is none."""
    return next((child for child in element if name_of(child) == name), ())
