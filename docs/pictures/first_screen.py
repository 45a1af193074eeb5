"""The picture in README.md: the first screen of a run's page, as a small PNG.

    python docs/pictures/first_screen.py reports/RUN

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
TARGET = Path(__file__).with_name("report.png")
SCREEN = {"width": 1280, "height": 860}
COLOURS = 64


def main() -> None:
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if browser is None or len(sys.argv) != 2:
        raise SystemExit(__doc__)
    page = Path(sys.argv[1], "report.html").resolve()
    with sync_playwright() as tools:
        opened = tools.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        tab = opened.new_page(viewport=SCREEN, color_scheme="light")
        tab.goto(page.as_uri(), wait_until="load")
        shot = tab.screenshot()
        opened.close()
    picture = Image.open(io.BytesIO(shot)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    picture.save(TARGET, optimize=True)
    print(f"{TARGET}: {TARGET.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
