"""The page in a real browser: opens from disk, asks nothing of the network, and shows what is in the evidence."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.report.write import write_reports
from tests.analysis.runs import QUESTIONS, SPEC, answer, answers, manifest, write_run
from tests.report.page.browser import Opened

HOSTILE = (
    "</script><script>window.hacked = 1</script> \"'& \u202egnp.exe <img src=x onerror='window.hacked=1'>"
)


def hostile_run(folder: Path) -> Path:
    """A run in which everything that can be named or said is an attempt to break out."""
    questions = [
        {
            **QUESTIONS[0],
            "question": HOSTILE,
            "answers": [HOSTILE],
            "tags": [HOSTILE],
            "gold_docs": [HOSTILE],
        },
        *QUESTIONS[1:],
    ]
    found = {"doc_id": HOSTILE, "chunk_id": f"{HOSTILE}#0", "score": 1.0}
    rows = [row for row in answers() if (row["strategy"], row["question_id"]) != ("rag", "q1")]
    rows.append(answer("facts", "rag", "q1", HOSTILE, retrieved=[found], shown_passages=1))
    passage = {
        "task": "facts",
        "chunk_id": f"{HOSTILE}#0",
        "doc_id": HOSTILE,
        "title": HOSTILE,
        "text": HOSTILE,
        "place": HOSTILE,
    }
    about = manifest()
    about["tasks"]["facts"] = {"spec": {**SPEC, "description": HOSTILE}, "train_questions": 9}
    about["model"] = {**about["model"], "name": HOSTILE}
    return write_run(folder, questions=questions, answers=rows, passages=[passage], manifest=about)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    write_reports(write_run(folder))
    return folder / "report.html"


@pytest.fixture(scope="module")
def shown(browser: Any, report: Path) -> Iterator[Opened]:
    opened = Opened(browser, report)
    yield opened
    opened.close()


def clear(opened: Opened) -> None:
    opened.page.get_by_role("button", name="clear filters").click()


def test_opens_from_disk_without_a_word_or_a_request(browser: Any, report: Path) -> None:
    opened = Opened(browser, report)
    assert opened.console == []
    assert opened.asked == [report.as_uri()]
    opened.close()


def test_policy_stops_what_the_page_did_not_bring_along(browser: Any, report: Path) -> None:
    opened = Opened(browser, report)
    opened.page.evaluate("""() => {
        const script = document.createElement('script');
        script.textContent = 'window.hacked = 1';
        document.body.append(script);
        const image = document.createElement('img');
        image.src = 'http://127.0.0.1:9/x.png';
        document.body.append(image);
        fetch('http://127.0.0.1:9/').catch(() => {});
    }""")
    assert opened.page.evaluate("window.hacked") is None
    assert len([line for line in opened.console if "Content Security Policy" in line]) >= 3
    opened.close()


def test_hostile_text_does_nothing_and_shows_as_it_is(browser: Any, tmp_path: Path) -> None:
    write_reports(hostile_run(tmp_path))
    opened = Opened(browser, tmp_path / "report.html")
    assert opened.console == []
    assert opened.page.evaluate("window.hacked") is None
    assert opened.page.locator("img").count() == 0
    row = opened.page.locator("#table tbody tr").filter(
        has=opened.page.get_by_role("link", name="q1", exact=True)
    )
    seen = HOSTILE.replace("\u202e", "[U+202E]")
    for cell in (1, 2, 3):
        assert seen in str(row.locator("td").nth(cell).text_content())
    row.get_by_role("button").click()
    assert str(opened.page.locator(".detail .passages").first.text_content()).count(seen) == 3
    assert seen in str(opened.page.locator("#verdict").text_content())
    assert opened.page.evaluate("window.hacked") is None
    opened.close()


def test_every_question_of_a_task_is_counted(shown: Opened) -> None:
    clear(shown)
    assert shown.found() == "4 of 4 questions"
    assert shown.ids() == ["q1", "q2", "q3", "q4"]


@pytest.mark.parametrize(
    ("preset", "ids"),
    [
        ("rag right, lora wrong", ["q2", "q4"]),
        ("lora right, rag wrong", ["q3"]),
        ("nobody right", []),
        ("retrieval missed", []),
    ],
)
def test_presets_find_what_they_say(shown: Opened, preset: str, ids: list[str]) -> None:
    """Worked out by hand from the replies in tests/analysis/runs.py."""
    clear(shown)
    button = shown.page.get_by_role("button", name=preset)
    if not ids and preset == "retrieval missed":
        assert button.count() == 0  # it missed nowhere, so there is nothing to offer
        return
    button.click()
    assert shown.ids() == ids
    assert shown.found() == f"{len(ids)} of 4 questions"


def test_search_looks_at_questions_answers_and_replies(shown: Opened) -> None:
    clear(shown)
    for words, ids in (
        ("which", ["q3"]),
        ("42", ["q2"]),
        ("LYON", ["q4"]),
        ("paris capital", ["q1"]),
        ("xyzzy", []),
    ):
        shown.page.fill("input[name=search]", words)
        shown.page.press("input[name=search]", "Enter")  # does not wait for a pause in typing
        assert shown.found() == f"{len(ids)} of 4 questions"
        assert shown.ids() == ids
    clear(shown)


def test_a_filter_by_strategy_reads_its_answers(shown: Opened) -> None:
    clear(shown)
    shown.page.locator("#by-strategy select").first.select_option("right")
    assert shown.ids() == ["q1"]
    clear(shown)


def test_sorting_by_wrong_replies(shown: Opened) -> None:
    clear(shown)
    header = shown.page.get_by_role("columnheader", name="Replies")
    for direction in ("ascending", "descending"):
        header.click()
        shown.page.wait_for_selector(f'#table th[aria-sort="{direction}"]')  # sorts after the click is over
    assert shown.ids()[-1] == "q1"  # the only one that all got right
    shown.page.reload()
    shown.page.wait_for_selector("#found:not(:empty)")


def test_on_a_narrow_screen_a_field_sorts(browser: Any, report: Path) -> None:
    """There the table is a list of cards, without headers to click."""
    opened = Opened(browser, report, viewport={"width": 768, "height": 900})
    assert not opened.page.get_by_role("columnheader", name="Replies").is_visible()
    sort = opened.page.locator("select[name=sort]")
    for choice, ids in (
        ("replies, most wrong first", ["q4", "q3", "q2", "q1"]),
        ("question, A to Z", ["q1", "q2", "q3", "q4"]),
        ("question, Z to A", ["q4", "q3", "q2", "q1"]),
        ("as asked", ["q1", "q2", "q3", "q4"]),
    ):
        sort.select_option(label=choice)
        assert opened.ids() == ids
    opened.page.set_viewport_size({"width": 1280, "height": 900})
    assert not sort.is_visible()
    header = opened.page.get_by_role("columnheader", name="Question")
    header.click()
    opened.page.wait_for_selector('#table th[aria-sort="ascending"]')
    assert sort.input_value() == "1 asc"  # what the headers did is what the field says
    opened.close()


def test_details_show_passages_with_the_right_document_marked(shown: Opened) -> None:
    clear(shown)
    shown.page.get_by_role("button", name="Details of q1").click()
    items = shown.page.locator(".detail .passages li")
    texts = items.all_text_contents()
    assert [text.startswith("★ right document") for text in texts] == [True, False, False]
    assert "Paris is the capital." in texts[0]
    assert texts[2].endswith("not in the prompt")  # of three found, two stood in the prompt
    assert "Blue whales" not in texts[2]
    detail = str(shown.page.locator(".detail").text_content())
    assert "100 prompt tokens, 5 answer tokens" in detail
    shown.page.get_by_role("button", name="Details of q1").click()
    assert shown.page.locator(".detail").count() == 0


def test_a_link_leads_to_its_row_whatever_is_filtered(browser: Any, report: Path) -> None:
    opened = Opened(browser, report)
    opened.page.fill("input[name=search]", "xyzzy")
    opened.page.evaluate("location.hash = '#q=general/g2'")
    opened.page.wait_for_selector(".detail")
    assert opened.ids() == ["g1", "g2"]
    assert opened.page.evaluate("document.activeElement.textContent") == "g2"
    assert opened.page.input_value("select[name=task]") == "general"
    opened.close()


def test_the_filters_are_an_address(browser: Any, report: Path) -> None:
    """It is written as they are set, and sets them when it is opened."""
    opened = Opened(browser, report)
    opened.page.get_by_role("button", name="rag right, lora wrong").click()
    address = str(opened.page.evaluate("location.hash"))
    assert address == "#find?task=facts&is=wrong%3Alora&is=right%3Arag"
    opened.page.get_by_role("button", name="clear filters").click()
    assert opened.page.evaluate("location.hash") == "#questions"
    opened.page.evaluate("address => { location.hash = address; }", address)
    opened.page.wait_for_function("document.getElementById('found').textContent === '2 of 4 questions'")
    assert opened.ids() == ["q2", "q4"]
    opened.close()


def test_wrong_answers_are_given_as_csv(browser: Any, report: Path) -> None:
    """Those of the questions that are shown."""
    opened = Opened(browser, report)
    opened.page.get_by_role("button", name="lora right, rag wrong").click()
    button = opened.page.get_by_role("button", name="as CSV")
    with opened.page.expect_download() as saved:
        button.click()
    rows = list(csv.DictReader(Path(saved.value.path()).read_text(encoding="utf-8").splitlines()))
    assert {(row["task"], row["id"]) for row in rows} == {("facts", "q3")}
    assert str(button.text_content()).startswith(f"{len(rows)} wrong answer")
    assert "rag" in {row["strategy"] for row in rows}
    assert opened.console == []
    opened.close()


def test_keyboard_reaches_filters_rows_and_pages(browser: Any, report: Path) -> None:
    opened = Opened(browser, report)
    opened.page.keyboard.press("Tab")
    assert opened.page.evaluate("document.activeElement.textContent") == "Skip to the verdict"
    reached = set()
    for _ in range(150):
        opened.page.keyboard.press("Tab")
        reached.add(
            opened.page.evaluate(
                "(e => e.name || e.className || e.tagName.toLowerCase())(document.activeElement)"
            )
        )
    assert {"task", "search", "strategy", "toggle", "summary", "wide", "dt-column-order"} <= reached
    opened.close()


def test_print_leaves_verdict_scoreboard_and_pictures(shown: Opened) -> None:
    shown.page.emulate_media(media="print")
    for part in ("#verdict", "#compare", "#understand"):
        assert shown.page.locator(part).is_visible()
    for part in ("#questions", "header nav"):
        assert not shown.page.locator(part).is_visible()
    assert shown.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    shown.page.emulate_media(media="screen")
