"""All runs of a folder in the order in which they were made, and where a figure changed from one to the next.

Start with `history.py`: a folder → `History`, whose JSON `trend --json` prints. `runs.py` reads run folders, `marks.py`
compares neighbours, by the gate's own reading of inputs and its own paired comparison. Nothing is written into any run.
"""
