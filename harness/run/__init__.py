"""The main path: plan, prepare, answer, time; and the run folder that keeps the evidence."""
