"""report.html: one file that opens from disk, loads nothing, and shows everything that comes from data as text.

Start at `write.py`: a run, its scores and its results → the page. Each section is a module that turns figures into
plain values; `templates/` turns those into HTML, `assets/` holds the page's own style and script, `assets.py` reads the
components that come from packages and makes the content security policy.
"""
