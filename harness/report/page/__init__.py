"""report.html: one file that opens from disk, loads nothing, and shows everything that comes from data as text.

Start at `write.py`: a run, its scores and its results → the page. `templates/` turns the results into HTML; `questions`
(with `prompts`) and `whatif` are what the page's scripts in `assets/` read; `assets.py` reads the components that come
from packages and makes the content security policy.
"""
