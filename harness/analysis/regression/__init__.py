"""Whether a run is worse than a baseline: what two runs have in common, what changed, and what that did.

Start with `gate.py`: its `judge` puts every rule of `rules.py` to every task and system that both runs measured.
`pairing.py` finds those; `inputs.py` reads what a run was made of and `changes.py` how that differs between two; the
rules stand in `exact.py`, `replies.py`, `losses.py` and `slowdown.py`; `terms.py` says which may fail, and
by how much a figure may get worse. `diff.py` says the same without a verdict.
"""
