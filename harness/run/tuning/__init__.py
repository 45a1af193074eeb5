"""`--tune`: each strategy's settings, tried on dev questions in equal number before anything is compared.

Start with `tune.py`; `choice.py` holds the rule.
"""
