"""A check that cannot run is skipped at home, and fails in CI."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.report.page import browser

SCRIPT = Path(__file__).parents[2] / "browser.sh"


@pytest.mark.parametrize(("ci", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)])
def test_a_missing_browser(
    ci: str, outcome: type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(outcome, match="NO BROWSER"), browser.launched():
        pass


def test_the_set_up_knows_the_same_browsers() -> None:
    assert f"for name in {' '.join(browser.NAMES)};" in SCRIPT.read_text(encoding="utf-8")


def set_up(folder: Path, **programs: str) -> subprocess.CompletedProcess[str]:
    """The set-up of `make test` where only these programs exist, each with its script."""
    for name, body in programs.items():
        path = folder / name.replace("_", "-")
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
    return subprocess.run(
        ["/bin/sh", str(SCRIPT)], env={"PATH": str(folder)}, capture_output=True, text=True, check=False
    )


def test_the_set_up_leaves_a_browser_alone_that_is_there(tmp_path: Path) -> None:
    done = set_up(tmp_path, chromium="exit 1", id="echo 0", apt_get="exit 9")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_set_up_installs_without_recommended_packages(tmp_path: Path) -> None:
    done = set_up(tmp_path, id="echo 0", apt_get=f'echo "$@" >> {tmp_path}/asked')
    assert (done.returncode, "NO BROWSER" in done.stderr) == (0, False)
    asked = (tmp_path / "asked").read_text().splitlines()
    assert [("install" in line, "--no-install-recommends chromium" in line) for line in asked] == [
        (False, False),
        (True, True),
    ]


@pytest.mark.parametrize(("user", "apt"), [("1000", "exit 0"), ("0", "exit 100")])
def test_where_it_cannot_install_the_set_up_says_so_and_goes_on(user: str, apt: str, tmp_path: Path) -> None:
    done = set_up(tmp_path, id=f"echo {user}", apt_get=apt)
    assert done.returncode == 0
    assert len([line for line in done.stderr.splitlines() if "NO BROWSER" in line]) == 1
