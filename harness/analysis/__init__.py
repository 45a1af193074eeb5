"""From a run's evidence to its figures: no model, no torch, no network, no clock."""
