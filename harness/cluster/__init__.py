"""The work of a run spread over workers, of this machine or Ray's. Read `units.py`, `pool.py`, then `executor.py`.

The driver is the run itself, in one process: it plans, makes prompts, and alone writes evidence. Workers hold weights,
and compute pure units of work that name everything that shapes their result.
"""
