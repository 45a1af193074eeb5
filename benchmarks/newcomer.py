"""Play the newcomer: a fresh clone, an empty folder with the wheel, a folder of documents. Prints what each step takes.

    python -m benchmarks.newcomer --quick              # scripted engine, nothing installed: a minute or two
    python -m benchmarks.newcomer                      # environments and cache made anew, default model, all questions
    python -m benchmarks.newcomer --compare=--quick    # the same with a few questions a task

`--journeys clone,wheel,documents` plays some of the three, `--keep DIR` leaves all that was made in DIR. A step that
fails ends the play with its output. The last line is all figures as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
TASK = "mine"
QUESTIONS = {"test": 24, "train": 48}
"""Of the task that the third newcomer writes, taken from `knowledge` as if they were somebody's own."""


@dataclass(frozen=True)
class Step:
    """One command: what it took, what it said, and what it left."""

    journey: str
    step: str
    seconds: float
    processor_s: float
    """Of all processes of the step: what a busy machine does not change."""
    silent_s: float
    """The longest time without a line."""
    lines: int
    made: dict[str, float]
    """What was made → its MB."""


@dataclass
class Play:
    """Where the newcomers are, and what they took so far."""

    home: Path
    quick: bool
    flags: Sequence[str]
    env: dict[str, str]
    steps: list[Step] = field(default_factory=list)

    def run(self, step: str, command: Sequence[str | Path], at: Path, made: Sequence[Path] = ()) -> str:
        """Run a command in a folder; returns its last line. Exits where it fails."""
        journey = step.split(":")[0]
        began = last = time.perf_counter()
        silent, said, before = 0.0, [], processor()
        with subprocess.Popen(
            [str(part) for part in command],
            cwd=at, env=self.env, text=True, encoding="utf-8", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        ) as process:  # fmt: skip
            for line in process.stdout or ():
                now = time.perf_counter()
                silent, last = max(silent, now - last), now
                said.append(line.rstrip("\n"))
        ended = time.perf_counter()
        if process.returncode:
            print(*said[-40:], f"{step}: exit code {process.returncode}", sep="\n", file=sys.stderr)
            raise SystemExit(1)
        name = said[-1] if said else ""
        sizes = {f"{path.name}/" if path.is_dir() else path.name: megabytes(path) for path in made}
        if name.startswith("reports/"):
            sizes |= {"run folder": megabytes(at / name), "its page": megabytes(at / name / "report.html")}
        row = Step(
            journey, step.partition(": ")[2], ended - began, processor() - before, max(silent, ended - last),
            len(said), sizes,
        )  # fmt: skip
        self.steps.append(row)
        print(told(row), flush=True)
        return name


def processor() -> float:
    """Processor seconds of all commands so far that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def told(row: Step) -> str:
    made = ", ".join(f"{name} {size:.1f} MB" for name, size in row.made.items())
    seconds = f"{row.seconds:.1f} | {row.processor_s:.1f} | {row.silent_s:.1f}"
    return f"| {row.journey} | {row.step} | {seconds} | {row.lines} | {made} |"


def megabytes(path: Path) -> float:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file()) / 1e6


def clone(play: Play) -> Path:
    """The clone, made once."""
    folder = play.home / "clone"
    if not folder.exists():
        play.run("clone: git clone", ["git", "clone", "--quiet", ROOT, folder], play.home, [folder])
    return folder


def from_a_clone(play: Play) -> None:
    folder = clone(play)
    if play.quick:
        python: Sequence[str | Path] = [sys.executable, "-m", "harness"]
    else:
        play.run("clone: make install", ["make", "install"], folder, [folder / ".venv"])
        python = [folder / ".venv/bin/python", "-m", "harness"]
    play.env["PYTHONPATH"] = str(folder)
    play.run("clone: compare", [*python, "compare", *play.flags], folder)


def wheel_of(play: Play) -> Sequence[str | Path]:
    """Build and install the wheel, once; the command that runs it."""
    source, dist, site = clone(play), play.home / "dist", play.home / "site"
    if not dist.exists():
        pip = [sys.executable, "-m", "pip", "--quiet"]
        play.run("wheel: pip wheel", [*pip, "wheel", "--no-deps", "-w", dist, source], play.home, [dist])
        (file,) = dist.glob("*.whl")
        if play.quick:  # the environment that runs this script has what the wheel depends on
            play.run("wheel: pip install, without dependencies",
                [*pip, "install", "--no-deps", "--target", site, file], play.home, [site])  # fmt: skip
        else:
            play.run("wheel: venv", [sys.executable, "-m", "venv", site], play.home)
            play.run("wheel: pip install", [site / "bin/pip", "install", "--quiet", file], play.home, [site])
    if play.quick:
        play.env["PYTHONPATH"] = str(site)
        return [sys.executable, "-m", "harness"]
    play.env.pop("PYTHONPATH", None)
    return [site / "bin/harness"]


def from_the_wheel(play: Play) -> None:
    harness, folder = wheel_of(play), play.home / "empty"
    folder.mkdir()
    play.run("wheel: init", [*harness, "init"], folder, [folder])
    play.run("wheel: compare", [*harness, "compare", *play.flags], folder)


def from_documents(play: Play) -> None:
    harness, folder = wheel_of(play), play.home / "project"
    shutil.copytree(clone(play) / "corpora/handbook", folder / "documents")
    new = [*harness, "tasks", "new", TASK, "--corpus", "documents"]
    play.run("documents: tasks new", new, folder, [folder / "tasks"])
    write_questions(folder / "tasks", clone(play) / "tasks/knowledge")
    play.run("documents: tasks validate", [*harness, "tasks", "validate", TASK], folder)
    run = play.run("documents: compare", [*harness, "compare", TASK, *play.flags], folder)
    play.run("documents: decide", [*harness, "decide", run, "--error-price", "0.50"], folder)


def write_questions(tasks: Path, source: Path) -> None:
    """What the newcomer types: questions."""
    for split, count in QUESTIONS.items():
        lines = (source / f"{split}.jsonl").read_text("utf-8").splitlines()
        rows = [row for line in lines if (row := json.loads(line)).get("answerable", True)][:count]
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (tasks / TASK / f"{split}.jsonl").write_text(text, "utf-8")


JOURNEYS: dict[str, Callable[[Play], None]] = {
    "clone": from_a_clone,
    "wheel": from_the_wheel,
    "documents": from_documents,
}


def scripted(folder: Path) -> Path:
    """Replies for an engine without weights: right for two questions in three of `knowledge`."""
    file = folder / "replies.jsonl"
    with file.open("w", encoding="utf-8") as stream:
        for number, row in enumerate(questions()):
            reply = row["answers"][0] if number % 3 and row["answers"] else "not in the documents"
            stream.write(json.dumps({"when": row["question"], "reply": reply}) + "\n")
        stream.write(json.dumps({"reply": "not in the documents"}) + "\n")
    return file


def questions() -> Iterator[dict[str, list[str]]]:
    for line in (ROOT / "tasks/knowledge/test.jsonl").read_text("utf-8").splitlines():
        yield json.loads(line)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a scripted engine, and nothing is installed")
    parser.add_argument("--compare", default="", metavar="FLAGS", help="flags of each `compare`")
    parser.add_argument("--journeys", default=",".join(JOURNEYS), metavar="A,B")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="a new folder for what is made")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home = (options.keep or Path(temporary)).resolve()
        home.mkdir(parents=True, exist_ok=True)
        flags = options.compare.split()
        env = {**os.environ, "PYTHONUNBUFFERED": "1"}
        if options.quick:
            flags += ["--quick", "--model", f"scripted:{scripted(home)}"]
        else:
            env["HARNESS_CACHE"] = str(home / "cache")
        play = Play(home, options.quick, flags, env)
        print("| journey | step | seconds | of a processor | longest silence, s | lines | made |")
        print("| --- | --- | --- | --- | --- | --- | --- |", flush=True)
        for name in options.journeys.split(","):
            JOURNEYS[name](play)
        print(f"\n{sum(row.seconds for row in play.steps):.0f} s in all")
        print(json.dumps([asdict(row) for row in play.steps]))


if __name__ == "__main__":
    main()
