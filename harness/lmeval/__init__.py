"""Tasks of lm-eval's under this program's strategies, and the strategies as a model of lm-eval's.

Start with `load.open_tasks`: what a task file names is read (`reader`, `configs`), put together (`taskfiles`), checked
(`survey`, `trust`, `data`), and these same values become lm-eval's task (`build`). Opened (`opened`), it is a task like
any other, whose `prompts` ask lm-eval for every prompt and every score. `lm` goes the other way: a strategy that
answers lm-eval's requests. lm-eval is imported only where a task of its own is named.
"""
