"""Labels of pictures as a reader sees them: in the reader's own font, which is not the one they were measured with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.report.write import write_reports
from harness.spec.strategy import STRATEGIES, Strategy
from tests.analysis.decided import SECONDS, elected
from tests.report.page.browser import Opened, launched

EVERYBODY = {
    "base": 0.05, "few-shot": 0.2, "rag": 0.6, "few-shot+rag": 0.63, "lora": 0.62, "lora+rag": 0.7, "oracle": 0.8
}  # fmt: skip
TASKS = {
    "facts": ("knowledge", EVERYBODY),
    "examples": ("knowledge", {"base": 0.1, "few-shot+rag": 0.9}),
    "hard": ("knowledge", {"base": 0.0, "few-shot": 0.15, "rag": 0.1, "oracle": 0.25}),
    "easy": ("knowledge", {"base": 0.05, "rag": 0.9, "oracle": 0.95}),
    "manners": ("behaviour", {"base": 0.1, "lora": 0.8}),
    "alone": ("general", {"base": 0.7, "lora@manners": 0.4}),
}
LONG = (
    Strategy("examples+gold", "a control of a test", ("examples", "gold")),
    Strategy("few-shot+right-passages", "a control of a test", ("gold", "examples")),
)
"""Two strategies more than there are colours, with long names."""
FAULTS = """() => {
  const found = [];
  for (const svg of document.querySelectorAll("figure svg")) {
    const page = svg.getBoundingClientRect(), title = svg.closest("figure").textContent.slice(0, 40).trim();
    const texts = [...svg.querySelectorAll("text")]
      .filter((text) => text.textContent.trim() && text.getAttribute("opacity") !== "0")
      .map((text) => [text.textContent, text.getBoundingClientRect()]);
    for (const [said, box] of texts)
      if (Math.min(box.left - page.left, page.right - box.right, box.top - page.top, page.bottom - box.bottom) < -1)
        found.push(`${title}: ${said} is cut off`);
    texts.forEach(([said, a], at) => texts.slice(at + 1).forEach(([other, b]) => {
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (wide > 1 && high > 3) found.push(`${title}: ${said} lies over ${other}`);
    }));
  }
  return found;
}"""


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    with pytest.MonkeyPatch.context() as patch:
        for strategy in LONG:
            patch.setitem(STRATEGIES, strategy.name, strategy)
            patch.setitem(SECONDS, strategy.name, 2.5)
        many = {name: 0.1 + place / 15 for place, name in enumerate(STRATEGIES)}
        tasks = {**TASKS, "many": ("knowledge", many)}
        folder = elected(tmp_path_factory.mktemp("pictures") / "run", tasks, n=40)
        write_reports(folder)
    with launched() as browser:
        found = Opened(browser, folder / "report.html")
        yield found
        found.close()


@pytest.mark.parametrize("width", [1440, 768, 390])
def test_no_label_is_cut_off_or_lies_over_another(opened: Opened, width: int) -> None:
    opened.page.set_viewport_size({"width": width, "height": 900})
    assert opened.page.locator("figure svg").count() > 20
    assert opened.page.evaluate(FAULTS) == []


@pytest.mark.parametrize("font", ["sans-serif", "'DejaVu Sans'", "Verdana"])
def test_labels_have_room_in_wider_fonts(opened: Opened, font: str) -> None:
    opened.page.set_viewport_size({"width": 1440, "height": 900})
    opened.page.evaluate(
        "font => document.querySelectorAll('figure text').forEach(text => { text.style.fontFamily = font; })",
        font,
    )
    assert opened.page.evaluate(FAULTS) == []


def test_the_drawn_costs_show_their_break_evens_under_any_terms(opened: Opened) -> None:
    """Worked out by hand: a fine-tune costs $66.20 once, rag its evaluation ($5), $5.10 a month less over a year; the
    fine-tune saves $0.0020 a query, so that they meet at 2,550 queries a month; over one month at twelve times as
    many."""
    picture = opened.page.locator("#what-if-picture")
    opened.page.locator("#terms select[name=shown]").select_option("facts")
    assert "lora = rag at 2.55 k" in str(picture.text_content())
    before = picture.locator("path").count()
    opened.page.fill("#terms input[name=horizon_months]", "1")
    assert "lora = rag at 30.6 k" in str(picture.text_content())
    assert picture.locator("path").count() == before
    assert opened.page.evaluate(FAULTS) == []
    opened.page.get_by_role("button", name="As the run has it").click()
