"""The report of a run that goes on, as a process: `python -m harness.report.live RUN`.

A process of its own, so that what drawing takes is no part of the run's peak of memory, and a fault ends nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path

from harness.errors import HarnessError
from harness.report.write import write_reports


def main(folder: str) -> str | int:
    try:
        write_reports(Path(folder), live=True)
    except HarnessError as error:
        return str(error)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
