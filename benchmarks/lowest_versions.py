"""Install the lowest versions that pyproject.toml allows into a fresh environment, and run the quick tests there.

    python -m benchmarks.lowest_versions ENVIRONMENT [--python PATH] [--highest] [PYTEST ARGUMENTS]

`ENVIRONMENT`: a folder that is made anew. Every dependency that users install is held to its lower bound; what these
need in turn, and the tools of the tests, are the newest that fit. `--highest` takes the newest of everything, which
tells what another Python changes. Exits with the code of uv or of pytest.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
TOOLS = ("dev", "bench")
"""Extras whose versions do not reach users."""
QUICK = ("-q", "-m", "not slow", "--ignore=tests/report/page", "--ignore=tests/fuzz", "-W", "default")


def main() -> int:
    flags = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    flags.add_argument("environment", type=Path)
    flags.add_argument("--python", default=f"{sys.version_info.major}.{sys.version_info.minor}")
    flags.add_argument("--highest", action="store_true")
    options, pytest = flags.parse_known_args()
    python = options.environment.resolve() / "bin" / "python"
    held = options.environment.resolve() / "held.txt"
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    asked = [f"--extra={extra}" for extra in extras if extra not in TOOLS]
    resolution = "highest" if options.highest else "lowest-direct"
    for command in (
        ["venv", "--clear", "--python", options.python, options.environment],
        [
            "pip",
            "compile",
            "-q",
            "pyproject.toml",
            *asked,
            "--resolution",
            resolution,
            "--python",
            python,
            "-o",
            held,
        ],
        ["pip", "install", "-q", "--python", python, "--constraint", held, "--editable", ".[dev]"],
    ):
        if code := subprocess.run([sys.executable, "-m", "uv", *map(str, command)], cwd=ROOT).returncode:
            return code
    return subprocess.run([str(python), "-m", "pytest", *(pytest or QUICK)], cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main())
