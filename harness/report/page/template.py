"""The templates of the pages: everything that comes from data is escaped, and what cannot be seen is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.files import to_json
from harness.report.text import visible
from harness.report.view import Bullets, Table

TEMPLATES = Path(__file__).with_name("templates")
_KINDS = {str: "text", Table: "table", Bullets: "bullets"}


def template(name: str) -> Any:
    """A template by its file name. A fault in it raises: nothing is left blank silently."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
    environment.filters["kind"] = lambda block: _KINDS[type(block)]
    return environment.get_template(name)


def as_json(value: Any) -> str:
    """JSON that may stand in a script element: no `<`, so that nothing in it can end the element or open another."""
    text = to_json(value, compact=True)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
