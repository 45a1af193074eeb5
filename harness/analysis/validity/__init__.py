"""Was the comparison valid? Checks that find straw men: each looks at a run's evidence and says what it rests on.

A system that fails a check is excluded: neither recommended nor counted as beaten.

Start with `table`: one row per check, with its name, title, limits and function, and `judge`, which runs them. Below it
stand `check` (the row's type, and what a check is given) and `paired` (is one system shown to be worse?), then the
functions: `adapters`, `leaks`, `context`, `answers`, `template`.
"""
