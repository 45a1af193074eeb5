"""The answer cache: caches that ignore an input, or trust a damaged file, are how figures go wrong unseen."""

from __future__ import annotations

import dataclasses
import sqlite3
from pathlib import Path

import pytest

from harness.engines.engine import Completion, Continuation, Decoding, EngineIdentity, PromptFacts, Request
from harness.errors import HarnessError
from harness.run.answer_cache import AnswerCache, answer_key
from harness.run.prompts import Prompt
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
    request = Request("", decoding, tuple(map(Continuation, choices)))
    return answer_key(model, adapter, Prompt(request, PromptFacts(1, 1, prompt)))


KEY = key_of()
REPLY = Completion("Ann", 3, "stop")


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
        key_of(choices=("yes", "no")),
    ],
    ids=["model", "dtype", "device", "adapter", "prompt", "max_tokens", "stop", "choices"],
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
    chosen = Completion("yes", 0, "choice", (-0.1, -2.5))
    AnswerCache(tmp_path / "a.sqlite", Silent()).put({KEY: REPLY, "k2": chosen})
    assert AnswerCache(tmp_path / "a.sqlite", Silent()).get([KEY, "k2", "k3"]) == {KEY: REPLY, "k2": chosen}


def test_a_damaged_file_is_set_aside_with_a_note(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    path.write_bytes(b"this is no database, and long enough to be taken for one" * 100)
    progress = Silent()
    cache = AnswerCache(path, progress)
    assert len(progress.notes) == 1
    assert "damaged" in progress.notes[0]
    assert (tmp_path / "a.damaged").read_bytes().startswith(b"this is no database")
    cache.put({KEY: REPLY})
    assert cache.get([KEY]) == {KEY: REPLY}


@pytest.mark.parametrize("column", ["value", "sha256"])
def test_a_damaged_row_is_not_believed(tmp_path: Path, column: str) -> None:
    cache = AnswerCache(tmp_path / "a.sqlite", Silent())
    cache.put({KEY: REPLY, "k2": REPLY})
    database = sqlite3.connect(tmp_path / "a.sqlite")
    with database:
        database.execute(f"UPDATE answers SET {column} = replace({column}, 'a', 'b') || ' ' WHERE key = 'k2'")
    database.close()
    assert cache.get([KEY, "k2"]) == {KEY: REPLY}


def test_a_row_under_another_key_is_not_believed(tmp_path: Path) -> None:
    cache = AnswerCache(tmp_path / "a.sqlite", Silent())
    cache.put({KEY: REPLY})
    database = sqlite3.connect(tmp_path / "a.sqlite")
    with database:
        database.execute("UPDATE answers SET key = 'k2'")
    database.close()
    assert cache.get(["k2"]) == {}


def test_damage_in_the_middle_of_the_file_costs_answers_not_the_run(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    cache = AnswerCache(path, Silent())
    cache.put({f"key {n}": REPLY for n in range(2000)})
    data = bytearray(path.read_bytes())
    data[8192:] = b"\xff" * (len(data) - 8192)
    path.write_bytes(data)
    progress = Silent()
    cache = AnswerCache(path, progress)
    assert cache.get([f"key {n}" for n in range(2000)]) == {}
    cache.put({KEY: REPLY})
    assert cache.get([KEY]) == {KEY: REPLY}
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
    assert cache.get([KEY]) == {}
    assert len(progress.notes) == 2
