"""Opening a served model: its addresses, its key, what its servers list, and whether they give log-likelihoods."""

from __future__ import annotations

import functools
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from harness.engines.chat import ChatTokenizer
from harness.engines.endpoint.address import Address, addresses_of
from harness.engines.endpoint.asking import USUAL, Asker, Patience
from harness.engines.endpoint.client import Client
from harness.engines.endpoint.dialect import Dialect
from harness.engines.endpoint.engine import EndpointEngine
from harness.engines.endpoint.faults import Fault, Remedy
from harness.engines.endpoint.limiter import Limiter, Sleep
from harness.engines.endpoint.listing import Listing, listing_of
from harness.engines.endpoint.prompts import Prompts
from harness.engines.endpoint.scoring import Scorer
from harness.engines.endpoint.servers import Server, Servers
from harness.engines.engine import UNKNOWN_WINDOW, Clock, EngineIdentity
from harness.engines.store import resolve
from harness.errors import InputError, ModelUnavailable
from harness.progress import Progress
from harness.spec.models import ModelEntry

CONCURRENCY = 16
TIMEOUT_S = 600.0


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
    """The engine of a served model. Its servers are asked what models they have, which costs nothing.

    Raises InputError for an address, a name or a key that is wrong, or a server that has another model than the first;
    ModelUnavailable where no server is there.
    """
    entry.refuse_local("a served model")
    addresses = addresses_of(entry, environment)
    clients = [Client(address, timeout_s or entry.timeout_s or TIMEOUT_S) for address in addresses]
    listed = _listed(clients)
    at, told = next((at, one) for at, one in enumerate(listed) if isinstance(one, Listing))
    name = addresses[at].model or told.only(addresses[at])
    unlike = functools.partial(_unlike, told, addresses[at], (name, *entry.served_names))
    for client, one in zip(clients, listed, strict=True):
        if isinstance(one, Listing) and (why := unlike(client, one)):
            raise InputError(f"{why}. Leave it out of the endpoints, or serve the same model there.")
    changed = threading.Condition()
    servers = Servers(
        [Server(client, Limiter(entry.concurrency or CONCURRENCY, clock, changed)) for client in clients],
        changed, clock, sleep, lambda sentence: progress.note(f"{name}: {sentence}"), _asked_again(unlike),
    )  # fmt: skip
    for server, one in zip(servers.all, listed, strict=True):
        if isinstance(one, Fault):
            servers.leave_out(server, one.reason)
    address = replace(addresses[0], model=name)
    chat = _tokenizer(entry, cache, progress)
    folds = chat is not None and chat.conventions.folds
    dialect = Dialect(address, progress.note, structured=entry.structured, folds=folds)
    window = told.window(name) or (chat.context_tokens if chat else UNKNOWN_WINDOW)
    prompts = Prompts(chat)
    return EndpointEngine(
        _identity(entry, address, name), servers, dialect, Asker(name, servers, sleep, dialect.without, patience),
        window=window, prompts=prompts, scorer=Scorer(prompts) if chat else None, note=progress.note,
    )  # fmt: skip


def _listed(clients: Sequence[Client]) -> list[Listing | Fault]:
    """What each server lists; why not, where one is away and others are not.

    Raises ModelUnavailable where one refuses the key, or none is there.
    """

    def ask(client: Client) -> Listing | Fault:
        try:
            return listing_of(client)
        except Fault as fault:
            return fault

    with ThreadPoolExecutor(len(clients)) as pool:
        listed = list(pool.map(ask, clients))
    alone = not any(isinstance(one, Listing) for one in listed)
    for client, one in zip(clients, listed, strict=True):
        if isinstance(one, Fault) and (alone or one.remedy is not Remedy.BUSY):
            raise ModelUnavailable(f"{client.address.url}: {one.reason}.")
    return listed


def _unlike(
    told: Listing, address: Address, names: Sequence[str], client: Client, listed: Listing
) -> str | None:
    """A clause: how a server's model differs from that of the first one; None where nothing says so."""
    how = listed.unlike(told, names)
    return how and f"{client.address.url} is no server of the model of {address.url}: {how}"


def _asked_again(unlike: Callable[[Client, Listing], str | None]) -> Callable[[Client], None]:
    """Asks a server that was away whether it has the model still. Raises Fault."""

    def same(client: Client) -> None:
        if why := unlike(client, listing_of(client)):
            raise Fault(why, Remedy.NONE)

    return same


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
