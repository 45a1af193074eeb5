"""How the machines that answer are paid for: one choice for all strategies. Light, for `--help`."""

from __future__ import annotations

from enum import StrEnum


class Tariff(StrEnum):
    """docs/method.md, "Cost", has the formula and a worked example of each."""

    KEPT_UP = "kept-up"
    """Machines of one's own, as many as the peak needs and at least one, paid for every hour, asked or not."""
    SCALE_TO_ZERO = "scale-to-zero"
    """Machines that start when they are asked: their busy seconds are paid, and their cold starts."""
    SHARED = "shared"
    """Machines that other work fills as well: the seconds of a query, over the share of paid time in use."""


TARIFF_WORDS = {
    Tariff.KEPT_UP: "machines kept up",
    Tariff.SCALE_TO_ZERO: "machines that scale to zero",
    Tariff.SHARED: "shared machines",
}
