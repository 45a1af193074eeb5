"""The scripted engine: replies from a file, counted, stopped and scored as any engine's, and learnt by heart."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from harness.engines.engine import Ability, AdapterRef, Continuation, Decoding, Message, Request
from harness.engines.scripted import REPLIES, ScriptedEngine, open_script
from harness.errors import InputError
from harness.files import sha256_file
from harness.finetune.open import open_trainer
from harness.finetune.scripted import ScriptedTrainer
from harness.finetune.store import load_or_train
from harness.finetune.trainer import Example, Trainer, Training
from harness.spec.system import LoRA
from tests.fakes import Silent

LINES = [
    {"when": "capital of France", "reply": "Paris"},
    {"when": "France", "reply": "a country in Europe"},
    {"when": "Rome", "reply": "Italy"},
]


def script(folder: Path, *rows: Any) -> Path:
    path = folder / "geography.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def engine(tmp_path: Path) -> ScriptedEngine:
    return open_script(script(tmp_path, *LINES))


def asked(text: str, decoding: Decoding = Decoding(20), *options: str) -> Request:  # noqa: B008 - frozen
    turns = (Message("system", "Answer shortly."), Message("user", text))
    return Request(turns, decoding, tuple(map(Continuation, options)))


def reply(engine: ScriptedEngine, text: str, adapter: AdapterRef | None = None) -> str:
    (completion,) = engine.complete([asked(text)], adapter)
    return completion.text


# The file


def test_the_first_line_that_stands_in_the_prompt_replies(engine: ScriptedEngine) -> None:
    assert reply(engine, "What is the capital of France?") == "Paris"
    assert reply(engine, "What is France?") == "a country in Europe"
    assert reply(engine, "Where is Oslo?") == ""
    (plain,) = engine.complete([Request("Q: Rome?\nA:", Decoding(20))])
    assert plain.text == "Italy"


def test_a_line_without_when_replies_to_what_is_left(tmp_path: Path) -> None:
    engine = open_script(script(tmp_path, LINES[2], {"reply": "no idea"}))
    assert [reply(engine, text) for text in ("Rome?", "Oslo?")] == ["Italy", "no idea"]


def test_a_script_is_named_and_hashed(tmp_path: Path) -> None:
    path = script(tmp_path, *LINES)
    identity = open_script(path).identity
    assert (identity.name, identity.sha256, identity.dtype) == ("geography", sha256_file(path), None)
    assert set(Ability) == open_script(path).abilities


def test_blank_lines_and_separators_within_a_text_are_no_lines(tmp_path: Path) -> None:
    path = tmp_path / "script.jsonl"
    path.write_text('\n{"when": "a\u2028b", "reply": "c\u0085d"}\r\n\n', encoding="utf-8")
    assert reply(open_script(path), "a\u2028b?") == "c\u0085d"


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ('{"reply": "x"', "no JSON"),
        ("[]", "both as text"),
        ('"x"', "both as text"),
        ('{"when": "x"}', "both as text"),
        ('{"reply": 5}', "both as text"),
        ('{"when": 5, "reply": "x"}', "both as text"),
        ('{"when": null, "reply": "x"}', "both as text"),
        ('{"reply": "x", "then": "y"}', "both as text"),
    ],
)
def test_what_is_no_line_of_a_script_is_named_with_its_place(tmp_path: Path, bad: str, says: str) -> None:
    path = tmp_path / "script.jsonl"
    path.write_text(f'{{"reply": "x"}}\n\n{bad}\n', encoding="utf-8")
    with pytest.raises(InputError, match=says) as caught:
        open_script(path)
    assert str(caught.value).startswith(f"{path}:3: ")


def test_a_script_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")
    for path in (tmp_path / "missing.jsonl", tmp_path, binary):
        with pytest.raises(InputError) as caught:
            open_script(path)
        assert str(caught.value).startswith(f"{path}:")


# Answering


@pytest.mark.parametrize(
    ("decoding", "text", "tokens", "reason"),
    [
        (Decoding(4), "one two, three four", 4, "stop"),
        (Decoding(3), "one two, three", 3, "length"),
        (Decoding(1), "one", 1, "length"),
        (Decoding(4, ("four", ",")), "one two", 2, "stop"),
        (Decoding(4, ("ee", "zzz")), "one two, thr", 3, "stop"),
        (Decoding(1, (",",)), "one", 1, "length"),
        (Decoding(4, ("one",)), "", 1, "stop"),
    ],
)
def test_a_reply_ends_at_a_stop_text_or_its_length(
    decoding: Decoding, text: str, tokens: int, reason: str
) -> None:
    engine = ScriptedEngine(lambda _prompt, _adapter: "one two, three four")
    (completion,) = engine.complete([asked("x", decoding)])
    assert (completion.text, completion.completion_tokens, completion.finish_reason) == (text, tokens, reason)


def test_the_scripted_reply_is_the_likeliest_and_the_only_greedy_one(engine: ScriptedEngine) -> None:
    options = ("Oslo", "Paris", "Rome")
    (scored,) = engine.complete([asked("The capital of France?", Decoding(1), *options)])
    assert (scored.text, scored.completion_tokens, scored.finish_reason) == ("", 0, "choice")
    assert scored.greedy == (False, True, False)
    assert scored.choice_logprobs is not None
    assert max(zip(scored.choice_logprobs, options, strict=True)) == (0.0, "Paris")
    (other,) = engine.complete([asked("Where is Oslo?", Decoding(1), *options)])
    assert other.choice_logprobs == (-1.0, -2.0, -3.0), "the first, where the script says nothing"
    (whole,) = engine.complete([Request("Rome is old.", whole=True)])
    assert (whole.choice_logprobs, whole.finish_reason) == ((0.0,), "choice")


def test_a_batch_and_a_timed_answer_give_what_each_request_alone_gives(engine: ScriptedEngine) -> None:
    batch = [asked(text) for text in ("Rome?", "capital of France?", "Oslo?")]
    alone = [engine.complete([request])[0] for request in batch]
    assert engine.complete(batch, job=batch) == alone
    ticks = itertools.count()
    timed = [engine.time(request, None, lambda: float(next(ticks))) for request in batch]
    assert [one.completion for one in timed] == alone
    assert {(one.ttft_s, one.e2e_s) for one in timed} == {(1.0, 1.0)}


def test_what_is_inspected_counts_words_and_names_the_request(engine: ScriptedEngine) -> None:
    bare, scored = asked("Where is Rome?"), asked("Where is Rome?", Decoding(1), "in Italy", "here")
    words = len(engine.render(bare.prompt).split()) if not isinstance(bare.prompt, str) else 0
    assert (engine.inspect(bare).tokens, engine.inspect(bare).longest) == (words, words)
    assert (engine.inspect(scored).tokens, engine.inspect(scored).longest) == (words, words + 2)
    others = (bare, scored, asked("Where is Oslo?"), asked("Where is Rome?", Decoding(1), "in Italy"))
    assert len({engine.inspect(request).sha256 for request in others}) == len(others)


def test_a_prompt_is_shown_beside_what_its_template_writes(engine: ScriptedEngine) -> None:
    turns = (Message("system", "Be short."), Message("user", "Rome?"))
    shown = engine.show(Request(turns), turns)
    assert shown.text == "[system] Be short.\n[user] Rome?\n[assistant]"
    assert shown.skeleton == "[system] %%0%%\n[user] %%1%%\n[assistant]"
    assert engine.render(turns, prefill=True) == "[system] Be short.\n[user] Rome?"
    assert engine.show(Request("Rome?"), ()).skeleton == ""


# Learning by heart


def fine_tune(seed: int = 0, **replies: str) -> Training:
    examples = tuple(Example(asked(f"Where is {place}?"), answer) for place, answer in replies.items())
    return Training("lora", LoRA("geography"), examples, (), seed)


def trainer_of(engine: ScriptedEngine) -> Trainer:
    trainer = open_trainer(engine)
    assert isinstance(trainer, ScriptedTrainer)
    return trainer


def test_an_adapter_recites_what_it_learnt_and_leaves_the_rest_to_the_script(
    engine: ScriptedEngine, tmp_path: Path
) -> None:
    adapter = load_or_train(trainer_of(engine), fine_tune(Oslo="Norway", Rome=""), tmp_path, Silent())
    learnt = adapter.ref
    assert reply(engine, "Where is Oslo?", learnt) == "Norway"
    assert reply(engine, "Where is Rome?", learnt) == "", "a reply that was learnt, although it is empty"
    assert reply(engine, "What is France?", learnt) == "a country in Europe"
    assert reply(engine, "Where is Oslo?") == "", "without the adapter nothing is known of it"


@pytest.mark.parametrize("order", [("Q1", "Q10"), ("Q10", "Q1")])
def test_the_longest_question_that_was_learnt_is_recited(
    engine: ScriptedEngine, tmp_path: Path, order: tuple[str, ...]
) -> None:
    examples = tuple(Example(asked(question), f"of {question}") for question in order)
    training = Training("lora", LoRA("geography"), examples, (), 0)
    learnt = load_or_train(trainer_of(engine), training, tmp_path, Silent()).ref
    assert reply(engine, "Q10", learnt) == "of Q10"
    assert reply(engine, "Q1", learnt) == "of Q1"


def test_a_continuation_is_learnt_as_the_reply(engine: ScriptedEngine, tmp_path: Path) -> None:
    example = Example(Request("Q: Oslo?\nA:", continuations=(Continuation(" Norway"),)))
    training = Training("lora", LoRA("geography"), (example,), (), 0)
    adapter = load_or_train(trainer_of(engine), training, tmp_path, Silent())
    request = Request("Q: Oslo?\nA:", continuations=(Continuation(" Spain"), Continuation(" Norway")))
    (scored,) = engine.complete([request], adapter.ref)
    assert scored.greedy == (False, True)


def test_an_adapter_learnt_by_heart_is_stored_as_any_other(engine: ScriptedEngine, tmp_path: Path) -> None:
    trainer = trainer_of(engine)
    first = load_or_train(trainer, fine_tune(Oslo="Norway"), tmp_path, Silent())
    assert first.record.sha256 == sha256_file(first.folder / REPLIES)
    assert (first.record.examples, first.record.base_sha256) == (1, engine.identity.sha256)
    assert load_or_train(trainer, fine_tune(Oslo="Norway"), tmp_path, Silent()).reused
    others = (fine_tune(1, Oslo="Norway"), fine_tune(Oslo="Sweden"), fine_tune(Oslo="Norway", Rome="Italy"))
    keys = {trainer.key(training) for training in (fine_tune(Oslo="Norway"), *others)}
    assert len(keys) == len(others) + 1
    assert not load_or_train(trainer, others[0], tmp_path, Silent()).reused
