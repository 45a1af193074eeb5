"""Metrics: a name leads to a pure function of a prediction and its question."""
