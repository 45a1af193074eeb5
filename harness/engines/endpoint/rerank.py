"""A reranker behind a server's `/rerank` (vLLM, SGLang, llama.cpp, text-embeddings-inference behind a proxy).

POST {model, query, documents, top_n} → {"results": [{"index": 0, "relevance_score": 0.98}, …]}

A key goes to the server that the environment names beside it and to no other: addresses stand in task files, which may
come from anybody.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from harness.engines.endpoint.address import Address, parse_address
from harness.engines.endpoint.client import Client
from harness.engines.endpoint.faults import Fault, Remedy
from harness.engines.endpoint.replies import number_of
from harness.errors import HarnessError
from harness.files import sha256_json
from harness.spec.models import ModelEntry

KEY, URL = "RERANK_API_KEY", "RERANK_API_URL"
TIMEOUT_S = 60.0
_TRIES = 4
_WAIT_S = 1.0
_LONGEST_WAIT_S = 30.0


class ServedReranker:
    """Nobody sees its weights: what names it is what requests call it, and the server's address."""

    max_tokens: int | None = None

    def __init__(self, client: Client, model: str | None, sleep: Callable[[float], None]) -> None:
        self._client = client
        self._sleep = sleep
        self._model = model
        self.name = model or client.address.url
        self.sha256 = sha256_json(["served", client.address.url, model])

    def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        """Asked again where the server is busy; raises HarnessError where it gives no score for each text."""
        body: dict[str, Any] = {"query": query, "documents": list(texts), "top_n": len(texts)}
        if self._model is not None:
            body["model"] = self._model
        for left in range(_TRIES - 1, -1, -1):
            try:
                return _scores(self._client.rerank(body), len(texts))
            except Fault as fault:
                if not left or fault.remedy not in (Remedy.AGAIN, Remedy.BUSY):
                    address = self._client.address
                    told = f"{address.url}/rerank ranks no passages: {self._reason(fault)}."
                    raise HarnessError(address.hide(told)) from None
                waited = _WAIT_S * 2 ** (_TRIES - 1 - left)
                self._sleep(min(max(fault.after_s or 0.0, waited), _LONGEST_WAIT_S))
        raise AssertionError("the last try returns or raises")

    def _reason(self, fault: Fault) -> str:
        address = self._client.address
        if fault.status in (401, 403) and not address.key:
            return f"the server wants a key; put it into {KEY}, and the server's address, {address.url}, into {URL}"
        if fault.status == 404:
            model = f", or no model {address.model!r}" if address.model else ""
            return f"there is no such interface{model}; check retrieval.rerank"
        return fault.reason


def open_served_reranker(
    reference: str,
    *,
    environment: Mapping[str, str] = os.environ,
    sleep: Callable[[float], None] = time.sleep,
) -> ServedReranker:
    """The reranker at `http://HOST:PORT/v1#NAME`; nothing is asked yet.

    Raises InputError for a wrong address, and for a key that is wanted and not there.
    """
    address, named = _address(reference), environment.get(URL, "").strip()
    if named and _address(named).url == address.url:
        address = parse_address(ModelEntry(model=reference, key_env=KEY), environment)
    return ServedReranker(Client(address, TIMEOUT_S), address.model, sleep)


def _address(reference: str) -> Address:
    return parse_address(ModelEntry(model=reference), {})


def _scores(reply: Any, count: int) -> list[float]:
    """The scores in the order of the texts. Raises Fault where one lacks, stands twice or is no number."""
    rows = reply.get("results") if isinstance(reply, dict) else None
    scores: dict[int, float] = {}
    for row in rows if isinstance(rows, list) else ():
        place, score = (
            (row.get("index"), row.get("relevance_score")) if isinstance(row, dict) else (None, None)
        )
        if type(place) is int and (number := number_of(score)) is not None:
            scores.setdefault(place, number)
    if sorted(scores) != list(range(count)) or len(rows or ()) != count:
        raise Fault(f"its reply holds no score for each of {count} passages", Remedy.OTHER)
    return [scores[place] for place in range(count)]
