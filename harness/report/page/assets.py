"""What the pages are made of: templates, the table component, scripts and styles of their own, and their policy.

Everything that comes from data is escaped, and what cannot be seen is shown.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.files import to_json
from harness.report.view import Bullets, Table, visible
from harness.steps import Step

ASSETS, TEMPLATES = (Path(__file__).with_name(name) for name in ("assets", "templates"))
_KINDS = {str: "text", Step: "text", Table: "table", Bullets: "bullets"}
_BUNDLE = "itables/html/dt_bundle.js"
_EXPORT = re.compile(r"export\s*\{[^{}]*?([\w$]+)\s+as\s+default\b[^{}]*\}\s*;?")


def own(name: str) -> str:
    """A file of the page itself, from `assets/`."""
    return (ASSETS / name).read_text(encoding="utf-8")


def data_tables() -> str:
    """DataTables and its jQuery as a script that defines `DataTable`, from the package `itables`.

    The package is read as a file and never imported. Its bundle is a module; without its export clause it is a
    script in which the component keeps its local name, so that the page's script can follow in the same element
    under one hash. Raises HarnessError where the package is missing or carries something else.
    """
    try:
        path = distribution("itables").locate_file(_BUNDLE)
        text = Path(str(path)).read_text(encoding="utf-8")
    except (PackageNotFoundError, OSError) as error:
        raise HarnessError(
            f"The table of the report cannot be made: the package itables does not hold {_BUNDLE} ({error}). "
            "Install itables>=2.5."
        ) from None
    return unwrapped(text)


def unwrapped(module: str) -> str:
    """The module without its export clause, and its default export under the name `DataTable`."""
    clauses = list(_EXPORT.finditer(module))
    if not clauses:
        raise HarnessError(
            "The table of the report cannot be made: the script in itables has no default export."
        )
    start, end = clauses[-1].span()
    return f"{module[:start]}{module[end:]}\nconst DataTable = {clauses[-1][1]};\n"


def policy(scripts: Iterable[str]) -> str:
    """The content security policy of a page with these inline scripts and no others.

    Nothing may be loaded or sent. Hashes, not nonces: the same evidence gives the same bytes. Style attributes are
    allowed since the table component sets them; a style can load nothing under this policy.
    """
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    hashes = " ".join(f"'sha256-{digest}'" for digest in digests) or "'none'"
    return f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


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
