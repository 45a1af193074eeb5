"""What each command does: a module a group of commands, each with the flags (`add_…`) and one thin function a command.

Nothing heavy is imported at the top of a module, so that `--help` is quick.
"""

from pathlib import Path

TASKS = Path("tasks")
REPORTS = Path("reports")
