"""The types of `results.json`: what was measured (`figures`), what it costs (`money`), what follows (`decision`).

`run.RunResult` holds everything that is derived from a run. Renderers are functions of these types, and nothing
else passes figures about.
"""
