"""Figures to files: results.json, Markdown, HTML, CSV."""
