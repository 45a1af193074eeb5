"""Run folders with one or two damages, read by every command that reads one.

Most damages take a value out of its type or range: a command that still ends as if nothing was wrong has believed it.
"""

from __future__ import annotations

import functools
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

from benchmarks.fuzz.runner import Attempt
from harness.records import (
    AnswerRow,
    BatchRow,
    PassageRow,
    PromptSample,
    QuestionRow,
    TimingRow,
    TrainingRow,
)
from tests.analysis.runs import write_run
from tests.run.worlds import questions, write_task

ROWS = {
    "questions": QuestionRow,
    "training": TrainingRow,
    "prompts": PromptSample,
    "answers": AnswerRow,
    "batches": BatchRow,
    "timings": TimingRow,
    "passages": PassageRow,
}
DRAWS = True
PRELOAD = ("torch",)
APPENDED = ("answers", "batches", "timings", "passages")
"""Files whose last line a kill may tear."""
MARKER = "must_be_refused"
"""A file beside the run that says which damage no command may pass over."""
SIGNED = {"seed", "sampling", "training", "order", "choice_logprobs", "score", "value"}
"""Keys of numbers that may be negative."""
WORDS = {"finish_reason", "status", "split", "billed_by", "kind", "probes"}
"""Keys that know a few words only."""
IDS = {"id", "task", "system", "question_id", "chunk_id", "doc_id", "run_id", "prompt_sha256"}
OPEN = {"recipe", "libraries", "requirements", "metrics", "not_applicable", "files"}
"""Objects whose keys are anybody's."""
RAW = "@raw@"
DEEP = "[" * 100_000
LONG = "1" * 10_000


@dataclass(frozen=True)
class Damage:
    """What is written in the place of a value, as JSON text. `sure`: it cannot be right there."""

    text: str
    sure: bool


def make(rng: random.Random, folder: Path) -> list[str]:
    """A damaged copy of a run that was made before, and a command that reads it."""
    base = rng.choice(("made up", "made up", "scripted", "scripted", "baseline"))
    shutil.copytree(bases()[base], folder / "runs" / "a")
    run = folder / "runs" / "a" / "run"
    for _ in range(rng.choice((1, 1, 1, 2))):
        sure = _damaged(rng, run)
    if sure:  # the last one: another may have undone those before
        (folder / MARKER).write_text(sure, encoding="utf-8")
    good = str(bases()[base] / "run")
    commands = [
        ["report", str(run), "-o", str(folder / "results.json"), "-o", str(folder / "report.md")],
        ["decide", str(run), "--json", "--monthly-queries", "1000"],
        ["check", str(run), "--baseline", good, "--history", str(run.parent)],
        ["check", good, "--baseline", str(run), "--common"],
        ["diff", good, str(run)],
        ["trend", str(run.parent)],
    ]
    if base == "scripted":
        commands.append(["compare", "--resume", str(run)])
    return rng.choice(commands)


def wrong(attempt: Attempt) -> str | None:
    """The damage that was believed, where one was."""
    marker = attempt.folder / MARKER
    if attempt.code in (1, 2) or not marker.exists():
        return None
    if attempt.argv[0] == "trend" and "is left out" in attempt.errors:
        return None
    return f"believed: {marker.read_text(encoding='utf-8')}"


@functools.cache
def bases() -> dict[str, Path]:
    """Valid runs, made once: folders that hold `run`."""
    home = Path(tempfile.mkdtemp(prefix="run-folders-"))
    write_run(home / "made up" / "run")
    shutil.copytree("reports/baseline", home / "baseline" / "run")
    _scripted(home / "scripted")
    return {path.name: path for path in home.iterdir()}


def _scripted(home: Path) -> None:
    """A run of the scripted engine that was stopped: it can go on."""
    tasks = [
        write_task(home, with_corpus=False),
        write_task(home, "sums", probes="general", answer="choice", test=_choices(), with_train=False),
    ]
    script = home / "script.jsonl"
    script.write_text("".join(_line(row["question"]) for row in questions()))
    command = [
        "compare",
        *map(str, tasks),
        "--model",
        f"scripted:{script}",
        "--strategies",
        "base,few-shot,lora",
    ]
    flags = ["--latency-queries", "3", "--no-cache", "--output", str(home / "run")]
    subprocess.run([sys.executable, "-m", "harness", *command, *flags], check=True, capture_output=True)
    for name in ("results.json", "report.html", "report.md", "summary.csv"):
        (home / "run" / name).unlink()


def _line(when: str) -> str:
    return json.dumps({"when": when, "reply": "saw"}) + "\n"


def _choices() -> list[dict[str, Any]]:
    return [
        {
            "id": f"s{n}",
            "question": f"What is {n} + 1?",
            "answers": [str(n + 1)],
            "choices": [str(n), str(n + 1)],
        }
        for n in range(4)
    ]


def _damaged(rng: random.Random, run: Path) -> str | None:
    """Damage one file of a run; what was done, where it must not be passed over. What is damaged may stay so."""
    try:
        return _damage(rng, run)
    except (ValueError, OSError, IndexError, RecursionError):
        return None


def _damage(rng: random.Random, run: Path) -> str | None:
    if rng.random() < 0.2:
        return rng.choice(WHOLE_FILES)(rng, rng.choice(sorted(run.glob("*.json*"))))
    return _in_manifest(rng, run / "run.json") if rng.random() < 0.45 else _in_rows(rng, run)


# One value


def _in_rows(rng: random.Random, run: Path) -> str | None:
    name = rng.choice([name for name in ROWS if _lines(run / f"{name}.jsonl")])
    path = run / f"{name}.jsonl"
    lines = _lines(path)
    at = rng.randrange(len(lines))
    row = json.loads(lines[at])
    nullable = {
        key
        for key, kind in get_type_hints(ROWS[name]).items()
        if kind is type(None) or type(None) in get_args(kind)
    }
    text, what = _changed(rng, row, nullable)
    lines[at] = text
    torn = at == len(lines) - 1 and name in APPENDED and rng.random() < 0.2
    path.write_bytes(
        "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")[: -1 if torn else None]
    )
    return None if what is None or torn else f"{name}.jsonl: {what}"


def _in_manifest(rng: random.Random, path: Path) -> str | None:
    text, what = _changed(rng, json.loads(path.read_text(encoding="utf-8")), None)
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    return what and f"run.json: {what}"


def _changed(rng: random.Random, value: Any, nullable: set[str] | None) -> tuple[str, str | None]:
    """The JSON text of an object with one value damaged. `nullable`: keys that may be null; None: any may."""
    way = rng.random()
    if way < 0.08:
        key = rng.choice(list(value))
        again = f"{json.dumps(key)}: {json.dumps(value[key])}"
        return f"{{{again}, {json.dumps(value)[1:]}", f"{key} is given twice"
    place = _somewhere(rng, value)
    parent, key = _parent(value, place), place[-1]
    names = [part for part in place if isinstance(part, str)]
    if way < 0.14 and isinstance(key, str):
        del parent[key]
        return json.dumps(value), None
    damage = rng.choice(_damages(parent[key], str(names[-1]), bool(set(names) & OPEN)))
    if damage.text == "null":
        sure = nullable is not None and len(place) == 1 and key not in nullable
        damage = Damage("null", sure and parent[key] is not None)
    before, parent[key] = parent[key], RAW
    text = json.dumps(value).replace(f'"{RAW}"', damage.text)
    shown = f"{'.'.join(map(str, place))} is {damage.text[:20]} (was {json.dumps(before)[:30]})"
    return text, shown if damage.sure else None


def _damages(value: Any, key: str, free: bool) -> list[Damage]:
    """What a value may be replaced by. `free`: it lies in an object of anybody's keys."""
    often = [Damage("null", False), Damage(DEEP, True), Damage("NaN", True), Damage("-Infinity", True)]
    often += [
        Damage(LONG, True),
        Damage('"\\ud800"', True),
        Damage("1e999", not free or key != "requirements"),
    ]
    if isinstance(value, bool):
        return [*often, Damage("1", not free), Damage('"yes"', not free), Damage("[]", not free)]
    if isinstance(value, int | float):
        below = Damage("-1", not free and key not in SIGNED)
        huge = Damage("1" + "0" * 40, not free and key not in SIGNED)
        return [*often, below, huge, *(Damage(text, not free) for text in ("true", '"7"', "[]", "{}"))]
    if isinstance(value, str):
        more = [Damage(text, not free) for text in ("5", "[]", "{}", "false")]
        more += [
            Damage('"nonsense"', key in WORDS),
            Damage('""', key in IDS),
            Damage('"a\\u0000b"', key in IDS),
        ]
        return [*often, *more]
    if isinstance(value, list):
        return [*often, *(Damage(text, not free) for text in ('"text"', "5", "{}", '{"0": 1}'))]
    return [*often, *(Damage(text, value is not None) for text in ('"text"', "5", "[]", "true"))]


def _somewhere(rng: random.Random, value: Any) -> list[str | int]:
    """The way to a value inside an object."""
    place: list[str | int] = []
    while isinstance(value, dict | list) and value:
        key: Any = rng.choice(list(value)) if isinstance(value, dict) else rng.randrange(len(value))
        place.append(key)
        value = value[key]
        if rng.random() < 0.15:
            break
    return place


def _parent(value: Any, place: list[str | int]) -> Any:
    for part in place[:-1]:
        value = value[part]
    return value


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []


# Whole files


def _cut(rng: random.Random, path: Path) -> str | None:
    data = path.read_bytes()
    path.write_bytes(data[: rng.randrange(len(data) + 1)])
    return None


def _bom(_rng: random.Random, path: Path) -> str | None:
    data = path.read_bytes()
    path.write_bytes(b"\xef\xbb\xbf" + data)
    return f"{path.name} begins with a byte order mark" if data else None


def _crlf(_rng: random.Random, path: Path) -> str | None:
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    return None


def _nul_tail(rng: random.Random, path: Path) -> str | None:
    with path.open("ab") as stream:
        stream.write(b"\0" * rng.choice((1, 100, 4096)))
    return None if path.stem in APPENDED else f"{path.name} ends in NUL"


def _byte(rng: random.Random, path: Path) -> str | None:
    data = bytearray(path.read_bytes())
    if data:
        data[rng.randrange(len(data))] = rng.choice((0, 0xFF, 0xC3, 0x22, 0x5C, 0x7B, 0x0A))
        path.write_bytes(data)
    return None


def _gone(_rng: random.Random, path: Path) -> str | None:
    path.unlink()
    return None


def _folder(_rng: random.Random, path: Path) -> str | None:
    path.unlink()
    path.mkdir()
    return f"{path.name} is a folder"


def _line_lost(rng: random.Random, path: Path) -> str | None:
    lines = path.read_bytes().split(b"\n")
    if len(lines) > 2:
        del lines[rng.randrange(len(lines) - 1)]
        path.write_bytes(b"\n".join(lines))
    return "a question is lost" if path.name == "questions.jsonl" and len(lines) > 2 else None


def _deep_line(rng: random.Random, path: Path) -> str | None:
    lines = path.read_bytes().split(b"\n")
    lines.insert(rng.randrange(len(lines)), DEEP.encode())
    path.write_bytes(b"\n".join(lines))
    return None if path.stem in APPENDED else f"{path.name} is nested deeply"


WHOLE_FILES: tuple[Callable[[random.Random, Path], str | None], ...] = (
    _cut, _bom, _crlf, _nul_tail, _byte, _gone, _folder, _line_lost, _deep_line,
)  # fmt: skip
