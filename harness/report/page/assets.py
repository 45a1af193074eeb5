"""What the page is made of besides its text: the table component, the page's own script and style, and its policy."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from harness.errors import HarnessError

ASSETS = Path(__file__).with_name("assets")
_BUNDLE = "itables/html/dt_bundle.js"
_EXPORT = re.compile(r"export\s*\{(?P<names>[^{}]*)\}\s*;?")


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
    if clauses:
        clause = clauses[-1]
        exported = dict(_pair(part) for part in clause["names"].split(",") if part.strip())
        if "default" in exported:
            return f"{module[: clause.start()]}{module[clause.end() :]}\nconst DataTable = {exported['default']};\n"
    raise HarnessError("The table of the report cannot be made: the script in itables has no default export.")


def _pair(part: str) -> tuple[str, str]:
    local, _, name = part.strip().partition(" as ")
    return (name or local).strip(), local.strip()


def policy(scripts: Iterable[str]) -> str:
    """The content security policy of a page with these inline scripts and no others.

    Nothing may be loaded or sent. Hashes, not nonces: the same evidence gives the same bytes. Style attributes are
    allowed since the table component sets them; a style can load nothing under this policy.
    """
    hashes = " ".join(f"'sha256-{_sha256(script)}'" for script in scripts) or "'none'"
    return f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def _sha256(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
