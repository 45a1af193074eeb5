"""The formats of files: each module turns what one kind of file holds into titles and text. Start at `shape.py`."""
