"""The page's module of formulas run by the Node.js that Playwright carries: no browser is needed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.report.page import assets
from tests.report.page.browser import give_up

DRIVER = """
const { module, facts, calls } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const WhatIf = new Function(`${module}; return WhatIf;`)();
const answers = calls.map(([name, ...rest]) => WhatIf[name](...(facts ? [facts] : []), ...rest));
process.stdout.write(JSON.stringify(answers));
"""


def node() -> str:
    """The path of the program; gives the test up, saying why, where there is none."""
    package = pytest.importorskip(
        "playwright", reason="the page's formulas need playwright's Node.js (pip install '.[dev]')"
    )
    path = Path(str(package.__file__)).parent / "driver" / "node"
    if not path.is_file():
        give_up("NO NODE: playwright carries none here, so the page's formulas were not tested.")
    return str(path)


def calls(asked: Sequence[Sequence[Any]], facts: Any = None) -> list[Any]:
    """What `WhatIf.NAME(facts, …)` returns for each [NAME, …], all in one process; without facts they are left out."""
    text = json.dumps(
        {"module": assets.own("whatif.js"), "facts": facts, "calls": [list(one) for one in asked]}
    )
    done = subprocess.run(
        [node(), "-e", DRIVER], input=text, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    found: list[Any] = json.loads(done.stdout)
    return found
