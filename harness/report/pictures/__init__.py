"""The pictures of a report: typed results and timings → Vega-Lite specifications → SVG.

Start at `gallery.py`. A picture is a pure function of a `TaskView` that returns a `Plot`, or a `Missing` with what the
evidence lacks; a new one is a row in the gallery's table. `chart.py` holds the parts that pictures are made of,
`looks.py` the colours and shapes of systems, and only `plot.draw` knows the library.
"""
