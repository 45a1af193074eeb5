"""What was spent to make each contestant strong: settings tried on dev, and how much more examples would bring.

`effort.py` reads the trials of `tuning.jsonl`, `learning.py` the smaller trainings of `learning.jsonl`.
"""
