"""How fast `report.html` is with 10,000 questions, in headless Chromium: first paint, and one filter.

The run is made up (`made_up.py`). Targets: first paint below 1 second, a filter below 200 milliseconds.
Needs a Chromium (the distribution's will do) and the extra `dev`.

    python -m benchmarks.page_speed
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks.made_up import write_made_up
from harness.report.write import write_reports

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
FILTERED = """(name) => new Promise((done) => {
    const button = [...document.querySelectorAll('button')].find((one) => one.textContent.trim() === name);
    const start = performance.now();
    button.click();
    requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)));
})"""
"""From the click to the second frame after it: the first frame draws what the click changed."""
FILTERS = ("rag right, lora wrong", "nobody right", "clear filters")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--questions", type=int, default=3334, help="a task, of three (3334: 10,002 questions)"
    )
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        raise SystemExit(f"no browser found: none of {', '.join(BROWSERS)} is on the path.")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as tools:
        write_made_up(Path(folder), options.questions)
        write_reports(Path(folder))
        page = Path(folder) / "report.html"
        browser = tools.chromium.launch(executable_path=found, args=["--no-sandbox"])
        paints, filters = measure(browser, page, options.repeat)
        browser.close()
        size = page.stat().st_size / 1e6
    print(
        f"{3 * options.questions:,} questions, {size:.1f} MB; medians of {options.repeat}, worst in brackets"
    )
    print(f"first paint  {statistics.median(paints):.0f} ms ({max(paints):.0f}), target 1,000")
    print(f"a filter     {statistics.median(filters):.0f} ms ({max(filters):.0f}), target 200")


def measure(browser: Browser, page: Path, repeat: int) -> tuple[list[float], list[float]]:
    """Milliseconds to the first contentful paint of each opening, and of each filter."""
    paints, filters = [], []
    for _ in range(repeat):
        tab = browser.new_page()
        tab.goto(page.as_uri())
        tab.wait_for_selector("#found:not(:empty)")
        paints.append(float(tab.evaluate(PAINTED)))
        filters += [float(tab.evaluate(FILTERED, name)) for name in FILTERS]
        tab.close()
    return paints, filters


if __name__ == "__main__":
    main()
