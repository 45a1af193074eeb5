"""The workflow that `init` writes: its commands are the program's own, and its job ends as the check does."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from harness.cli import parser
from harness.spec.project import WORKFLOW

WHOLE = YAML(typ="safe").load(WORKFLOW.read_text(encoding="utf-8"))
STEPS: dict[str, str] = {
    step["name"]: step["run"] for step in WHOLE["jobs"]["check"]["steps"] if "name" in step
}
DEFAULTS = {
    name: match[1]
    for name, value in WHOLE["env"].items()
    if (match := re.fullmatch(r"\$\{\{ inputs\.\w+ \|\| '(.*)' \}\}", value))
}


def test_it_can_be_called_with_each_of_its_inputs_and_has_a_default_for_each() -> None:
    inputs = WHOLE["on" if "on" in WHOLE else True]["workflow_call"]["inputs"]
    assert {name.upper() for name in inputs} == DEFAULTS.keys()
    assert WHOLE["permissions"] == {"contents": "read", "pull-requests": "write"}


def test_its_commands_are_the_programs_own() -> None:
    lines = [line for script in STEPS.values() for line in re.findall(r"^ *harness (.*)$", script, re.M)]
    assert [line.split()[0] for line in lines] == ["models", "compare", "accept", "check"]
    for line in lines:
        words = re.sub(r"\$(\w+)", lambda match: DEFAULTS[match[1]], re.split(r" \|\|? ", line)[0])
        parser().parse_args(shlex.split(words))


@pytest.mark.skipif(not Path("/bin/bash").exists(), reason="the workflow's shell")
@pytest.mark.parametrize(
    ("baseline", "code", "ends", "summary"),
    [
        (
            False,
            4,
            0,
            "There is no reports/baseline yet. Take this run: `rm -rf reports/baseline && gh run download 7",
        ),
        (True, 0, 0, "judged\n"),
        (True, 3, 0, "judged\n"),
        (
            True,
            4,
            1,
            "judged\n\nThe baseline that this job measured: `rm -rf reports/baseline && gh run download 7",
        ),
        (True, 2, 1, ""),
    ],
)
def test_the_job_ends_as_the_check_does(
    tmp_path: Path, baseline: bool, code: int, ends: int, summary: str
) -> None:
    """A script stands for the program: it judges and ends with `code`; with 2 it writes nothing."""
    program = tmp_path / "bin" / "harness"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n[ {code} -eq 2 ] || echo judged > check.md\nexit {code}\n")
    program.chmod(0o755)
    (tmp_path / "accepted.txt").write_text("accepted\n")
    if baseline:
        (tmp_path / "reports" / "baseline").mkdir(parents=True)
        (tmp_path / "reports" / "baseline" / "run.json").write_text("{}")
    told = tmp_path / "summary"
    told.write_text("")
    env: dict[str, Any] = {
        **os.environ, **DEFAULTS, "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "GITHUB_STEP_SUMMARY": str(told), "GITHUB_RUN_ID": "7",
    }  # fmt: skip
    done = subprocess.run(
        ["/bin/bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", STEPS["check"]],
        cwd=tmp_path, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (ends, "")
    assert told.read_text().startswith(summary)
    assert ("::warning::" in done.stdout) is (code == 3 or not baseline)
