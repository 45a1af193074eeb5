"""Opening a served model: its address, its key, what it lists of itself, and whether it gives log-likelihoods."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.engines.chat import ChatTokenizer
from harness.engines.endpoint.address import Address, parse_address
from harness.engines.endpoint.asking import USUAL, Asker, Patience
from harness.engines.endpoint.client import Client
from harness.engines.endpoint.dialect import Dialect
from harness.engines.endpoint.engine import EndpointEngine
from harness.engines.endpoint.faults import Fault, Remedy
from harness.engines.endpoint.limiter import Limiter, Sleep
from harness.engines.endpoint.prompts import Prompts
from harness.engines.endpoint.scoring import Scorer
from harness.engines.engine import UNKNOWN_WINDOW, Clock, EngineIdentity
from harness.engines.store import resolve
from harness.errors import InputError, ModelUnavailable
from harness.progress import Progress
from harness.spec.models import ModelEntry

CONCURRENCY = 16
TIMEOUT_S = 600.0
_WINDOWS = ("max_model_len", "context_window", "context_length", "max_context_length")
_SHOWN = 10


def open_endpoint(
    entry: ModelEntry,
    *,
    cache: Path,
    progress: Progress,
    environment: Mapping[str, str] = os.environ,
    patience: Patience = USUAL,
    timeout_s: float | None = None,
    clock: Clock = time.monotonic,
    sleep: Sleep = time.sleep,
) -> EndpointEngine:
    """The engine of a served model. The server is asked what models it has, which costs nothing.

    Raises InputError for an address, a name or a key that is wrong, ModelUnavailable where the server is not there.
    """
    entry.refuse_local("a served model")
    address = parse_address(entry, environment)
    client = Client(address, timeout_s or entry.timeout_s or TIMEOUT_S)
    concurrency = entry.concurrency or CONCURRENCY
    limiter = Limiter(concurrency, clock, sleep)
    listed = _listed(client, address)
    name = address.model or _only(listed, address)
    address = replace(address, model=name)
    chat = _tokenizer(entry, cache, progress)
    folds = chat is not None and chat.conventions.folds
    dialect = Dialect(address, progress.note, structured=entry.structured, folds=folds)
    asker = Asker(name, limiter, sleep, dialect.without, patience)
    window = _window(listed, name) or (chat.context_tokens if chat else UNKNOWN_WINDOW)
    prompts = Prompts(chat)
    scorer = Scorer(client, prompts) if chat else None
    return EndpointEngine(
        _identity(entry, address, name), client, dialect, asker,
        concurrency=concurrency, window=window, prompts=prompts, scorer=scorer, note=progress.note,
    )  # fmt: skip


def _listed(client: Client, address: Address) -> list[dict[str, Any]]:
    """What the server lists as its models; nothing where it keeps no list.

    Raises ModelUnavailable where it is not there, or refuses the key.
    """
    if address.kind == "azure":  # lists what can be deployed, not what is
        return []
    try:
        return client.models()
    except Fault as fault:
        if address.model and fault.status in (400, 404, 405, 422, 501):
            return []
        if fault.remedy in (Remedy.AGAIN, Remedy.OTHER) and address.model:
            return []  # whether it answers will show at the first question
        raise ModelUnavailable(f"{address.url}: {fault.reason}.") from None


def _only(listed: list[dict[str, Any]], address: Address) -> str:
    """The name of the one model that a server has. Raises InputError where there are none or several."""
    # An adapter names the model that it belongs to.
    names = [row["id"] for row in listed if not row.get("parent")]
    if len(names) == 1:
        return str(names[0])
    if not names:
        raise InputError(f"{address.url} lists no model; name the one to ask behind a #: {address.url}#NAME")
    shown = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
    raise InputError(f"{address.url} has {len(names)} models; name one behind a #: {shown}.")


def _window(listed: list[dict[str, Any]], name: str) -> int | None:
    """How many tokens the model reads, as its server lists it: vLLM, llama.cpp and others each in their own way."""
    row = next((row for row in listed if row["id"] == name), {})
    meta = row.get("meta")
    candidates = [row.get(key) for key in _WINDOWS]
    candidates += [meta.get(key) for key in ("n_ctx", "n_ctx_train")] if isinstance(meta, dict) else []
    return next((value for value in candidates if type(value) is int and 0 < value < UNKNOWN_WINDOW), None)


def _tokenizer(entry: ModelEntry, cache: Path, progress: Progress) -> ChatTokenizer | None:
    if entry.tokenizer is None:
        return None
    folder = Path(entry.tokenizer).expanduser()
    if not folder.is_dir():  # whose weights may lack
        folder = resolve(entry.tokenizer, kind="base", cache=cache, progress=progress).path
    chat = ChatTokenizer(folder)
    chat.encode("")
    return chat


def _identity(entry: ModelEntry, address: Address, name: str) -> EngineIdentity:
    hosted = address.kind in ("openai", "azure")
    by_token = entry.usd_per_mtok is not None or (hosted and entry.usd_per_hour is None)
    return EngineIdentity(
        name=name,
        source=address.url,
        sha256=None,
        dtype=None,
        device="server",
        billed_by="token" if by_token else "hour",
        server=address.url,
        structured=entry.structured or None,
    )
