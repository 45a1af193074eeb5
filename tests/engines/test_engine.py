"""The engine over real transformers and peft: one copy of the base weights, and the same answers always."""

from __future__ import annotations

import itertools
import json
import shutil
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any

import peft
import pytest
import torch
from safetensors.torch import load_file, save_file

from harness.engines import adapters, decoding, likelihood
from harness.engines.adapters import read_layers
from harness.engines.engine import (
    AdapterRef,
    Clock,
    Completion,
    Continuation,
    Decoding,
    Message,
    Request,
)
from harness.engines.local import choose_device, choose_dtype
from harness.engines.store import ModelFolder
from harness.engines.tokens import encode, shared_prefix
from harness.engines.transformers_engine import TransformersEngine
from harness.errors import InputError, ModelUnavailable
from harness.finetune.lora import peft_config
from harness.spec.system import LoRA
from tests.tiny import random_adapter, tiny_engine

QUESTIONS = ("Who?", "What is the name of the boat?", "When does it leave, and from where?", "Why")
SYSTEM = Message("system", "Answer briefly.")
DECODING = Decoding(12)


@pytest.fixture
def engine(tiny_model: ModelFolder) -> TransformersEngine:
    return tiny_engine(tiny_model)


def asked(question: str, decoding: Decoding = DECODING, *options: str) -> Request:
    return Request((SYSTEM, Message("user", question)), decoding, tuple(map(Continuation, options)))


BATCH = [asked(question) for question in QUESTIONS]
SCORED = [asked(question, DECODING, "a", "the ferry", "no") for question in QUESTIONS]


def tokens(engine: TransformersEngine, request: Request) -> list[int]:
    """What the model reads for a conversation."""
    assert not isinstance(request.prompt, str)
    chat = engine.model.chat
    return list(chat.encode(chat.render(request.prompt)))


def logprobs(found: Completion) -> tuple[float, ...]:
    assert found.choice_logprobs is not None
    return found.choice_logprobs


def ticking() -> Clock:
    """A clock that goes on by a second whenever it is read."""
    ticks = itertools.count()
    return lambda: float(next(ticks))


@pytest.fixture(scope="module")
def adapter(tiny_model: ModelFolder, tmp_path_factory: pytest.TempPathFactory) -> AdapterRef:
    """An adapter with weights large enough to change answers."""
    return random_adapter(tiny_engine(tiny_model), tmp_path_factory.mktemp("adapter"), 1, 0.3)


def test_batched_and_single_answers_agree(engine: TransformersEngine) -> None:
    together = engine.complete(BATCH)
    alone = [engine.complete([request])[0] for request in BATCH]
    assert together == alone


def test_a_shared_prefix_changes_nothing(engine: TransformersEngine) -> None:
    assert shared_prefix([tokens(engine, request) for request in BATCH]) > 10
    assert engine.complete(BATCH, job=BATCH) == engine.complete(BATCH)


def test_a_prefix_is_read_once_for_all_batches_of_a_job(
    engine: TransformersEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = decoding.read
    widths: list[int] = []

    def watched(model: Any, cache: Any, **inputs: Any) -> Any:
        widths.append(inputs["input_ids"].shape[1])
        return read(model, cache, **inputs)

    monkeypatch.setattr(decoding, "read", watched)
    shared = shared_prefix([tokens(engine, request) for request in BATCH])
    alone = [engine.complete([request], job=BATCH)[0] for request in BATCH]
    assert widths.count(shared) == 1
    assert max(width for width in widths if width != shared) == max(
        len(tokens(engine, request)) - shared for request in BATCH
    )
    assert alone == engine.complete(BATCH)


def test_a_prefix_that_was_read_under_other_weights_is_not_used(
    engine: TransformersEngine, adapter: AdapterRef
) -> None:
    for weights in (None, adapter, None, replace(adapter, merged=False), adapter):
        assert engine.complete(BATCH, weights, job=BATCH) == engine.complete(BATCH, weights)


def test_a_prefix_of_one_job_is_not_used_for_another(engine: TransformersEngine) -> None:
    other = [Request((Message("system", "Be rude."), *request.prompt[1:]), DECODING) for request in BATCH]
    plain = engine.complete(other)
    assert engine.complete(BATCH, job=BATCH) != plain
    assert engine.complete(other, job=other) == plain


@pytest.mark.parametrize("limit", [1, 60, 10**6])
@pytest.mark.parametrize("with_prefix", [True, False])
def test_a_batch_read_in_slices_gives_the_same_answers(
    engine: TransformersEngine, monkeypatch: pytest.MonkeyPatch, limit: int, with_prefix: bool
) -> None:
    job = BATCH if with_prefix else ()
    alone = [engine.complete([request])[0] for request in BATCH]
    monkeypatch.setattr(decoding, "SLICE_TOKENS", limit)
    for _ in range(2):  # the second time behind the prefix that was kept from the first
        assert engine.complete(BATCH, job=job) == alone


def test_greedy_answers_are_those_of_transformers_generate(engine: TransformersEngine) -> None:
    prompt = tokens(engine, BATCH[1])
    expected = engine.model.weights.generate(
        torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
        do_sample=False, num_beams=1, repetition_penalty=1.0, max_new_tokens=12,
    )[0, len(prompt) :].tolist()  # fmt: skip
    (answer,) = engine.complete([BATCH[1]])
    chat = engine.model.chat
    ends = [at for at, token in enumerate(expected) if token == chat.end_token]
    words = expected[: ends[0]] if ends else expected
    assert answer.text == chat.decode(words)
    assert answer.completion_tokens == len(words) + bool(ends)
    assert answer.finish_reason == ("stop" if ends else "length")


def test_a_stop_string_ends_the_answer_and_is_no_part_of_it(engine: TransformersEngine) -> None:
    (whole,) = engine.complete([asked(QUESTIONS[2])])
    stop = whole.text[3]
    (cut,) = engine.complete([asked(QUESTIONS[2], Decoding(12, (stop,)))])
    assert cut.text == whole.text[: whole.text.index(stop)]
    assert cut.finish_reason == "stop"
    assert cut.completion_tokens < whole.completion_tokens


def test_timed_answers_are_the_same_answers(engine: TransformersEngine, adapter: AdapterRef) -> None:
    for weights in (None, adapter):
        timed = engine.time(BATCH[1], weights, ticking())
        assert timed.completion == engine.complete([BATCH[1]], weights)[0]
        assert timed.ttft_s == 1.0  # the first tick after the start is the first token
        assert timed.e2e_s == timed.completion.completion_tokens + 1


def test_timed_scores_are_the_same_scores(engine: TransformersEngine) -> None:
    timed = engine.time(SCORED[1], None, ticking())
    assert timed.completion == engine.complete([SCORED[1]])[0]
    assert (timed.ttft_s, timed.e2e_s) == (1.0, 1.0)


def test_base_answers_are_the_same_before_and_after_adapters(
    engine: TransformersEngine, adapter: AdapterRef
) -> None:
    before = engine.complete(BATCH)
    weights = {name: p.clone() for name, p in engine.model.weights.named_parameters()}
    adapted = engine.complete(BATCH, adapter)
    engine.load(replace(adapter, merged=False))
    engine.load(None)
    assert adapted != before
    assert engine.complete(BATCH) == before
    assert all(torch.equal(p, weights[name]) for name, p in engine.model.weights.named_parameters())


def test_merged_and_unmerged_adapters_give_the_same_answers(
    engine: TransformersEngine, adapter: AdapterRef
) -> None:
    merged = engine.complete(BATCH, adapter)
    assert engine.complete(BATCH, replace(adapter, merged=False)) == merged


def test_where_a_second_set_of_weights_has_no_room_adapters_stay_beside_the_first(
    tiny_model: ModelFolder, adapter: AdapterRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    merged = tiny_engine(tiny_model).complete(BATCH, adapter)
    engine = tiny_engine(tiny_model)
    own = sum(
        layer.weight.nbytes
        for layer in engine.model.weights.model.modules()
        if type(layer).__name__ == "Linear"
    )
    for free, used in ((own - 1, "library"), (own, "own")):
        monkeypatch.setattr(adapters, "free_bytes", lambda _, free=free: free)
        engine.release()
        assert engine.complete(BATCH, adapter) == merged
        facts = engine.facts()
        assert facts is not None
        assert facts.merging is not None
        assert facts.merging.used == used


def test_an_adapter_is_read_once_however_often_weights_change(
    engine: TransformersEngine, adapter: AdapterRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The timing pass changes weights before every answer: minutes of a run, if each change read files."""
    read = []
    monkeypatch.setattr(adapters, "read_layers", lambda *given: read.append(given) or read_layers(*given))
    answers = []
    for _ in range(2):
        for merged in (True, False):
            answers.append(engine.complete(BATCH, replace(adapter, merged=merged)))
            engine.load(None)
    assert len(read) == 1
    assert all(answer == answers[0] for answer in answers)


def test_adapters_take_turns(engine: TransformersEngine, adapter: AdapterRef, tmp_path: Path) -> None:
    first = engine.complete(BATCH, adapter)
    other = random_adapter(engine, tmp_path, 2, 0.5)
    second = engine.complete(BATCH, other)
    assert first != second
    assert engine.complete(BATCH, adapter) == first


def test_released_weights_leave_memory_and_are_read_again_when_needed(
    engine: TransformersEngine, adapter: AdapterRef
) -> None:
    engine.release()
    assert engine.facts() is None, "nothing was loaded, so nothing is released"
    base, adapted = engine.complete(BATCH, job=BATCH), engine.complete(BATCH, adapter, job=BATCH)
    facts = engine.facts()
    weights = [weakref.ref(parameter) for parameter in engine.model.weights.parameters()]
    engine.release()
    assert [one for one in weights if one() is not None] == []
    assert engine.facts() == facts
    assert engine.complete(BATCH, adapter, job=BATCH) == adapted
    engine.release()
    assert engine.complete(BATCH, job=BATCH) == base


def test_training_leaves_the_base_as_it_was(engine: TransformersEngine, adapter: AdapterRef) -> None:
    before = engine.complete(BATCH, job=BATCH)
    engine.load(adapter)
    with engine.model.adapting(peft_config(LoRA("t", rank=2))) as model:
        assert isinstance(model, peft.PeftModel)
        for _, parameter in model.named_parameters():
            if parameter.requires_grad:
                parameter.data.normal_()
    assert engine.complete(BATCH, job=BATCH) == before


def test_choices_are_scored_by_the_log_likelihood_of_their_text(engine: TransformersEngine) -> None:
    prompt = tokens(engine, SCORED[0])
    (found,) = engine.complete([SCORED[0]])
    assert (found.text, found.finish_reason) == ("", "choice")
    assert len(logprobs(found)) == len(found.greedy or ()) == len(SCORED[0].continuations)
    for option, logprob, greedy in zip(
        SCORED[0].continuations, logprobs(found), found.greedy or (), strict=True
    ):
        ids = engine.model.chat.encode(option.text)
        with torch.inference_mode():
            logits = engine.model.weights(torch.tensor([[*prompt, *ids]])).logits[0].log_softmax(-1)
        expected = sum(float(logits[len(prompt) + at - 1, token]) for at, token in enumerate(ids))
        assert logprob == pytest.approx(expected, abs=1e-3)
        best = [int(logits[len(prompt) + at - 1].argmax()) for at in range(len(ids))]
        assert greedy == (best == list(ids))
    together = engine.complete(SCORED, job=SCORED)[0]
    assert logprobs(together) == pytest.approx(logprobs(found), abs=1e-3)


def test_a_whole_text_is_scored_from_its_first_token_on(engine: TransformersEngine) -> None:
    text = "the ferry leaves at nine"
    (found,) = engine.complete([Request(text, whole=True)])
    ids = [engine.model.chat.first_token, *engine.model.chat.encode(text)]
    with torch.inference_mode():
        logits = engine.model.weights(torch.tensor([ids])).logits[0].log_softmax(-1)
    expected = sum(float(logits[at, token]) for at, token in enumerate(ids[1:]))
    assert logprobs(found) == pytest.approx((expected,), abs=1e-3)


def test_a_long_continuation_is_read_in_stretches_and_scored_as_a_whole(
    engine: TransformersEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = asked(QUESTIONS[0], DECODING, "the ferry leaves at nine", "no")
    (whole,) = engine.complete([request])
    monkeypatch.setattr(likelihood, "STRETCH", 5)
    (stretched,) = engine.complete([request])
    assert logprobs(stretched) == pytest.approx(logprobs(whole), abs=1e-3)
    assert stretched.greedy == whole.greedy


def test_what_the_model_would_write_is_greedy_and_nothing_else_is(engine: TransformersEngine) -> None:
    """For a question whose reply begins with a character of one token, so that its text stands for it."""
    replies = {f"Who is {name}?": "" for name in "abcdefghijklmnop"}
    for question, found in zip(replies, engine.complete([asked(one) for one in replies]), strict=True):
        replies[question] = found.text[:1]
    question, first = next((question, text) for question, text in replies.items() if text.isascii() and text)
    (scored,) = engine.complete([asked(question, DECODING, first, chr(ord(first) ^ 1))])
    assert scored.greedy == (True, False)
    written, other = logprobs(scored)
    assert written > other


def test_what_is_inspected_is_what_is_read(engine: TransformersEngine) -> None:
    request = SCORED[0]
    facts = engine.inspect(request)
    longest = max(len(engine.model.chat.encode(option.text)) for option in request.continuations)
    assert facts.tokens == len(tokens(engine, request))
    assert facts.longest == facts.tokens + longest
    assert len({engine.inspect(one).sha256 for one in BATCH}) == len(BATCH)
    assert engine.facts() is None, "no weights are needed for it"


def test_a_context_that_ends_in_a_blank_gives_it_to_the_continuation(engine: TransformersEngine) -> None:
    (pair,) = encode(engine.model.chat, Request("A: ", continuations=(Continuation("yes"),))).pairs
    assert engine.model.chat.decode(pair.context) == "A:"
    assert engine.model.chat.decode(pair.continuation) == " yes"


def test_an_adapter_that_is_a_pickle_is_refused(engine: TransformersEngine, tmp_path: Path) -> None:
    (tmp_path / "adapter_model.bin").write_bytes(b"x")
    before = engine.complete(BATCH)
    with pytest.raises(ModelUnavailable, match="only safetensors"):
        engine.load(AdapterRef(tmp_path, "a" * 64))
    assert engine.complete(BATCH) == before


def test_devices_and_dtypes_that_are_not_there_are_refused() -> None:
    assert choose_dtype(None, "cpu") == "float32"
    assert choose_dtype(None, "cuda:0") == "bfloat16"
    with pytest.raises(InputError, match="no dtype"):
        choose_dtype("float8", "cpu")
    with pytest.raises(InputError, match="cannot be used here"):
        choose_device("warp")


@pytest.mark.parametrize(
    ("rows", "length"),
    [
        ([(1, 2, 3), (1, 2, 4)], 2),
        ([(1, 2), (1, 2)], 1),
        ([(1,), (2,)], 0),
        ([], 0),
        ([(1, 2, 3), (1, 2)], 1),
    ],
)
def test_shared_prefix_leaves_each_prompt_a_token_of_its_own(
    rows: list[tuple[int, ...]], length: int
) -> None:
    assert shared_prefix(rows) == length


@pytest.mark.parametrize("damage", ["shape", "missing", "foreign", "not a number", "configuration", "cut"])
def test_an_adapter_that_does_not_fit_is_refused_by_name(
    tiny_model: ModelFolder, adapter: AdapterRef, tmp_path: Path, damage: str
) -> None:
    engine = tiny_engine(tiny_model)
    before = engine.complete(BATCH)
    folder = shutil.copytree(adapter.folder, tmp_path / "adapter")
    path = folder / "adapter_model.safetensors"
    tensors = load_file(path)
    name = sorted(tensors)[0]
    if damage == "shape":
        tensors[name] = tensors[name][:, :-1].contiguous()
    elif damage == "missing":
        del tensors[name]
    elif damage == "foreign":
        tensors["other.weight"] = torch.zeros(2)
    elif damage == "not a number":
        tensors[name][0, 0] = torch.nan
    save_file(tensors, path)
    if damage == "configuration":
        config = json.loads((folder / "adapter_config.json").read_text())
        (folder / "adapter_config.json").write_text(json.dumps(config | {"r": 2}))
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(ModelUnavailable, match=str(folder)):
        engine.load(AdapterRef(folder, "a" * 64))
    assert engine.complete(BATCH) == before
    assert engine.complete(BATCH, adapter) != before


def test_logits_that_are_no_numbers_are_no_answers(tiny_model: ModelFolder) -> None:
    engine = tiny_engine(tiny_model)
    engine.model.weights.model.layers[-1].mlp.down_proj.weight.data.fill_(3e38)
    for requests in (BATCH, SCORED):
        with pytest.raises(ModelUnavailable, match="no finite numbers"):
            engine.complete(requests[:1])
