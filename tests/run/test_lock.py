"""One process at a time writes into a run folder; a lock ends with its process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli import main
from harness.errors import InputError
from harness.run.lock import LOCK, writing_alone
from tests.analysis.runs import write_run
from tests.commands import refused
from tests.run.worlds import FallibleEngine, Killed, go, make_task, make_tools, settings_of

HOLD = """
import sys, time
from pathlib import Path
from harness.run.lock import writing_alone
with writing_alone(Path(sys.argv[1])):
    print(flush=True)
    time.sleep(60)
"""


def holding(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def test_a_run_that_is_being_made_is_not_resumed_and_may_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = write_run(tmp_path / "run")
    process = holding(run)
    try:
        for _ in range(2):  # the first who is refused takes nothing from the second
            said = refused(capsys, "compare", "--resume", str(run))
            assert f"the run {run} is still being made by process {process.pid} on " in said
            assert ", since 20" in said
        assert main(["report", str(run)]) == 0
        capsys.readouterr()
    finally:
        process.kill()
        process.communicate()
    assert (run / LOCK).exists()
    with writing_alone(run):  # the lock ended with its process
        assert str(os.getpid()) in (run / LOCK).read_text()
    assert not (run / LOCK).exists()


def test_a_run_holds_its_lock_and_leaves_it_however_it_ends(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    refusals = []

    class Rival(FallibleEngine):
        def complete(self, *arguments: object, **options: object) -> list[object]:  # type: ignore[override]
            with pytest.raises(InputError, match="still being made") as caught:
                go(settings, [task], make_tools(tmp_path / "c"), tmp_path / "r", resume=True)
            refusals.append(caught.value)
            raise Killed

    settings = settings_of(task, "base")
    with pytest.raises(Killed):
        go(settings, [task], make_tools(tmp_path / "c", Rival()), tmp_path / "r")
    assert len(refusals) == 1
    assert not (tmp_path / "r" / LOCK).exists()
    go(settings, [task], make_tools(tmp_path / "c"), tmp_path / "r", resume=True)


def test_a_run_that_was_killed_before_its_first_line_leaves_a_folder_that_can_be_used(tmp_path: Path) -> None:
    run = tmp_path / "r"
    run.mkdir()
    (run / LOCK).write_text("process 1 on here\n")
    (run / ".run.json.0123abcd.unfinished").write_text("{")
    task = make_task(tmp_path)
    go(settings_of(task, "base"), [task], make_tools(tmp_path / "c"), run)
    assert not [path.name for path in run.iterdir() if path.name.startswith(".")]
