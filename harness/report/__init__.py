"""What people and scripts read of a run: results.json, report.md, report.html, summary.csv, the terminal.

Every form is a function of the types in `analysis/results/`. Start at `write.py`: suffix → form. `tables`, `costs`,
`validity` and `decisions` make the tables of a task, `document` collects them, `scoreboard` is the line a system that
page, Markdown and terminal share, `glance` the page's first screen; `numbers` writes figures; `view` is what a table is
before it has a form.
"""
