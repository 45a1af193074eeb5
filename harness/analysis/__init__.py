"""Pure functions from the evidence to figures: accuracy, latency, throughput, cost."""
