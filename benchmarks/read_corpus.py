"""How long corpora take to read, how much memory, and whether both grow with the size alone.

Made-up files: Markdown pages with headings, links, lists, tables and code (some 3 kB each), a PDF, and single files
of two megabytes that were written to be slow. Each is read in a process of its own, at half the size and in full;
`ratio` is processor seconds in full ÷ at half (2: linear). Needs no model, but the `documents` extra.

    python -m benchmarks.read_corpus
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.corpus.papers import pdf_of

HOSTILE_SIZE = 2_000_000
HOSTILE = {
    "html divs": ("html", "<div>"),
    "html paragraphs": ("html", "<p>x"),
    "html cells": ("html", "<tr><td>1<td>2"),
    "html lists": ("html", "<ul><li>x"),
    "html formats": ("html", "<font a=%d><p>x"),
    "html attributes": ("html", " a%d=1"),
    "html tables": ("html", "<table><tr><td>x"),
    "markdown brackets": ("md", "["),
    "markdown quotes": ("md", ">>>>>>>>>>>>>>>>>>>>a\n"),
    "markdown lists": ("md", "- "),
    "markdown rows": ("md", "| 1 | [x](y) |\n"),
    "markdown links": ("md", "[a](b) and text\n\n"),
}
"""Name → suffix, and the piece that repeats (`%d`: its number)."""

HEADS = {" a": "<div", "<tr": "<table>", "|": "| a | b |\n|---|---|\n"}
"""What stands before pieces that begin so."""

READ = """
import json, resource, sys, time
from harness.corpus.documents import read_corpus
start = time.perf_counter()
corpus = read_corpus(sys.argv[1])
seconds, cpu = time.perf_counter() - start, time.process_time()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([seconds, cpu, peak, len(corpus), corpus.inventory.characters]))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--pages", type=int, default=1_000)
    options = parser.parse_args()
    makers: dict[str, Callable[[Path, float], None]] = {
        f"{options.files:,} Markdown files": lambda folder, share: markdown(
            folder, int(options.files * share)
        ),
        f"PDF of {options.pages:,} pages": lambda folder, share: pdf(folder, int(options.pages * share)),
    }
    for name, (suffix, piece) in HOSTILE.items():
        makers[name] = lambda folder, share, suffix=suffix, piece=piece: hostile(folder, suffix, piece, share)
    figures = {name: figure(name, make) for name, make in makers.items()}
    print(json.dumps(figures))


def figure(name: str, make: Callable[[Path, float], None]) -> dict[str, float]:
    """Seconds and memory of one corpus, at half its size and in full."""
    measured = []
    for share in (0.5, 1.0):
        with tempfile.TemporaryDirectory() as folder:
            make(Path(folder), share)
            command = [sys.executable, "-c", READ, folder]
            measured.append(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout))
    (half, *_), (seconds, cpu, peak, documents, characters) = measured
    ratio = measured[1][1] / measured[0][1]
    print(
        f"{name:<24} {seconds:6.2f} s, {cpu:6.2f} s of processor, {peak:5.0f} MB, ratio {ratio:.2f}",
        flush=True,
    )
    return {
        "half_s": half, "seconds": seconds, "cpu_s": cpu, "cpu_ratio": ratio, "peak_mb": peak, "documents": documents,
        "characters": characters,
    }  # fmt: skip


WORDS = tuple("the drill may be kept fourteen days by whoever asks at the desk and pays twenty euros".split())  # noqa: SIM905


def sentence(chance: random.Random) -> str:
    return " ".join(chance.choices(WORDS, k=14)).capitalize() + "."


def markdown(folder: Path, files: int) -> None:
    """Pages in folders of a hundred."""
    chance = random.Random(0)
    for number in range(files):
        place = folder / f"{number // 100}"
        place.mkdir(exist_ok=True)
        sections = []
        for part in range(4):
            sections += [f"## Part {part}", " ".join(sentence(chance) for _ in range(4))]
            sections.append(f"See [the rules](rules-{part}.md) and `code {part}`. {sentence(chance)}")
            sections.append("\n".join(f"- {sentence(chance)}" for _ in range(3)))
        sections.append(
            "| Item | Fee |\n| --- | --- |\n" + "\n".join(f"| tool {n} | {n} EUR |" for n in range(5))
        )
        sections.append("```sh\n# run\nmake all\n```")
        (place / f"page-{number}.md").write_text(
            f"# Page {number}\n\n" + "\n\n".join(sections) + "\n", "utf-8"
        )
    (folder / "last.md").write_text("The end.", "utf-8")


def pdf(folder: Path, pages: int) -> None:
    chance = random.Random(0)
    lines = [[f"Page {page}", *(sentence(chance) for _ in range(40))] for page in range(pages)]
    (folder / "book.pdf").write_bytes(pdf_of(lines))


def hostile(folder: Path, suffix: str, piece: str, share: float) -> None:
    count = int(HOSTILE_SIZE * share / len(piece))
    text = "".join(piece % number for number in range(count)) if "%d" in piece else piece * count
    head = next((head for start, head in HEADS.items() if piece.startswith(start)), "")
    (folder / f"page.{suffix}").write_text(head + text, "utf-8")
    (folder / "other.md").write_text("A page with text.", "utf-8")


if __name__ == "__main__":
    main()
