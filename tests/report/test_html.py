"""The page shows what was said, runs nothing of it, and loads nothing."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from harness.report.html import HEIGHT, WIDTH, chart
from harness.report.view import Curve
from harness.report.write import write_reports
from tests.analysis.runs import QUESTIONS, answer, write_run

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


@pytest.fixture
def html(tmp_path: Path) -> str:
    write_reports(write_run(tmp_path))
    return (tmp_path / "report.html").read_text(encoding="utf-8")


def test_page_is_well_formed_and_has_nothing_active_or_foreign(html: str) -> None:
    page = Page(html)
    assert page.open == []
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "link", "img", "iframe", "object", "embed", "form", "b"}
    attributes = {name for _, attrs in page.tags for name in attrs}
    assert not {name for name in attributes if name.startswith("on")} | (
        attributes & {"src", "href", "style"}
    )
    assert "url(" not in html
    assert "@import" not in html


def test_policy_forbids_everything_but_the_pages_own_style(html: str) -> None:
    (policy,) = [a for tag, a in Page(html).tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy["content"] == "default-src 'none'; style-src 'unsafe-inline'"


def test_texts_from_outside_are_shown_and_not_run(html: str) -> None:
    assert "<script" not in html
    assert "Capital? &lt;script&gt;alert(1)&lt;/script&gt;" in html  # the question
    assert "Paris &lt;script&gt;alert(2)&lt;/script&gt;" in html  # a reply
    assert "Facts &lt;b&gt;nobody&lt;/b&gt;" in html  # the task's description


def test_every_reply_stands_beside_its_question_with_its_verdict(html: str) -> None:
    reply = re.search(r'<th scope="row">lora</th><td class="(\w+)">([^<]+)</td><td>41</td>', html)
    assert reply
    assert reply.groups() == ("wrong", "✗ wrong")
    assert html.count("✓ right") == 1 + 2 + 3 + 2 + 1  # base, lora, rag; general: base, lora@facts
    assert "(unanswerable: the right reply is a refusal)" in html


def test_a_blank_reply_is_called_empty(html: str) -> None:
    assert '<td class="wrong">✗ wrong</td><td>(empty)</td>' in html  # q3 of base, which is one space


def test_page_reads_on_a_telephone_and_at_night(html: str) -> None:
    assert 'content="width=device-width, initial-scale=1"' in html
    assert "prefers-color-scheme: dark" in html
    page = Page(html)
    wide = sum(attrs.get("class") == "wide" for _, attrs in page.tags)
    assert wide == sum(attrs.get("class") == "figures" for _, attrs in page.tags)


def test_only_the_first_questions_are_listed(tmp_path: Path) -> None:
    questions = [{**QUESTIONS[0], "id": f"q{i}"} for i in range(201)]
    rows = [answer("facts", "base", f"q{i}", "x" * 700) for i in range(201)]
    write_reports(write_run(tmp_path, questions=questions, answers=rows, batches=[], timings=[]))
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert html.count('class="reply"') == 200
    assert "1 more stand in answers.jsonl" in html
    assert "x" * 601 not in html


def test_curve_fills_its_frame() -> None:
    drawn = chart(Curve("c", (("train", ((1.0, 2.0), (3.0, 1.0))), ("dev", ((2.0, 1.5), (2.0, 1.5))))))
    assert [line["points"] for line in drawn["lines"]] == [
        f"8.0,8.0 {WIDTH - 8:.1f},{HEIGHT - 8:.1f}",
        f"{WIDTH / 2:.1f},{HEIGHT / 2:.1f} {WIDTH / 2:.1f},{HEIGHT / 2:.1f}",
    ]
    assert (drawn["low"], drawn["high"], drawn["first"], drawn["last"]) == (1.0, 2.0, 1.0, 3.0)


def test_flat_curve_is_drawn_in_the_middle() -> None:
    drawn = chart(Curve("c", (("train", ((1.0, 2.0), (2.0, 2.0))),)))
    assert f",{HEIGHT / 2:.1f}" in drawn["lines"][0]["points"]
