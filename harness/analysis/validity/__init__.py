"""Is the race valid? Checks that find straw men: each looks at a run's evidence and says what it rests on.

A strategy that fails a check is out of the race: neither recommended nor counted as beaten.

Start with `table`: the checks by name, and `judge`, which runs them. Below it stand `check` (what a check says, its
limits, what it is given) and `paired` (is one strategy shown to be worse?), then the checks themselves: `adapters`,
`leaks`, `context`, `answers`, `template`.
"""

from harness.analysis.validity.check import Check, Status, forbidden
from harness.analysis.validity.table import CHECKS, judge

__all__ = ["CHECKS", "Check", "Status", "forbidden", "judge"]
