"""The component comes from its package, whole; the policy names exactly the scripts of the page."""

from __future__ import annotations

import base64
import hashlib
import sys

import pytest

from harness.errors import HarnessError
from harness.report.page import assets


def test_the_export_clause_becomes_a_name() -> None:
    script = assets.unwrapped("const a=1,b=class{};export{a as jQuery,b as default};")
    assert script == "const a=1,b=class{};\nconst DataTable = b;\n"


@pytest.mark.parametrize("module", ["const a=1;", "const a=1;export{a as jQuery};"])
def test_another_kind_of_bundle_is_refused(module: str) -> None:
    with pytest.raises(HarnessError, match="no default export"):
        assets.unwrapped(module)


def test_the_package_is_read_and_not_imported() -> None:
    script = assets.data_tables()
    assert script.rstrip().splitlines()[-1].startswith("const DataTable = ")
    assert "export{" not in script
    assert "</script" not in script.lower()
    assert "itables" not in sys.modules


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "_BUNDLE", "itables/html/none.js")
    with pytest.raises(HarnessError, match="Install itables"):
        assets.data_tables()


def test_policy_allows_its_scripts_and_nothing_else() -> None:
    digest = base64.b64encode(hashlib.sha256(b"let a;").digest()).decode()
    rules = dict(rule.strip().split(" ", 1) for rule in assets.policy(["let a;"]).split(";"))
    assert rules == {
        "default-src": "'none'",
        "script-src": f"'sha256-{digest}'",
        "style-src": "'unsafe-inline'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
