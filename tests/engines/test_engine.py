"""The engine over real transformers and peft: one copy of the base weights, and the same answers always."""

from __future__ import annotations

import itertools
from pathlib import Path

import peft
import pytest
import torch

from harness.engines import adapters, decoding, likelihood
from harness.engines.adapters import read_layers
from harness.engines.engine import shared_prefix
from harness.engines.store import ModelFolder
from harness.engines.transformers_engine import TransformersEngine, choose_device, choose_dtype
from harness.errors import InputError, ModelUnavailable
from harness.finetune.recipe import Recipe, peft_config
from harness.records import Decoding, Message, Pair

DECODING = Decoding(12)


def engine_for(folder: ModelFolder) -> TransformersEngine:
    return TransformersEngine(folder, device="cpu", dtype="float32")


@pytest.fixture
def engine(tiny_model: ModelFolder) -> TransformersEngine:
    return engine_for(tiny_model)


def prompts(engine: TransformersEngine, *questions: str) -> list[tuple[int, ...]]:
    system = Message("system", "Answer briefly.")
    return [engine.chat.encode(engine.chat.render([system, Message("user", q)])) for q in questions]


QUESTIONS = ("Who?", "What is the name of the boat?", "When does it leave, and from where?", "Why")


@pytest.fixture(scope="module")
def adapter(tiny_model: ModelFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter with weights large enough to change answers."""
    folder = tmp_path_factory.mktemp("adapter")
    engine = engine_for(tiny_model)
    with engine.adapting(peft_config(Recipe(rank=4))) as model:
        torch.manual_seed(1)
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.data.normal_(std=0.3)
        model.save_pretrained(folder, safe_serialization=True, save_embedding_layers=False)
    return folder


def test_batched_and_single_answers_agree(engine: TransformersEngine) -> None:
    batch = prompts(engine, *QUESTIONS)
    together = engine.generate(batch, DECODING)
    alone = [engine.generate([prompt], DECODING)[0] for prompt in batch]
    assert together == alone


def test_a_shared_prefix_changes_nothing(engine: TransformersEngine) -> None:
    batch = prompts(engine, *QUESTIONS)
    shared = shared_prefix(batch)
    assert shared > 10
    assert engine.generate(batch, DECODING, shared=shared) == engine.generate(batch, DECODING)


@pytest.mark.parametrize("tokens", [1, 60, 10**6])
@pytest.mark.parametrize("with_prefix", [True, False])
def test_a_batch_read_in_slices_gives_the_same_answers(
    engine: TransformersEngine, monkeypatch: pytest.MonkeyPatch, tokens: int, with_prefix: bool
) -> None:
    batch = prompts(engine, *QUESTIONS)
    shared = shared_prefix(batch) if with_prefix else 0
    alone = [engine.generate([prompt], DECODING)[0] for prompt in batch]
    monkeypatch.setattr(decoding, "SLICE_TOKENS", tokens)
    for _ in range(2):  # the second time behind the prefix that was kept from the first
        assert engine.generate(batch, DECODING, shared=shared) == alone


def test_greedy_answers_are_those_of_transformers_generate(engine: TransformersEngine) -> None:
    (prompt,) = prompts(engine, QUESTIONS[1])
    model = engine._model
    expected = model.generate(
        torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
        do_sample=False, num_beams=1, repetition_penalty=1.0, max_new_tokens=12,
    )[0, len(prompt) :].tolist()  # fmt: skip
    (answer,) = engine.generate([prompt], DECODING)
    ends = [at for at, token in enumerate(expected) if token == engine.chat.end_token]
    words = expected[: ends[0]] if ends else expected
    assert answer.text == engine.chat.decode(words)
    assert answer.completion_tokens == len(words) + bool(ends)
    assert answer.finish_reason == ("stop" if ends else "length")


def test_a_stop_string_ends_the_answer_and_is_no_part_of_it(engine: TransformersEngine) -> None:
    (prompt,) = prompts(engine, QUESTIONS[2])
    (whole,) = engine.generate([prompt], Decoding(12))
    stop = whole.text[3]
    (cut,) = engine.generate([prompt], Decoding(12, (stop,)))
    assert cut.text == whole.text[: whole.text.index(stop)]
    assert cut.finish_reason == "stop"
    assert cut.completion_tokens < whole.completion_tokens


def test_timed_answers_are_the_same_answers(engine: TransformersEngine) -> None:
    (prompt,) = prompts(engine, QUESTIONS[1])
    ticks = itertools.count()
    timed = engine.time(prompt, DECODING, lambda: float(next(ticks)))
    assert timed.generation == engine.generate([prompt], DECODING)[0]
    assert timed.ttft_s == 1.0  # the first tick after the start is the first token
    assert timed.e2e_s == timed.generation.completion_tokens + 1


def test_base_answers_are_the_same_before_and_after_adapters(
    engine: TransformersEngine, adapter: Path
) -> None:
    batch = prompts(engine, *QUESTIONS)
    before = engine.generate(batch, DECODING)
    weights = {name: p.clone() for name, p in engine._model.named_parameters()}
    engine.use(adapter)
    adapted = engine.generate(batch, DECODING)
    engine.use(adapter, merged=False)
    engine.use(None)
    assert adapted != before
    assert engine.generate(batch, DECODING) == before
    assert all(torch.equal(p, weights[name]) for name, p in engine._model.named_parameters())


def test_merged_and_unmerged_adapters_give_the_same_answers(
    engine: TransformersEngine, adapter: Path
) -> None:
    batch = prompts(engine, *QUESTIONS)
    engine.use(adapter)
    merged = engine.generate(batch, DECODING)
    engine.use(adapter, merged=False)
    assert engine.generate(batch, DECODING) == merged


def test_an_adapter_is_read_once_however_often_weights_change(
    engine: TransformersEngine, adapter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The timing pass changes weights before every answer: minutes of a run, if each change read files."""
    read = []
    monkeypatch.setattr(adapters, "read_layers", lambda *given: read.append(given) or read_layers(*given))
    batch = prompts(engine, *QUESTIONS)
    answers = []
    for _ in range(2):
        for merged in (True, False):
            engine.use(adapter, merged=merged)
            answers.append(engine.generate(batch, DECODING))
            engine.use(None)
    assert len(read) == 1
    assert all(answer == answers[0] for answer in answers)


def test_adapters_take_turns(engine: TransformersEngine, adapter: Path, tmp_path: Path) -> None:
    batch = prompts(engine, *QUESTIONS)
    engine.use(adapter)
    first = engine.generate(batch, DECODING)
    with engine.adapting(peft_config(Recipe(rank=2))) as model:
        torch.manual_seed(2)
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.data.normal_(std=0.5)
        model.save_pretrained(tmp_path, safe_serialization=True, save_embedding_layers=False)
    engine.use(tmp_path)
    second = engine.generate(batch, DECODING)
    engine.use(adapter)
    assert first != second
    assert engine.generate(batch, DECODING) == first


def test_training_leaves_the_base_as_it_was(engine: TransformersEngine) -> None:
    batch = prompts(engine, *QUESTIONS)
    before = engine.generate(batch, DECODING)
    with engine.adapting(peft_config(Recipe(rank=2))) as model:
        assert isinstance(model, peft.PeftModel)
        for _, parameter in model.named_parameters():
            if parameter.requires_grad:
                parameter.data.normal_()
    assert engine.generate(batch, DECODING) == before


def test_choices_are_scored_by_the_log_likelihood_of_their_text(engine: TransformersEngine) -> None:
    (prompt,) = prompts(engine, QUESTIONS[0])
    options = ["a", "the ferry", "no"]
    pairs = [Pair(tuple(prompt), engine.chat.encode(option)) for option in options]
    (found,) = engine.score([pairs])
    for option, one in zip(options, found, strict=True):
        ids = engine.chat.encode(option)
        with torch.inference_mode():
            logits = engine._model(torch.tensor([[*prompt, *ids]])).logits[0].log_softmax(-1)
        expected = sum(float(logits[len(prompt) + at - 1, token]) for at, token in enumerate(ids))
        assert one.logprob == pytest.approx(expected, abs=1e-3)
        best = [int(logits[len(prompt) + at - 1].argmax()) for at in range(len(ids))]
        assert one.greedy == (best == list(ids))
    questions = [
        [Pair(tuple(asked), engine.chat.encode(option)) for option in options]
        for asked in prompts(engine, *QUESTIONS)
    ]
    shared = engine.score(questions, shared=5)[0]
    assert [one.logprob for one in shared] == pytest.approx([one.logprob for one in found], abs=1e-3)


def test_a_long_continuation_is_read_in_stretches_and_scored_as_a_whole(
    engine: TransformersEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    (prompt,) = prompts(engine, QUESTIONS[0])
    pairs = [Pair(tuple(prompt), engine.chat.encode(text)) for text in ("the ferry leaves at nine", "no")]
    whole = engine.score([pairs])
    monkeypatch.setattr(likelihood, "STRETCH", 5)
    (first, second), (third, fourth) = engine.score([pairs])[0], whole[0]
    assert (first.logprob, second.logprob) == pytest.approx((third.logprob, fourth.logprob), abs=1e-3)
    assert (first.greedy, second.greedy) == (third.greedy, fourth.greedy)


def test_what_the_model_would_write_is_greedy_and_nothing_else_is(engine: TransformersEngine) -> None:
    (prompt,) = prompts(engine, QUESTIONS[0])
    (written,) = engine.generate([prompt], DECODING)
    token = engine._model(torch.tensor([prompt])).logits[0, -1].argmax().item()
    told, other = engine.score([[Pair(tuple(prompt), (token,)), Pair(tuple(prompt), (token + 1,))]])[0]
    assert (told.greedy, other.greedy) == (True, False)
    assert told.logprob > other.logprob
    assert written.completion_tokens > 0


def test_an_adapter_that_is_a_pickle_is_refused(engine: TransformersEngine, tmp_path: Path) -> None:
    (tmp_path / "adapter_model.bin").write_bytes(b"x")
    with pytest.raises(ModelUnavailable, match="only safetensors"):
        engine.use(tmp_path)


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
