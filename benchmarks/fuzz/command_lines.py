"""Command lines made of the parser's own flags, with values that nobody should give, over a small world that is valid.

The world: a task with documents under a scripted model, runs, price lists, rules and a table. No model is ever loaded,
and nothing is fetched.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from benchmarks.fuzz.runner import Attempt
from harness.cli import parser
from tests.analysis.regression.reruns import made_up
from tests.analysis.runs import write_run
from tests.run.worlds import write_task

PRELOAD = ("torch",)
DRAWS = True
"""What the manifest of a run asks for its version and the machine."""

NOWHERE = {
    "HF_HUB_OFFLINE": "1", "PIP_NO_INDEX": "1", "BROWSER": "true", "HARNESS_CACHE": "cache",
}  # fmt: skip

HOSTILE = (
    "", " ", "\n", "a\nb", "\t", ".", "..", "/", "~", "~nobody/x", "-", "--", "-1", "0", "1", "nan", "inf", "-inf",
    "1e999", "-1e999", "1e-320", "1e308", "9" * 20, "9" * 5000, "0x10", "1_0", "١٢", "1,5", "50%", "x" * 256,
    "é" * 200, "x" * 5000, "a/" * 3000, "x/" + "y" * 300, "\udcff", "caf\udce9.yaml", "\x1b[31mred", "\u202etxt",
    "\x07", "😀", "[]", "['a', 'b']", "{}", "None", "null", "true", "a,b", ",", ",,", "base,base", "base,nope",
    "none", "none,workshop", "%s%n%d", "{0.__class__}", "$HOME", "`id`", "; ls", "--json", "--nope", "@file",
    "https://example.org/x", "scripted:", "scripted:gone", "scripted:docs", "scripted:fifo", "scripted:/dev/zero",
    "scripted:binary", "org/name", "../../etc/passwd", "C:\\x", "con",
    "docs", "empty", "fifo", "binary", "link", "loop", "closed", "closed/x", "file", "file/x", "big.yaml",
    "run", "run/run.json", "baseline", "tasks", "tasks/workshop.yaml", "table.csv", "rules.yaml", "prices.yaml",
    "needs.yaml", "/dev/null", "/dev/full", "/dev/zero", "/dev/stdin", "/dev/fd/99", "/proc/self/mem", "/root/gone",
)  # fmt: skip
"""Values for any flag: no numbers, too large ones, no names, too long ones, other kinds of files, other syntaxes."""

FITTING: dict[str, tuple[str, ...]] = {
    "tasks": ("workshop", "tasks/workshop.yaml"), "task": ("workshop",), "name": ("mine",),
    "model": ("scripted:script",), "strategies": ("base", "few-shot", "base,lora"), "device": ("cpu",),
    "dtype": ("float32",), "limit": ("3",), "latency_queries": ("0", "1"), "seed": ("1",), "seeds": ("2",),
    "guard": ("none",), "output": ("new", "out/new"), "resume": ("run", "stopped"), "folder": ("run", "new"),
    "baseline": ("baseline", "run"), "before": ("run",), "after": ("baseline",), "requirements": ("needs.yaml",),
    "prices": ("prices.yaml",), "rules": ("rules.yaml",), "expect": ("same", "change"), "margin": ("0.05",),
    "files": ("a.md", "a.json", "a.html", "a.xml", "a.csv"), "file": ("page.html",), "history": (".",),
    "source": ("table.csv", "docs"), "question": ("q",), "answer": ("a",), "corpus": ("docs",), "to": ("lm-eval",),
    "monthly_queries": ("1000",), "last": ("2",),
}  # fmt: skip
"""Values that fit, by what a flag is called inside: most of a command line must be right for the rest to be reached."""


def make(rng: random.Random, folder: Path) -> list[str]:
    """Copy the world into `folder`, and make a command line for it."""
    os.environ.update(NOWHERE)
    shutil.copytree(_world(), folder, dirs_exist_ok=True, symlinks=True, ignore=lambda *_: ["fifo"])
    os.mkfifo(folder / "fifo")
    (folder / "closed").mkdir(mode=0)
    command = parser()
    argv: list[str] = []
    while verbs := next((a for a in command._actions if isinstance(a, argparse._SubParsersAction)), None):
        verb = rng.choice([*verbs.choices] * 6 + ["compare"] * 12 + ["check"] * 4 + [rng.choice(HOSTILE)])
        if verb not in verbs.choices:
            return [*argv, verb]
        argv.append(verb)
        command = verbs.choices[verb]
    pieces = list(_pieces(rng, command))
    if argv == ["compare"] and not any(piece[0].startswith(("--model", "--resume")) for piece in pieces):
        pieces.append(["--model", "scripted:script"])
    rng.shuffle(pieces)
    return argv + [word for piece in pieces for word in piece]


def wrong(attempt: Attempt) -> str | None:
    """A refusal without a sentence, or a value that would act on a terminal."""
    if attempt.code in (1, 2) and "harness: " not in attempt.errors:
        return f"exit {attempt.code} without a sentence"
    return "an escape sequence" if "\x1b" in attempt.output + attempt.errors else None


def _pieces(rng: random.Random, command: argparse.ArgumentParser) -> Iterator[list[str]]:
    """Some of a command's flags with values, most of them once, and its positional arguments."""
    hostile = rng.choice((0.02, 0.1, 0.3))
    share = rng.choice((0.02, 0.08, 0.3))
    for action in command._actions:
        if not action.option_strings:
            count = {"*": rng.randrange(3), "?": rng.randrange(2)}.get(str(action.nargs), 1)
            for _ in range(count if rng.random() < 0.95 else rng.randrange(3)):
                yield [_value(rng, action, hostile)]
            continue
        again = 0.9 if action.required else share
        if isinstance(action, argparse._HelpAction):
            again = 0.01
        while rng.random() < again:
            flag = rng.choice(action.option_strings)
            if action.nargs == 0:
                yield [flag]
            else:
                value = _value(rng, action, hostile)
                yield [f"{flag}={value}"] if flag.startswith("--") and rng.random() < 0.3 else [flag, value]
            again = 0.1


def _value(rng: random.Random, action: argparse.Action, hostile: float) -> str:
    if rng.random() < hostile:
        return rng.choice(HOSTILE)
    fitting = FITTING.get(action.dest, ()) or tuple(map(str, action.choices or ("1", "0.5")))
    return rng.choice(fitting)


@cache
def _world() -> Path:
    """The world, made once."""
    world = Path(mkdtemp(prefix="command-lines-"))
    write_task(world / "tasks", more="examples: {k: 2}\n")
    shutil.copytree(world / "tasks" / "docs", world / "docs")
    (world / "script").write_text('{"when": "drill", "reply": "drill 0"}\n{"reply": "no"}\n')
    write_run(world / "run")
    made_up(world / "baseline", {"base": ["yes"] * 20})
    made_up(world / "stopped", {"base": ["yes"] * 20})
    (world / "empty").mkdir()
    (world / "file").write_text("text")
    (world / "binary").write_bytes(bytes(range(256)))
    (world / "big.yaml").write_text("- a\n" * 50_000)
    (world / "table.csv").write_text("q,a\nWho?,me\nWhere?,here\n")
    (world / "needs.yaml").write_text("min_accuracy: 0.5\n")
    (world / "rules.yaml").write_text("margin: 0.05\n")
    shutil.copy(Path(parser.__code__.co_filename).parent / "spec" / "prices.yaml", world / "prices.yaml")
    (world / "link").symlink_to("gone")
    (world / "loop").symlink_to("loop")
    return world
