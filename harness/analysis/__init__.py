"""What a run's evidence says: figures, costs, validity, the decision. No model, no network; the same every time.

Start with `derive`: evidence (`evidence`) → `results.run.RunResult`, the types that every report renders. On the way
stand what was measured (`measure`, out of `accuracy`, `latency`, `latency_ratio`, `throughput`, `retrieval`,
`waterfall`), what the questions show (`comparisons` and `seeds`, over `statistics`), what one reply to everything
would be worth (`baselines`), what a system costs (`money`), whether the comparison is valid (`validity`) and which
system to take under the user's requirements (`decision`). `again` decides a run under other terms; `regression`
(gate) and `history` (trend) compare runs.
"""
