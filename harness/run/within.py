"""What `--within` made of a run: how long it may take, and what was left out so that it does."""

from __future__ import annotations

from dataclasses import dataclass

from harness.quantities import seconds
from harness.ranges import Name, Seconds, Text


@dataclass(frozen=True, slots=True)
class Within:
    """`seconds`: allowed. `expected_s`: planned for. `fewer`: what is done less of; `left_out`: strategies, and why."""

    seconds: Seconds
    expected_s: Seconds
    fewer: tuple[Text, ...] = ()
    left_out: tuple[tuple[Name, Text], ...] = ()

    @property
    def in_words(self) -> str:
        """A sentence for whoever reads the report."""
        clauses = [*self.fewer, *(f"{name} is left out, {why}" for name, why in self.left_out)]
        told = "; ".join(clauses) or "nothing had to be left out"
        return f"Planned to fit into {seconds(self.seconds)} (about {seconds(self.expected_s)} expected): {told}."
