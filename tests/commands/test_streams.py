"""Exit codes mean the same whatever becomes of the standard streams: readers that leave, full disks, closed ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli import main
from harness.process import standard_streams
from tests.analysis.regression.reruns import made_up
from tests.analysis.runs import write_run
from tests.commands import tasks_here

pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="a POSIX shell, and a full device")

CODES = {
    "check lost --baseline baseline": 4,
    "check fewer --baseline baseline": 3,
    "check baseline --baseline baseline": 0,
    "diff baseline lost": 0,
    "report run": 0,
    "report run --json": 0,
    "decide run": 0,
    "trend .": 0,
    "tasks list": 0,
    "tasks schema": 0,
    "models list": 0,
    "--help": 0,
    "report gone": 2,
    "nonsense": 2,
}
"""Commands and how they end."""
SAID = [command for command, code in CODES.items() if code != 2]
"""Those that say something on standard output."""
FEW = ["check lost --baseline baseline", "report run", "--help", "report gone"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a task and runs: a baseline, one that lost much, one that lost little, one of all strategies."""
    world = tmp_path_factory.mktemp("world")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(world)
        tasks_here()
        for name, lost in (("baseline", 0), ("fewer", 2), ("lost", 20)):
            made_up(Path(name), {"base": ["yes"] * (50 - lost) + ["no"] * lost})
        write_run(Path("run"))
    return world


def ended(world: Path, line: str, command: str) -> tuple[int, str]:
    """Run a shell's line in which HARNESS stands for a command: its exit code, and what it wrote into the file err."""
    harness = f"{sys.executable} -m harness {command}"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "HARNESS_CACHE": "cache"}
    (world / "err").write_text("")
    subprocess.run(
        ["bash", "-c", line.replace("HARNESS", f"(sleep 0.02; {harness}; echo $? >code)")],
        cwd=world, env=environment, timeout=60, check=False,
    )  # fmt: skip
    return int((world / "code").read_text()), (world / "err").read_text(errors="replace")


@pytest.mark.parametrize("command", CODES)
def test_a_reader_that_left_changes_no_exit_code(world: Path, command: str) -> None:
    code, err = ended(world, "HARNESS 2>err | true", command)
    assert code == CODES[command]
    assert bool(err) == (code == 2)
    assert "Broken pipe" not in err


@pytest.mark.parametrize("command", FEW)
@pytest.mark.parametrize("line", ["HARNESS >&- 2>err", "HARNESS >&- 2>&- <&-", "HARNESS 2>&- >err"])
def test_streams_that_were_closed_before_the_start_change_no_exit_code(
    world: Path, line: str, command: str
) -> None:
    code, err = ended(world, line, command)
    assert code == CODES[command]
    assert "Traceback" not in err
    assert ("harness: " in err) == (code == 2 and "2>err" in line), "an error is no output"


@pytest.mark.parametrize("command", FEW)
@pytest.mark.parametrize("line", ["HARNESS 2>&1 >/dev/null | true", "HARNESS 2>/dev/full >/dev/null"])
def test_a_standard_error_that_nobody_reads_changes_no_exit_code(
    world: Path, line: str, command: str
) -> None:
    assert ended(world, line, command)[0] == CODES[command]


@pytest.mark.parametrize("command", SAID)
def test_a_full_disk_under_standard_output_is_said(world: Path, command: str) -> None:
    """Also where all of it fits into the buffer, and the fault only shows at the end."""
    assert ended(world, "HARNESS >/dev/full 2>err", command) == (
        1, "harness: could not write standard output: No space left on device.\n",
    )  # fmt: skip


def test_signs_that_the_terminal_does_not_have_are_written_as_their_codes(world: Path) -> None:
    code, err = ended(world, "export PYTHONIOENCODING=ascii; HARNESS >err", "check lost --baseline baseline")
    assert code == 4
    assert "\\u2717" in err


def test_a_command_line_that_is_not_utf_8_is_refused(world: Path) -> None:
    code, err = ended(world, "HARNESS 2>err", "report $'caf\\xe9'")
    assert (code, err) == (2, "harness: 'caf\\udce9' is not UTF-8 text; give the file another name.\n")


def test_a_current_folder_that_is_gone_is_refused(world: Path) -> None:
    line = 'W=$PWD; mkdir gone; cd gone; rmdir "$W/gone"; HARNESS 2>"$W/err"'
    code, err = ended(world, line, "tasks list; C=$?; cd $W; (exit $C)")
    assert code == 2
    assert err == "harness: the current folder cannot be used: No such file or directory.\n"


HOSTILE = "\x1b]0;owned\x07 \x1b[31mred\x9b2J \rover\u202ewritten\u2066\x00\u200f"


def test_what_is_shown_cannot_act_on_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with standard_streams():
        print(HOSTILE, "kept:\tGröße 👩‍🔬\n", end="")
        print(HOSTILE, file=sys.stderr)
        print(json.dumps({"name": HOSTILE}, ensure_ascii=False))
    out, err = capsys.readouterr()
    text, document = out.splitlines()
    assert text == (
        "\\u001b]0;owned\\u0007 \\u001b[31mred\\u009b2J \\u000dover\\u202ewritten\\u2066\\u0000\\u200f "
        "kept:\tGröße 👩‍🔬"
    )
    assert err == text.removesuffix(" kept:\tGröße 👩‍🔬") + "\n"
    assert json.loads(document) == {"name": HOSTILE}  # JSON keeps its meaning


def test_names_are_cleaned_in_errors_and_lists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "\x1b[2Ja\r.yaml").write_text("name: [\x07")
    assert main(["tasks", "list"]) == 2
    assert main(["tasks", "validate", "tasks/\x1b[2Ja\r.yaml", "no\x1b[2J"]) == 2
    assert not set("\x1b\r\x07") & set("".join(capsys.readouterr()))
