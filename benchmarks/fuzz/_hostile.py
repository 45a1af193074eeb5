"""What the kinds share: texts, values, damage and files that are no files."""

from __future__ import annotations

import json
import os
import random
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

WORDS = (
    "Which",
    "port",
    "is",
    "the",
    "ferry",
    "from",
    "42",
    "Größe",
    "不可",
    "\u202ewritten",
    "e\u0301",
    "🚢",
    "it's",
)
TEXTS = (
    "", " ", "\x00", "\x1b[2J\x1b]0;x\x07", "\r\rover", "\ud800", "\ufeff", "\u2028", "a" * 300, "../../etc/passwd",
    "~", "$HOME", "{question}", "{labels}", "{{7*7}}", "{% for a in b %}", "!!python/object:os.system", "<script>",
    "null", "true", "no", "1e999", "NaN", "-0", "0x" + "f" * 50, "9" * 5000, "[click](javascript:x)", "@team",
    "|", "- ", "# x", "&a", "*a", "<<", "%YAML 9.9", "\\n", "'", '"', "\t", "a: b", "<|im_end|>", "con", "🚢" * 30,
)  # fmt: skip
NUMBERS = (0, -1, 1, 2**31, 2**63, 10**30, 10**5000, -0.0, 1e308, 1e-320, 0.1, float("inf"), float("nan"))


def text(rng: random.Random) -> str:
    if rng.random() < 0.4:
        return rng.choice(TEXTS)
    if rng.random() < 0.02:
        return rng.choice("ab \n\"'-[{é") * rng.choice((10_000, 100_000, 1_000_000))
    return " ".join(rng.choices(WORDS, k=rng.randint(1, 8)))


def value(rng: random.Random, depth: int = 0) -> Any:
    """Anything that JSON and YAML can spell."""
    kind = rng.random()
    if kind < 0.35 or depth > 3:
        return text(rng)
    if kind < 0.55:
        return rng.choice(NUMBERS)
    if kind < 0.65:
        return rng.choice((None, True, False))
    if kind < 0.8:
        return [value(rng, depth + 1) for _ in range(rng.choice((0, 1, 2, 5)))]
    return {text(rng): value(rng, depth + 1) for _ in range(rng.choice((0, 1, 2, 5)))}


def change(rng: random.Random, tree: Any) -> Any:
    """A tree of mappings and lists with one place in it changed."""
    if isinstance(tree, dict) and tree and rng.random() < 0.85:
        key = rng.choice(list(tree))
        changed = dict(tree)
        act = rng.random()
        if act < 0.1:
            del changed[key]
        elif act < 0.2:
            changed[rng.choice((f"{key}s", key.upper(), text(rng)))] = changed.pop(key)
        elif act < 0.3:
            changed[text(rng)] = value(rng)
        else:
            changed[key] = change(rng, tree[key])
        return changed
    if isinstance(tree, list) and tree and rng.random() < 0.85:
        place = rng.randrange(len(tree))
        return [*tree[:place], change(rng, tree[place]), *tree[place + 1 :]]
    return value(rng)


def spelled(tree: Any) -> str:
    """JSON of a tree, halves of surrogate pairs and infinities included, which is YAML as well."""
    try:
        return json.dumps(tree, ensure_ascii=True)
    except ValueError:  # Python writes no number of more than 4,300 digits
        return json.dumps(tree, default=str) if not _long(tree) else '{"n": ' + "9" * 6000 + "}"


def _long(tree: Any) -> bool:
    if isinstance(tree, dict):
        return any(map(_long, tree.values()))
    return any(map(_long, tree)) if isinstance(tree, list) else isinstance(tree, int) and abs(tree) > 10**4000


def damaged(rng: random.Random, data: bytes) -> bytes:
    """Bytes with a few flipped, cut, doubled or put in."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        place = rng.randrange(len(changed) + 1)
        act = rng.random()
        if act < 0.3 and place < len(changed):
            changed[place] = rng.randrange(256)
        elif act < 0.45:
            del changed[place:]
        elif act < 0.6:
            del changed[place : place + rng.choice((1, 10, 1000))]
        elif act < 0.8:
            changed[place:place] = rng.choice(
                (b"\0", b"\xff\xfe", b"\xc3", b"\xef\xbb\xbf", b"\r", b"\x1a", b"[" * 1000, b"\n" * 100)
            )
        else:
            changed[place:place] = changed[max(0, place - rng.choice((10, 1000))) : place]
    return bytes(changed)


def encoded(rng: random.Random, written: str) -> bytes:
    encoding = rng.choices(("utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"), (20, 1, 1, 1, 1))[0]
    return written.encode(encoding, "surrogatepass" if encoding.startswith("utf") else "replace")


def no_file(rng: random.Random, path: Path) -> None:
    """Put something else where a file is expected."""
    make: Callable[[], Any] = rng.choice(
        (
            lambda: os.mkfifo(path),
            lambda: path.mkdir(),
            lambda: path.symlink_to("/dev/zero"),
            lambda: path.symlink_to("/dev/full"),
            lambda: path.symlink_to(path.name),
            lambda: path.symlink_to("nowhere"),
            lambda: path.symlink_to("/etc"),
            lambda: path.symlink_to("/proc/self/mem"),
            lambda: path.write_bytes(b""),
            lambda: _socket(path),
        )
    )
    path.unlink(missing_ok=True)
    make()


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made, socket.socket(socket.AF_UNIX):
        before = Path.cwd()
        os.chdir(path.parent)
        try:
            made.bind(path.name[:80])
        finally:
            os.chdir(before)
