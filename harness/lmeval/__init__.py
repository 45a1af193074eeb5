"""Tasks of lm-eval's under this program's strategies, and the strategies as a model of lm-eval's.

Start with `load.open_tasks`: what a task file names, checked (`survey`), opened (`opened`) and made a task like any
other, whose `wording` asks lm-eval for every prompt and every score. `lm` goes the other way: a strategy that answers
lm-eval's requests. Nothing here is imported before a task of lm-eval's is named, lm-eval itself least of all.
"""
