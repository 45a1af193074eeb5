"""The templates of the pages: everything that comes from data is escaped, and what cannot be seen is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.report.page.text import visible
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
