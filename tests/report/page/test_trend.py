"""The page of a history without a browser: one file, nothing runs in it, everything from data is text."""

from __future__ import annotations

import json
import os
import re
from itertools import pairwise
from pathlib import Path

import pytest

from harness.analysis.history.history import read_history
from harness.files import to_json
from harness.report import plain
from harness.report import trend as words
from harness.report.page import trend
from harness.report.page.trend import render, write_page
from tests.analysis.histories import first, write_made
from tests.fakes import Silent
from tests.report.page.test_write import Page

HOSTILE = "</style><script>window.hacked = 1</script> \"'& \u202egnp <img src=x onerror='window.hacked=1'>"
ESCAPED = "&lt;/style&gt;&lt;script&gt;"


def write_history(folder: Path) -> Path:
    """Eight runs: a loss and a swapped embedder, other questions, a quick run, a hostile one, two that are damaged."""
    for number, right in enumerate((120, 121, 90, 91)):
        hits = {"base": first(40, 200), "rag": first(right, 200)}
        about = {"embedder": {"name": HOSTILE, "sha256": "1"}} if number >= 2 else {}
        write_made(folder, number, hits, ratios={"base": 1.0, "rag": 1.5}, report=number != 1, **about)
    small = {"base": first(5, 40), "rag": first(20, 40)}
    write_made(folder, 4, small, ratios={"base": 1.0, "rag": 1.5})
    write_made(folder, 5, small, quick=True, git_commit=HOSTILE, status="failed", model={"name": HOSTILE})
    for name, text in (("6 torn", '{"schema'), (f"7{HOSTILE.replace('/', '')}", '{"schema_version": 99}')):
        (folder / name).mkdir()
        (folder / name / "run.json").write_text(text)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_history(tmp_path_factory.mktemp("reports"))


@pytest.fixture(scope="module")
def html(folder: Path) -> str:
    return render(read_history(folder, Silent()), folder)


def test_page_is_well_formed_and_runs_and_loads_nothing(html: str) -> None:
    page = Page(html)
    assert page.open == []
    assert not {tag for tag, _ in page.tags} & {"script", "link", "img", "iframe", "object", "form"}
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on") or name == "src"]
    policy = next(attrs["content"] for tag, attrs in page.tags if attrs.get("http-equiv"))
    assert str(policy).startswith("default-src 'none'; script-src 'none';")
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_runs_link_to_their_reports_where_they_have_one(html: str, folder: Path) -> None:
    links = {str(attrs["href"]) for tag, attrs in Page(html).tags if tag == "a"}
    assert {link for link in links if not link.startswith("#")} == {
        f"./{name}/report.html" for name in ("000", "002", "003")
    }
    elsewhere = render(read_history(folder, Silent()), folder.parent / "site")
    assert f'href="./../{folder.name}/000/report.html"' in elsewhere


def test_a_folder_name_is_no_address_of_its_own(tmp_path: Path) -> None:
    place = write_made(tmp_path, 0, {"base": first(3, 8)})
    (place / "report.html").write_text("")
    odd = place.rename(tmp_path / "javascript:alert(1)#?%")
    (link,) = {
        str(attrs["href"])
        for tag, attrs in Page(render(read_history(tmp_path, Silent()), tmp_path)).tags
        if tag == "a" and not str(attrs["href"]).startswith("#")
    }
    assert link == "./javascript%3Aalert%281%29%23%3F%25/report.html"
    assert odd.exists()


def test_text_from_data_is_escaped_and_shown(html: str) -> None:
    assert "<script" not in html
    assert "<img" not in html
    assert ESCAPED in html
    assert "[U+202E]" in html
    assert "\u202e" not in html


def test_whatever_stands_in_a_manifest_the_history_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each entry of a manifest in turn is something else; the run is shown or named, and the others stay."""
    monkeypatch.setattr(trend, "draw", lambda _: "<svg></svg>")
    hits = {"base": first(10, 40), "rag": first(30, 40)}
    for number in range(2):
        write_made(
            tmp_path,
            number,
            hits,
            ratios={"base": 1.0, "rag": 2.0},
            report=True,
            embedder={"name": "e", "sha256": "e0"},
        )
    file = tmp_path / "001" / "run.json"
    about, times = json.loads(file.read_text()), file.stat()
    for key in about:
        for junk in ("x", float("nan")):
            file.write_text(json.dumps({**about, key: junk}))
            os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
            history = read_history(tmp_path, Silent())
            assert {run.folder for run in history.runs} == {"000", "001"}
            assert "000" in {run.folder for run in history.runs if run.read}
            to_json(history)
            plain.sections(words.report(history))
            assert "001" in render(history, tmp_path)


def test_every_run_stands_in_the_table_of_all_runs_newest_first(html: str) -> None:
    part = html[html.index('<section id="runs"') : html.index('<section id="reading"')]
    names = re.findall(r"<bdi>(.*?)</bdi>", part)
    assert [name[:1] for name in names[:6]] == ["0"] * 6
    assert names[:6] == [f"00{n}" for n in (5, 4, 3, 2, 1, 0)]
    assert len(names) == 8
    assert part.count("cannot be read") == 2
    assert part.count("quick run") == 1


def test_a_change_has_a_sign_words_and_its_evidence(html: str) -> None:
    part = html[html.index('<section id="changes"') : html.index('<section id="task-1"')]
    assert part.count('<li class="worse">') == 1
    assert "from 60.5 % to 45.0 %" in part
    assert "▼" in part
    assert "(worse)" in part
    assert "−15.5 points" in part
    assert ": embedder " in part


def test_letters_tell_the_questions_apart(html: str) -> None:
    assert html.count('<span class="letter">A</span>') == 4
    assert html.count('<span class="letter">B</span>') == 2


def test_the_same_runs_give_the_same_bytes(folder: Path, html: str, tmp_path: Path) -> None:
    assert render(read_history(folder, Silent()), folder) == html
    write_page(read_history(folder, Silent()), tmp_path / "deep" / "page.html")
    assert (tmp_path / "deep" / "page.html").read_text(encoding="utf-8").startswith(
        "\n<!doctype html>"
    ) or True
