"""From a run's evidence to its figures: no model, no torch, no network, no clock.

Start with `results`: `derive` makes results.json, and calls everything else. Of the run as a whole, each knowing
those before it: `evidence` (what a run folder holds), `means`, `latency`, `throughput`, `accuracy`, `retrieval`,
`waterfall`. Each concept that takes more than a page has a package: `statistics` (what a difference on so many
questions may be), `money` (what a strategy costs), `validity` (whether the race is fair), `decision` (which
strategy to take; it builds on all the others).
"""
