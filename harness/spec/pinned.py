"""What chat templates that ask for the day are told."""

PINNED_DATE = "2026-01-01"
"""One day for every run, so that runs of two days read the same prompts; `--date` names another one."""
