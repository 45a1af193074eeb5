"""The page without a browser: well formed, one script, and everything the other formats say."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from itertools import chain, pairwise
from pathlib import Path

import pytest
from markupsafe import escape

from harness.report.document import run_sections, task_sections
from harness.report.view import Table
from harness.report.write import write_reports
from tests.analysis.runs import write_run
from tests.report.results import results_of

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """Collects tags and attributes, and checks that what is opened is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("run")
    write_reports(write_run(folder))
    return (folder / "report.html").read_text(encoding="utf-8")


def test_page_is_well_formed_and_names_nothing_outside(html: str) -> None:
    page = Page(html)
    assert page.open == []
    assert not {tag for tag, _ in page.tags} & {"link", "img", "iframe", "object", "embed", "b"}
    assert [attrs.get("type") for tag, attrs in page.tags if tag == "script"] == [
        "application/json",
        "application/json",
        "module",
    ]
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on") or name == "src"]
    links = [str(attrs["href"]) for tag, attrs in page.tags if tag == "a"]
    assert links
    assert all(link.startswith("#") for link in links)
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_headings_go_down_a_step_at_a_time(html: str) -> None:
    levels = [int(tag[1]) for tag, _ in Page(html).tags if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_texts_from_outside_are_escaped(html: str) -> None:
    assert "Facts &lt;b&gt;nobody&lt;/b&gt;" in html  # the task's description
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', html, re.S)
    assert json.loads(data)["facts"]["rows"][0][1] == "Capital? <script>alert(1)</script>"


def test_every_table_of_the_document_is_on_the_page(html: str, tmp_path: Path) -> None:
    results = results_of(write_run(tmp_path))
    parts = [*chain(*map(task_sections, results.tasks.values())), *run_sections(results)]
    titles = re.findall("(?<!<figcaption>)<h4>(.*?)</h4>", html)
    for part in parts:
        assert part.title in titles
        for block in part.blocks:
            if isinstance(block, Table):
                missing = [h for h in block.headers if f'<th scope="col">{escape(h)}</th>' not in html]
                assert missing == []
    assert len(parts) == len([title for title in titles if title in {part.title for part in parts}])


def test_checks_show_their_figure_and_limit(html: str) -> None:
    assert '<th scope="col">Figure</th><th scope="col">Limit</th>' in html


def test_what_holds_over_all_tasks_stands_under_the_verdicts(html: str) -> None:
    verdict = html[html.index('<section id="verdict"') : html.index('<section id="compare"')]
    assert '<p class="note">Nothing is recommended for any task on this evidence.</p>' in verdict
    assert '<p class="note">Nothing was required; each task says what was assumed.</p>' in verdict
