"""One copy of a local model's weights, which an engine answers with and a trainer adapts."""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.util
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from harness.engines.adapters import AdapterLayers
from harness.engines.chat import ChatTokenizer
from harness.engines.engine import AdapterRef, EngineIdentity, LoadFacts
from harness.engines.proofs import ProofStore
from harness.engines.store import ModelFolder
from harness.engines.weights import load_weights
from harness.errors import InputError, TrainingFailed
from harness.loading import said
from harness.progress import Progress
from harness.quiet import quiet_peft
from harness.records import Proof
from harness.spec.pinned import PINNED_DATE

QUANTIZED = "nf4"
"""4-bit weights (NormalFloat, double quantization) that are computed with in bfloat16."""
DTYPES = ("float32", "bfloat16", "float16", QUANTIZED)


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
    """bfloat16 on CUDA, float32 elsewhere (bfloat16 is several times slower on most CPUs).

    Raises InputError for one that is not known, or whose library is not installed.
    """
    if dtype is None:
        return "bfloat16" if device.startswith("cuda") else "float32"
    if dtype not in DTYPES:
        raise InputError(f"there is no dtype {dtype!r}; the dtypes are: {', '.join(DTYPES)}.")
    if dtype == QUANTIZED and importlib.util.find_spec("bitsandbytes") is None:
        raise InputError(
            f"{QUANTIZED} (4-bit weights) needs bitsandbytes: pip install 'rag-vs-finetune[quantized]'."
        )
    return dtype


_OTHERWISE = {
    "decoding": "answers with transformers' generate, one prompt at a time: in our own decoding",
    "training": "is trained on one example at a time: packed together",
    "merging": "answers with its adapters beside its weights, not merged into them: merged",
}


class LocalModel:
    """A causal language model in a folder, with its tokenizer. The weights are loaded when they are first needed."""

    def __init__(
        self,
        folder: ModelFolder,
        *,
        device: str,
        dtype: str,
        date: str = PINNED_DATE,
        cache: Path | None = None,
        progress: Progress | None = None,
    ) -> None:
        """`cache`: where proofs about the model are kept; None: nowhere."""
        self.identity = EngineIdentity(
            name=folder.name,
            source=folder.source,
            sha256=folder.sha256,
            dtype=dtype,
            device=device,
            licence=folder.licence,
            revision=folder.revision,
        )
        self.chat = ChatTokenizer(folder.path, date)
        self.in_use: AdapterRef | None = None
        """The adapter that answers now; None: the base weights."""
        self.path = folder.path
        self._loaded: Any = None
        self._facts: LoadFacts | None = None
        self._proofs = ProofStore(self.identity, cache)
        self._progress = progress

    @property
    def weights(self) -> Any:
        """The transformers model. Raises as `load_weights`."""
        if self._loaded is None:
            # The library's import takes some seconds that are no part of the loading.
            importlib.import_module("transformers.modeling_utils")
            start = time.perf_counter()
            self._loaded = load_weights(self.path, str(self.identity.dtype), self.identity.device)
            load_s = round(time.perf_counter() - start, 3)
            self._facts = self._facts or LoadFacts(load_s, int(self._loaded.num_parameters()))
        return self._loaded

    def proven(self, what: Literal["decoding", "training"], prove: Callable[[], str | None]) -> Proof:
        """Whether a fast path of our own is used with these weights, which are loaded, or the library's way.

        `prove`: what speaks against our own, as `ProofStore.get` has it. It is told where something does.
        """
        known: Proof | None = getattr(self._facts, what)
        if known is None:
            known = self._proofs.get(what, prove)
            self._keep(what, known)
        return known

    def _keep(self, what: str, proof: Proof) -> None:
        """Keep a proof among the facts of the model, and say once where it speaks against our own path."""
        assert self._facts is not None
        if proof != getattr(self._facts, what):
            self._facts = replace(self._facts, **{what: proof})  # type: ignore[arg-type]
            if proof.why and self._progress:
                self._progress.note(f"{self.identity.name} {_OTHERWISE[what]}, {proof.why}.")

    def facts(self) -> LoadFacts | None:
        """What the first loading showed; None before."""
        return self._facts

    def release(self) -> None:
        """Let go of the weights and of every adapter's layers; they are read again when they are next needed."""
        import torch

        if self._loaded is None:
            return
        self.use(None)
        self._loaded = None
        self.__dict__.pop("_adapters", None)
        gc.collect()
        if self.identity.device_kind == "cuda":
            torch.cuda.empty_cache()

    @cached_property
    def _adapters(self) -> AdapterLayers:
        return AdapterLayers(self.weights)

    def use(self, adapter: AdapterRef | None) -> None:
        """Answer with this adapter from now on (None: the base weights, untouched)."""
        if adapter == self.in_use:
            return
        if self.in_use is not None:
            self._adapters.restore()
            self.in_use = None
        if adapter is not None:
            assert adapter.folder is not None  # a served one belongs to a server
            why = self._adapters.use(adapter.folder, merged=adapter.merged)
            if adapter.merged:
                self._keep("merging", Proof("library", why) if why else Proof("own"))
            self.in_use = adapter

    @contextlib.contextmanager
    def adapting(self, config: Any) -> Iterator[Any]:
        """Lend the weights with a fresh peft adapter of `config`, to be trained; afterwards the base is as before."""
        import peft

        self.use(None)
        with quiet_peft():
            try:
                model = peft.get_peft_model(self.weights, config)
            except (TypeError, ValueError) as error:
                raise TrainingFailed(
                    f"{self.identity.name} cannot be given an adapter on all its linear layers: {said(error)}."
                ) from error
        try:
            yield model
        finally:
            model.unload().eval().requires_grad_(False)
