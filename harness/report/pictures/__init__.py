"""The pictures of a report: figures of results.json and timings → Vega-Lite specifications → SVG.

Start at `gallery.py`. Each other module holds a family of pictures; every picture is a pure function that returns a
`Plot`, or a `Missing` with the sentence that says what evidence lacks. Only `draw.py` knows the library.
"""
