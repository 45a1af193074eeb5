"""The page in the user's own browser."""

from __future__ import annotations

from pathlib import Path


def opened(page: Path) -> bool:
    """Open `page` in the default browser; False where there is none."""
    import webbrowser

    try:
        return webbrowser.open(page.resolve().as_uri())
    except (webbrowser.Error, OSError):
        return False
