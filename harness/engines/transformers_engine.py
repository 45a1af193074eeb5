"""The engine over transformers and peft: one copy of the base weights, with or without an adapter.

An adapter is normally merged, as it would be deployed; `adapters.py` exchanges its layers for the base's own.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.engines import decoding as greedy_decoding
from harness.engines.adapters import AdapterLayers
from harness.engines.chat import ChatTokenizer
from harness.engines.engine import Clock, ModelIdentity
from harness.engines.quiet import import_transformers, quiet_peft
from harness.engines.store import ModelFolder
from harness.errors import InputError, ModelUnavailable
from harness.records import Decoding, Generation, Likelihood, Pair, Timed

DTYPES = ("float32", "bfloat16", "float16")


def choose_device(device: str | None) -> str:
    """The device to run on: the one asked for, else CUDA where there is one, else the CPU.

    Raises InputError for a device that this machine does not have.
    """
    import torch

    if device is None:
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"the device {device!r} cannot be used here: {reason}") from error
    return device


def choose_dtype(dtype: str | None, device: str) -> str:
    """bfloat16 on CUDA, float32 elsewhere (bfloat16 is several times slower on most CPUs)."""
    if dtype is None:
        return "bfloat16" if device.startswith("cuda") else "float32"
    if dtype not in DTYPES:
        raise InputError(f"there is no dtype {dtype!r}; the dtypes are: {', '.join(DTYPES)}.")
    return dtype


class TransformersEngine:
    """Implements `Engine`. The weights are loaded at the first answer, not before."""

    def __init__(self, folder: ModelFolder, *, device: str, dtype: str) -> None:
        self.identity = ModelIdentity(
            name=folder.name,
            source=folder.source,
            sha256=folder.sha256,
            dtype=dtype,
            device=device,
            licence=folder.licence,
            revision=folder.revision,
        )
        self.chat = ChatTokenizer(folder.path)
        self._path = folder.path
        self._loaded: Any = None
        self._load_s = 0.0
        self._in_use: tuple[Path, bool] | None = None
        self._prefix: tuple[tuple[int, ...], Any] | None = None

    @property
    def _model(self) -> Any:
        if self._loaded is None:
            start = time.perf_counter()
            self._loaded = self._load()
            self._load_s = time.perf_counter() - start
        return self._loaded

    def _load(self) -> Any:
        import torch

        transformers = import_transformers()
        try:
            model = transformers.AutoModelForCausalLM.from_pretrained(
                self._path,
                dtype=getattr(torch, self.identity.dtype),
                attn_implementation="sdpa",
                local_files_only=True,
                use_safetensors=True,
                trust_remote_code=False,
            )
        except (OSError, ValueError, KeyError) as error:
            raise ModelUnavailable(f"the model in {self._path} cannot be loaded: {error}") from error
        return model.to(self.identity.device).eval().requires_grad_(False)

    def facts(self) -> dict[str, float]:
        if self._loaded is None:
            return {}
        parameters = sum(parameter.numel() for parameter in self._loaded.parameters())
        return {"load_s": round(self._load_s, 3), "parameters": parameters}

    def _ends(self, decoding: Decoding) -> frozenset[int]:
        """The tokens that end an answer: the model's own, and stop texts that are special tokens."""
        configured = self._model.generation_config.eos_token_id
        ends = configured if isinstance(configured, list) else [configured]
        stops = [self.chat.special(text) for text in decoding.stop]
        return frozenset(int(end) for end in [*ends, *stops, self.chat.end_token] if end is not None)

    # Which weights answer

    @cached_property
    def _adapters(self) -> AdapterLayers:
        return AdapterLayers(self._model)

    def use(self, adapter: Path | None, *, merged: bool = True) -> None:
        wanted = None if adapter is None else (adapter, merged)
        if wanted == self._in_use:
            return
        self._restore_base()
        if adapter is not None:
            self._adapters.use(adapter, merged=merged)
            self._in_use = wanted

    def _restore_base(self) -> None:
        if self._in_use is not None:
            self._adapters.restore()
        self._in_use = None
        self._prefix = None

    @contextlib.contextmanager
    def adapting(self, config: Any) -> Iterator[Any]:
        import peft

        self._restore_base()
        with quiet_peft():
            model = peft.get_peft_model(self._model, config)
        try:
            yield model
        finally:
            model.unload().eval().requires_grad_(False)

    # Answering

    def generate(
        self, prompts: Sequence[Sequence[int]], decoding: Decoding, *, shared: int = 0
    ) -> list[Generation]:
        import torch

        with torch.inference_mode():
            state = greedy_decoding.prefill(
                self._model, prompts, shared, self.chat.end_token, self._prefix_cache(prompts[0][:shared])
            )
            return greedy_decoding.greedy(
                self._model, state, decoding, self._ends(decoding), self.chat.decode
            )

    def score(self, questions: Sequence[Sequence[Pair]], *, shared: int = 0) -> list[tuple[Likelihood, ...]]:
        import torch

        with torch.inference_mode():
            return [self._score(pairs, shared) for pairs in questions]

    def _score(self, pairs: Sequence[Pair], shared: int) -> tuple[Likelihood, ...]:
        """Score one question's pairs; a context that several share is read once."""
        from harness.engines.likelihood import likelihoods

        found: dict[Pair, Likelihood] = {}
        for context in dict.fromkeys(pair.context for pair in pairs):
            behind = [pair for pair in dict.fromkeys(pairs) if pair.context == context]
            state = greedy_decoding.prefill(
                self._model, [context], shared, self.chat.end_token, self._prefix_cache(context[:shared])
            )
            options = [pair.continuation for pair in behind]
            scored = likelihoods(self._model, state, options, self.chat.end_token)
            found |= zip(behind, scored, strict=True)
        return tuple(found[pair] for pair in pairs)

    def time(self, prompt: Sequence[int], decoding: Decoding, clock: Clock) -> Timed:
        import torch

        ticks: list[float] = []
        start = clock()
        with torch.inference_mode():
            state = greedy_decoding.prefill(self._model, [prompt], 0, self.chat.end_token)
            (generation,) = greedy_decoding.greedy(
                self._model,
                state,
                decoding,
                self._ends(decoding),
                self.chat.decode,
                lambda: ticks.append(clock()),
            )
        return Timed(generation, ttft_s=ticks[0] - start, e2e_s=clock() - start)

    def _prefix_cache(self, tokens: Sequence[int]) -> Any:
        """The keys and values of `tokens`, computed once for as long as they stay the same; not to be changed."""
        if not tokens:
            return None
        key = tuple(tokens)
        if self._prefix is None or self._prefix[0] != key:
            import torch

            ids = torch.tensor([key], device=self._model.device)
            cache = greedy_decoding.new_cache(self._model)
            greedy_decoding.read(self._model, cache, input_ids=ids, logits_to_keep=1)
            self._prefix = (key, cache)
        return self._prefix[1]
