"""The answer cache: caches that ignore an input, or trust a damaged file, are how figures go wrong unseen."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from harness.engines.engine import (
    AdapterRef,
    Completion,
    Continuation,
    Decoding,
    EngineIdentity,
    Usage,
    Wanted,
)
from harness.errors import HarnessError
from harness.files import sha256_text
from harness.run.answer_cache import AnswerCache, answer_key
from tests.fakes import Silent

MODEL = EngineIdentity("m", "here", "a" * 64, "float32", "cpu")
DECODING = Decoding(8, ("\n",))


def key_of(
    model: EngineIdentity = MODEL,
    adapter: str | None = None,
    prompt: str = "p" * 64,
    decoding: Decoding = DECODING,
    choices: tuple[str, ...] = (),
) -> str:
    ref = AdapterRef(Path("adapter"), adapter) if adapter else None
    return answer_key(model, ref, Wanted(decoding, tuple(map(Continuation, choices))), prompt)


KEY = key_of()
REPLY = Completion("Ann", 3, "stop")
WRITTEN = Wanted(DECODING)
TWO = Wanted(DECODING, (Continuation("yes"), Continuation("no")))


def asked(*keys: str) -> dict[str, Wanted]:
    return dict.fromkeys(keys, WRITTEN)


SERVER = EngineIdentity("m", "http://a/v1", None, None, "a server", server="http://a/v1")
SERVED_KEY = key_of(SERVER)


def served_as(name: str) -> str:
    return answer_key(SERVER, AdapterRef(None, None, served=name), WRITTEN, "p" * 64)


@pytest.mark.parametrize(
    "other",
    [
        KEY,
        key_of(dataclasses.replace(SERVER, server="http://b/v1")),
        key_of(dataclasses.replace(SERVER, name="n")),
        key_of(dataclasses.replace(SERVER, structured=True)),
        key_of(SERVER, decoding=Decoding(8, ("\n",), json=True)),
        key_of(SERVER, prompt="q" * 64),
        served_as("legal"),
        served_as("legal-2"),
    ],
    ids=["local", "server", "name", "structured", "json", "prompt", "adapter", "other adapter"],
)
def test_of_a_server_its_address_and_names_are_in_the_key(other: str) -> None:
    assert other != SERVED_KEY
    assert served_as("legal") != served_as("legal-2")


def test_a_server_may_count_tokens_in_a_way_of_its_own(tmp_path: Path) -> None:
    cache = AnswerCache(tmp_path / "answers.sqlite", Silent())
    long = dataclasses.replace(REPLY, completion_tokens=9)
    counted = dataclasses.replace(long, usage=Usage(7, 5, 2), reasoning_tokens=4)
    cache.put({KEY: long, SERVED_KEY: counted})
    assert cache.get(asked(KEY, SERVED_KEY)) == {SERVED_KEY: counted}


@pytest.mark.parametrize(
    "other",
    [
        key_of(dataclasses.replace(MODEL, sha256="b" * 64)),
        key_of(dataclasses.replace(MODEL, dtype="bfloat16")),
        key_of(dataclasses.replace(MODEL, device="cuda")),
        key_of(adapter="c" * 64),
        key_of(prompt="q" * 64),
        key_of(decoding=Decoding(9, ("\n",))),
        key_of(decoding=Decoding(8, ())),
        key_of(decoding=Decoding(8, ("\n",), stop_at_once=True)),
        key_of(choices=("yes", "no")),
    ],
    ids=["model", "dtype", "device", "adapter", "prompt", "max_tokens", "stop", "at once", "choices"],
)
def test_every_part_that_shapes_an_answer_is_in_its_key(other: str) -> None:
    assert other != KEY


def test_the_order_of_choices_and_the_engine_version_are_in_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {key_of(choices=choices) for choices in (("a", "b"), ("b", "a"))}
    assert len(keys) == 2
    monkeypatch.setattr("harness.run.answer_cache.ENGINE_VERSION", 10**6)
    assert key_of() != KEY


def test_devices_of_a_kind_share_answers_and_names_do_not_matter() -> None:
    first = dataclasses.replace(MODEL, device="cuda:0")
    second = dataclasses.replace(MODEL, device="cuda:1", name="other", source="there")
    assert key_of(first) == key_of(second)


def test_what_is_put_comes_back_in_another_process(tmp_path: Path) -> None:
    chosen = Completion("yes", 0, "choice", (-0.1, -2.5), (True, False))
    AnswerCache(tmp_path / "a.sqlite", Silent()).put({KEY: REPLY, "k2": chosen})
    assert AnswerCache(tmp_path / "a.sqlite", Silent()).get({**asked(KEY, "k3"), "k2": TWO}) == {
        KEY: REPLY,
        "k2": chosen,
    }


def test_a_damaged_file_is_set_aside_with_a_note(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    path.write_bytes(b"this is no database, and long enough to be taken for one" * 100)
    progress = Silent()
    cache = AnswerCache(path, progress)
    assert len(progress.notes) == 1
    assert "damaged" in progress.notes[0]
    assert (tmp_path / "a.damaged").read_bytes().startswith(b"this is no database")
    cache.put({KEY: REPLY})
    assert cache.get(asked(KEY)) == {KEY: REPLY}


@pytest.mark.parametrize("column", ["value", "sha256"])
def test_a_damaged_row_is_not_believed(tmp_path: Path, column: str) -> None:
    cache = AnswerCache(tmp_path / "a.sqlite", Silent())
    cache.put({KEY: REPLY, "k2": REPLY})
    database = sqlite3.connect(tmp_path / "a.sqlite")
    with database:
        database.execute(f"UPDATE answers SET {column} = replace({column}, 'a', 'b') || ' ' WHERE key = 'k2'")
    database.close()
    assert cache.get(asked(KEY, "k2")) == {KEY: REPLY}


def test_a_row_under_another_key_is_not_believed(tmp_path: Path) -> None:
    cache = AnswerCache(tmp_path / "a.sqlite", Silent())
    cache.put({KEY: REPLY})
    database = sqlite3.connect(tmp_path / "a.sqlite")
    with database:
        database.execute("UPDATE answers SET key = 'k2'")
    database.close()
    assert cache.get(asked("k2")) == {}


def test_damage_in_the_middle_of_the_file_costs_answers_not_the_run(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    cache = AnswerCache(path, Silent())
    cache.put({f"key {n}": REPLY for n in range(2000)})
    data = bytearray(path.read_bytes())
    data[8192:] = b"\xff" * (len(data) - 8192)
    path.write_bytes(data)
    progress = Silent()
    cache = AnswerCache(path, progress)
    assert cache.get(asked(*(f"key {n}" for n in range(2000)))) == {}
    cache.put({KEY: REPLY})
    assert cache.get(asked(KEY)) == {KEY: REPLY}
    assert len(progress.notes) == 1
    assert "damaged" in progress.notes[0]


def test_an_unusable_place_is_a_sentence_that_names_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "a.sqlite").mkdir()
    with pytest.raises(HarnessError, match="--no-cache"):
        AnswerCache(tmp_path / "a.sqlite", Silent())


def test_a_cache_that_fails_later_does_not_stop_the_run(tmp_path: Path) -> None:
    progress = Silent()
    cache = AnswerCache(tmp_path / "a.sqlite", progress)
    (tmp_path / "a.sqlite").unlink()
    (tmp_path / "a.sqlite").mkdir()
    cache.put({KEY: REPLY})
    assert cache.get(asked(KEY)) == {}
    assert len(progress.notes) == 2


GOOD = {
    "text": "Ann",
    "completion_tokens": 3,
    "finish_reason": "stop",
    "choice_logprobs": None,
    "greedy": None,
}
CHOSEN = {**GOOD, "completion_tokens": 0, "finish_reason": "choice", "choice_logprobs": [-1.0, -2.0],
          "greedy": [True, False]}  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "value"),
    [
        (WRITTEN, [1, 2]),
        (WRITTEN, {}),
        (WRITTEN, {**GOOD, "text": ["Ann"]}),
        (WRITTEN, {**GOOD, "completion_tokens": -1}),
        (WRITTEN, {**GOOD, "completion_tokens": True}),
        (WRITTEN, {**GOOD, "completion_tokens": 9}),
        (WRITTEN, {**GOOD, "finish_reason": "tired"}),
        (WRITTEN, CHOSEN),
        (TWO, GOOD),
        (TWO, {**CHOSEN, "choice_logprobs": [-1.0]}),
        (TWO, {**CHOSEN, "choice_logprobs": [-1.0, 2.0]}),
        (TWO, {**CHOSEN, "greedy": None}),
    ],
)
def test_a_whole_row_of_another_shape_is_named_once_and_not_believed(
    tmp_path: Path, wanted: Wanted, value: Any
) -> None:
    """As another version, or somebody's hand, would have written it: its hash is right."""
    progress = Silent()
    cache = AnswerCache(tmp_path / "a.sqlite", progress)
    text = json.dumps(value)
    database = sqlite3.connect(tmp_path / "a.sqlite")
    with database:
        database.execute("INSERT INTO answers VALUES (?, ?, ?)", (KEY, text, sha256_text(KEY + text)))
    database.close()
    assert cache.get({KEY: wanted}) == cache.get({KEY: wanted}) == {}
    assert len(progress.notes) == 1
    assert "1 answer in the answer cache" in progress.notes[0]


@pytest.mark.parametrize("value", [None, 5, b"\xff\x00", "\x00", "[" * 100_000])
def test_a_value_of_another_type_is_not_believed(tmp_path: Path, value: object) -> None:
    cache = AnswerCache(tmp_path / "a.sqlite", Silent())
    database = sqlite3.connect(tmp_path / "a.sqlite")
    with database:
        database.execute("INSERT INTO answers VALUES (?, ?, CAST(x'ff' AS TEXT))", (KEY, value))
        if isinstance(value, str):
            database.execute("UPDATE answers SET sha256 = ?", (sha256_text(KEY + value),))
    database.close()
    assert cache.get(asked(KEY)) == {}


def test_a_table_of_another_program_is_set_aside(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "a.sqlite")
    with database:
        database.execute("CREATE TABLE answers (id INTEGER, answer TEXT)")
    database.close()
    progress = Silent()
    cache = AnswerCache(tmp_path / "a.sqlite", progress)
    cache.put({KEY: REPLY})
    assert cache.get(asked(KEY)) == {KEY: REPLY}
    assert len(progress.notes) == 1
