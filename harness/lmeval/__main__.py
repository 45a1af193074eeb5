"""`python -m harness.lmeval …` is `lm_eval …` with the model `harness` in its registry."""

from __future__ import annotations

import sys

from harness.errors import HarnessError
from harness.process import harmless


def main() -> int:
    """Hand the command line to lm-eval; what a person can mend ends in a sentence and an exit code, as elsewhere."""
    from lm_eval.__main__ import cli_evaluate

    import harness.lmeval.registered  # noqa: F401 - registers the model

    try:
        cli_evaluate()
    except HarnessError as error:
        print(harmless(f"harness: {error}"), file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
