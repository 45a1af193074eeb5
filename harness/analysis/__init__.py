"""What a run's evidence says: figures, costs, validity, the decision. No model, no network; the same every time.

Start with `derive`: evidence (`evidence`) → `results.run.RunResult`, the types that every report renders. On the way
stand `accuracy`, `latency`, `latency_ratio`, `throughput`, `retrieval` and `waterfall` (what was measured), `comparisons` and
`seeds` over `statistics` (what the questions show), `money` (what a system costs), `validity` (whether the comparison
is valid) and `decision` (which system to take, under the user's requirements). `again` decides a run under other terms; `regression` (gate) and `history`
(trend) compare runs.
"""
