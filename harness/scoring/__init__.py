"""Metrics: a name and a pure function of what was asked and what was replied."""
