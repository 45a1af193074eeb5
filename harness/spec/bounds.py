"""Bounds of what prices are multiplied and divided by: within them no figure overflows. Light, for `--help`."""

LEAST, MOST_USD_PER_HOUR = 1e-6, 1e6
MOST_CYCLES = 1000
"""Trainings until a fine-tune is good."""
