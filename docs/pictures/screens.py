"""The pictures of a run's page in README.md and reference.md, as small PNGs.

    python docs/pictures/screens.py reports/RUN

Needs a Chromium on the path and the extra `dev`.
"""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SCREEN = {"width": 1280, "height": 860}
COLOURS = 64
SCREENS = {"report": "#main", "compare": "#compare", "questions": "#found"}
"""Name of the picture → what stands at its top. In the last, the first question is opened."""


def main() -> None:
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if browser is None or len(sys.argv) != 2:
        raise SystemExit(__doc__)
    page = Path(sys.argv[1], "report.html").resolve()
    with sync_playwright() as tools:
        opened = tools.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        tab = opened.new_page(viewport=SCREEN, color_scheme="light")
        tab.goto(page.as_uri(), wait_until="load")
        tab.wait_for_selector("#found:not(:empty)")
        tab.get_by_role("button", name="Details of").first.click()
        for name, top in SCREENS.items():
            tab.evaluate("top => document.querySelector(top).scrollIntoView()", top)
            save(Path(__file__).with_name(f"{name}.png"), tab.screenshot())
        opened.close()


def save(target: Path, shot: bytes) -> None:
    picture = Image.open(io.BytesIO(shot)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    picture.save(target, optimize=True)
    print(f"{target}: {target.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
