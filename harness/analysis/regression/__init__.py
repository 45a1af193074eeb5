"""Whether a run is worse than a baseline: what two runs have in common, what changed, and what that did.

Start with `gate.py`: its `judge` puts every rule to every task and strategy that both runs measured. `pairing.py`
finds those; `changes.py` reads from the manifests what may have caused a difference; the rules stand in `exact.py`,
`replies.py`, `losses.py` and `slowdown.py`. `difference.py` says the same without a verdict.
"""
